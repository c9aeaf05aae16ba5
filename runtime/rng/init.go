package rng

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Init is a parsed initialiser of a parameter or state. The zero value fills with zeros.
type Init struct {
	rule rule
	arg  float64
}

type rule uint8

const (
	zeros rule = iota
	ones
	lecunUniform
	glorotUniform
	constant
	uniformBound
	normalStd
)

// rules spells the initialisers; arg names the argument of those that take one.
var rules = [...]struct{ name, arg string }{
	zeros:         {"zeros", ""},
	ones:          {"ones", ""},
	lecunUniform:  {"lecun_uniform", ""},
	glorotUniform: {"glorot_uniform", ""},
	constant:      {"constant", "c"},
	uniformBound:  {"uniform", "bound"},
	normalStd:     {"normal", "std"},
}

// ParseInit reads an initialiser as it is written in a graph's init attribute:
//
//	zeros, ones      constants
//	constant(c)      c
//	uniform(bound)   U(-bound, bound)
//	normal(std)      N(0, std²)
//	lecun_uniform    U(±1/sqrt(in)) for weights [..., in, out]; PyTorch's default for Linear
//	glorot_uniform   U(±sqrt(6/(in+out))) for weights [..., in, out] (Glorot and Bengio 2010)
//
// Arguments are finite numbers; bound and std are not negative. A bias, whose shape does not tell its fan-in, takes
// uniform(bound).
func ParseInit(text string) (Init, error) {
	name, rest, hasArg := strings.Cut(text, "(")
	for r, spec := range rules {
		if spec.name != name {
			continue
		}
		if !hasArg {
			if spec.arg != "" {
				return Init{}, fmt.Errorf("initialiser %q needs an argument: %s(%s)", text, name, spec.arg)
			}
			return Init{rule: rule(r)}, nil
		}
		if spec.arg == "" {
			return Init{}, fmt.Errorf("initialiser %q: %s takes no argument", text, name)
		}
		number, closed := strings.CutSuffix(rest, ")")
		v, err := strconv.ParseFloat(number, 64)
		if !closed || err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return Init{}, fmt.Errorf("initialiser %q: want %s(%s) with a finite number", text, name, spec.arg)
		}
		if v < 0 && rule(r) != constant {
			return Init{}, fmt.Errorf("initialiser %q: %s must not be negative", text, spec.arg)
		}
		return Init{rule(r), v}, nil
	}
	return Init{}, fmt.Errorf("unknown initialiser %q; there are %s", text, known())
}

// known lists the initialisers for an error message.
func known() string {
	all := make([]string, len(rules))
	for r, spec := range rules {
		all[r] = spec.name
		if spec.arg != "" {
			all[r] += "(" + spec.arg + ")"
		}
	}
	return strings.Join(all, ", ")
}

// String returns the text that [ParseInit] reads back.
func (in Init) String() string {
	spec := rules[in.rule]
	if spec.arg == "" {
		return spec.name
	}
	return spec.name + "(" + strconv.FormatFloat(in.arg, 'g', -1, 64) + ")"
}

// Fill sets dst, the row-major elements of a tensor of that shape, from the stream's elements 0 to len(dst)-1. It fails
// when dst has another size than shape, or when a rule needs fans and the shape has fewer than two axes.
func (in Init) Fill(dst []float32, shape []int, s Stream) error {
	return initialise(in, dst, shape, s, s.Uniform32, s.Normal32)
}

// Fill64 is [Init.Fill] with the same float32 numbers as float64.
func (in Init) Fill64(dst []float64, shape []int, s Stream) error {
	return initialise(in, dst, shape, s, s.Uniform64, s.Normal64)
}

// Fill parses init and fills dst with it; see [ParseInit] and [Init.Fill].
func Fill(dst []float32, init string, shape []int, s Stream) error {
	in, err := ParseInit(init)
	if err != nil {
		return err
	}
	return in.Fill(dst, shape, s)
}

// Fill64 is [Fill] with the same float32 numbers as float64.
func Fill64(dst []float64, init string, shape []int, s Stream) error {
	in, err := ParseInit(init)
	if err != nil {
		return err
	}
	return in.Fill64(dst, shape, s)
}

// initialise draws into dst and scales the draws in float64, rounding once to float32.
func initialise[T float32 | float64](in Init, dst []T, shape []int, s Stream, uniform, normal func([]T, int)) error {
	size := 1
	for _, d := range shape {
		size *= d
	}
	if size != len(dst) {
		return fmt.Errorf("initialiser %v: shape %v has %d elements, the tensor %d", in, shape, size, len(dst))
	}
	var scale float64
	switch in.rule {
	case zeros:
		set(dst, 0)
		return nil
	case ones:
		set(dst, 1)
		return nil
	case constant:
		set(dst, T(float32(in.arg)))
		return nil
	case normalStd:
		scale = in.arg
		normal(dst, 0)
	default:
		bound, err := in.bound(shape)
		if err != nil {
			return err
		}
		scale = bound
		uniform(dst, 0)
		for i, v := range dst {
			dst[i] = 2*v - 1 // exact: v has 24 bits
		}
	}
	for i, v := range dst {
		dst[i] = T(float32(scale * float64(v)))
	}
	return nil
}

func set[T float32 | float64](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}

// bound returns the half width of a uniform rule for weights of that shape.
func (in Init) bound(shape []int) (float64, error) {
	if in.rule == uniformBound {
		return in.arg, nil
	}
	n := len(shape)
	if n < 2 {
		return 0, fmt.Errorf("initialiser %v needs weights [..., in, out], not shape %v: write uniform(bound)", in, shape)
	}
	fan := float64(shape[n-2])
	if in.rule == lecunUniform {
		return 1 / math.Sqrt(fan), nil
	}
	return math.Sqrt(6 / (fan + float64(shape[n-1]))), nil
}
