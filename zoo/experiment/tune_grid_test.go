package experiment

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAxis(t *testing.T) {
	for text, want := range map[string]Axis{
		"lr=1e-3,3e-3":         {"lr", []string{"1e-3", "3e-3"}},
		"lr=1":                 {"lr", []string{"1"}},
		"mlp=64, 64; 128,128":  {"mlp", []string{"64, 64", "128,128"}},
		"mlp=64;128":           {"mlp", []string{"64", "128"}},
		"activation=relu,tanh": {"activation", []string{"relu", "tanh"}},
	} {
		got, err := ParseAxis(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{"", "lr", "=1", "lr=", "lr=1,,2", "lr=1,", "mlp=1,2;", "lr=1,2,1"} {
		_, err := ParseAxis(text)
		if usage := new(UsageError); !errors.As(err, &usage) {
			t.Errorf("%q: error %v, want one of usage", text, err)
		}
	}
}

func FuzzParseAxis(f *testing.F) {
	for _, text := range []string{"lr=1e-3,1e-2", "mlp=1,2;3,4", "a=;", "=", "a=b=c,d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAxis(text)
		if err != nil {
			return
		}
		again, err := ParseAxis(a.String())
		if err != nil {
			t.Fatalf("%q is not read back: %v", a, err)
		}
		if diff := cmp.Diff(a, again); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSettings lists a grid of two keys: the last runs fastest.
func TestSettings(t *testing.T) {
	var got []string
	for _, s := range settings([]Axis{{"lr", []string{"1", "2"}}, {"mlp", []string{"3,4", "5"}}}) {
		got = append(got, s.String())
	}
	if diff := cmp.Diff([]string{"lr=1 mlp=3,4", "lr=1 mlp=5", "lr=2 mlp=3,4", "lr=2 mlp=5"}, got); diff != "" {
		t.Error(diff)
	}
}
