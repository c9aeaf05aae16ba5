// Package option reads and writes the typed option structs of models by name. Every field that can be set has a tag
//
//	Hidden int `option:"hidden" default:"16" min:"1" doc:"width of the hidden layer"`
//
// with the name, the default, an optional range (min, max; for lists of every element) or list of words (enum), and one line of
// explanation. Fields are int, float64, bool, string or []int (written 256,256).
package option

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Field describes one option.
type Field struct {
	Name, Default, Doc string
	Range              string // "1..", "0..0.99", "a|b" or empty
	Value              string
}

// New returns a pointer to a T with the defaults set. It panics on a mistaken tag, which is a mistake of the program.
func New[T any]() *T {
	t := new(T)
	for _, f := range Fields(t) {
		if err := Set(t, f.Name, f.Default); err != nil {
			panic(err)
		}
	}
	return t
}

// Fields lists the options of a struct, given by pointer, in order.
func Fields(options any) []Field {
	v := reflect.ValueOf(options).Elem()
	var out []Field
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		f := Field{Name: tag.Get("option"), Default: tag.Get("default"), Doc: tag.Get("doc"), Value: format(v.Field(i))}
		if lo, hi := tag.Get("min"), tag.Get("max"); lo != "" || hi != "" {
			f.Range = lo + ".." + hi
		}
		if e := tag.Get("enum"); e != "" {
			f.Range = e
		}
		out = append(out, f)
	}
	return out
}

// Map returns the options and their values by name.
func Map(options any) map[string]string {
	out := map[string]string{}
	for _, f := range Fields(options) {
		out[f.Name] = f.Value
	}
	return out
}

// UnknownError says that there is no option of that name, and which there are.
type UnknownError struct {
	Name  string
	Known []string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no option %q; the options are %s", e.Name, strings.Join(e.Known, ", "))
}

// Set gives one option a value. Options that do not exist, values that do not parse and values out of range are refused.
func Set(options any, name, value string) error {
	v := reflect.ValueOf(options).Elem()
	var known []string
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if tag.Get("option") != name {
			known = append(known, tag.Get("option"))
			continue
		}
		if err := assign(v.Field(i), tag, value); err != nil {
			return fmt.Errorf("option %s=%s: %w", name, value, err)
		}
		return nil
	}
	return &UnknownError{name, known}
}

func assign(field reflect.Value, tag reflect.StructTag, value string) error {
	switch field.Interface().(type) {
	case int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("not a whole number")
		}
		if err := inRange(tag, float64(n)); err != nil {
			return err
		}
		field.SetInt(int64(n))
	case float64:
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || f != f {
			return fmt.Errorf("not a number")
		}
		if err := inRange(tag, f); err != nil {
			return err
		}
		field.SetFloat(f)
	case bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("not true or false")
		}
		field.SetBool(b)
	case string:
		if e := tag.Get("enum"); e != "" && !slices.Contains(strings.Split(e, "|"), value) {
			return fmt.Errorf("not one of %s", strings.ReplaceAll(e, "|", ", "))
		}
		field.SetString(value)
	case []int:
		list := []int{}
		for _, part := range strings.Split(value, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(part))
			if err != nil {
				return fmt.Errorf("%q is not a whole number; a list is written 256,256", part)
			}
			if err := inRange(tag, float64(n)); err != nil {
				return err
			}
			list = append(list, n)
		}
		field.Set(reflect.ValueOf(list))
	default:
		return fmt.Errorf("options of type %v are not supported", field.Type())
	}
	return nil
}

func inRange(tag reflect.StructTag, v float64) error {
	if lo, err := strconv.ParseFloat(tag.Get("min"), 64); err == nil && v < lo {
		return fmt.Errorf("it must be at least %s", tag.Get("min"))
	}
	if hi, err := strconv.ParseFloat(tag.Get("max"), 64); err == nil && v > hi {
		return fmt.Errorf("it must be at most %s", tag.Get("max"))
	}
	return nil
}

func format(v reflect.Value) string {
	if list, ok := v.Interface().([]int); ok {
		s := make([]string, len(list))
		for i, n := range list {
			s[i] = strconv.Itoa(n)
		}
		return strings.Join(s, ",")
	}
	return fmt.Sprint(v.Interface())
}
