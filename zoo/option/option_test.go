package option_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"graft/zoo/option"
)

type options struct {
	Width  int     `option:"width" default:"16" min:"1" max:"64" doc:"width of the layer"`
	Rate   float64 `option:"rate" default:"0.5" min:"0" max:"0.99" doc:"dropout"`
	Tied   bool    `option:"tied" default:"false" doc:"one table for both ends"`
	Act    string  `option:"act" default:"relu" enum:"relu|elu" doc:"activation"`
	Hidden []int   `option:"hidden" default:"256,256" min:"1" doc:"widths"`
}

func Example() {
	o := option.New[options]()
	if err := option.Set(o, "hidden", "32,8"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(option.Map(o))
	fmt.Println(option.Set(o, "width", "100"))
	// Output:
	// map[act:relu hidden:32,8 rate:0.5 tied:false width:16]
	// option width=100: it must be at most 64
}

func TestSet(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"width", "64", ""}, {"width", "0", "at least 1"}, {"width", "x", "whole number"},
		{"rate", "0.99", ""}, {"rate", "1", "at most 0.99"}, {"rate", "NaN", "not a number"},
		{"tied", "true", ""}, {"tied", "maybe", "true or false"},
		{"act", "elu", ""}, {"act", "tanh", "not one of relu, elu"},
		{"hidden", "7", ""}, {"hidden", "7,0", "at least 1"}, {"hidden", "", "a list is written"},
	} {
		o := option.New[options]()
		before := option.Map(o)
		err := option.Set(o, c.name, c.value)
		if c.want == "" {
			if err != nil || option.Map(o)[c.name] != c.value {
				t.Errorf("%s=%s: %v, now %s", c.name, c.value, err, option.Map(o)[c.name])
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: error %v, want %q", c.name, c.value, err, c.want)
		}
		if option.Map(o)[c.name] != before[c.name] {
			t.Errorf("%s=%s was refused but changed the value", c.name, c.value)
		}
	}
}

func TestUnknown(t *testing.T) {
	err := option.Set(option.New[options](), "depth", "3")
	var unknown *option.UnknownError
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "width, rate, tied, act, hidden") {
		t.Errorf("error %v, want an UnknownError that lists the options", err)
	}
}
