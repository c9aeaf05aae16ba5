package experiment

import (
	"fmt"
	"slices"
	"strings"
)

// Axis is one key of a grid and the values to try, in order. A key is an option of the model, or lr, batch or epochs of the recipe.
type Axis struct {
	Key    string
	Values []string
}

// ParseAxis reads key=v1,v2,... Where values are lists themselves, semicolons separate them: mlp=64,64;128,128.
func ParseAxis(text string) (Axis, error) {
	key, rest, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return Axis{}, &UsageError{fmt.Errorf("grid %s: it is written key=v1,v2 or, for values that are lists, key=1,2;3,4", text)}
	}
	separator := ","
	if strings.Contains(rest, ";") {
		separator = ";"
	}
	a := Axis{Key: key}
	for _, v := range strings.Split(rest, separator) {
		v = strings.TrimSpace(v)
		if v == "" {
			return Axis{}, &UsageError{fmt.Errorf("grid %s: a value is missing", text)}
		}
		if slices.Contains(a.Values, v) {
			return Axis{}, &UsageError{fmt.Errorf("grid %s: %s stands there twice", text, v)}
		}
		a.Values = append(a.Values, v)
	}
	return a, nil
}

// String writes an axis such that [ParseAxis] reads it back.
func (a Axis) String() string {
	separator := ","
	if slices.ContainsFunc(a.Values, func(v string) bool { return strings.Contains(v, ",") }) {
		separator = ";"
	}
	return a.Key + "=" + strings.Join(a.Values, separator)
}

// Setting is a value for every key of a grid.
type Setting struct{ Keys, Values []string }

// String writes the setting as the user would set it: lr=0.01 dropout=0.5.
func (s Setting) String() string {
	var parts []string
	for i, key := range s.Keys {
		parts = append(parts, key+"="+s.Values[i])
	}
	return strings.Join(parts, " ")
}

// Map returns the values by key.
func (s Setting) Map() map[string]string {
	m := map[string]string{}
	for i, key := range s.Keys {
		m[key] = s.Values[i]
	}
	return m
}

// settings lists the points of a grid; the last axis runs fastest.
func settings(grid []Axis) []Setting {
	list := []Setting{{}}
	for _, axis := range grid {
		var longer []Setting
		for _, s := range list {
			for _, v := range axis.Values {
				longer = append(longer, Setting{append(slices.Clone(s.Keys), axis.Key), append(slices.Clone(s.Values), v)})
			}
		}
		list = longer
	}
	return list
}
