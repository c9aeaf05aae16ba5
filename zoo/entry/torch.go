package entry

import (
	"regexp"
	"strconv"
	"strings"
)

// Torch says how a PyTorch state_dict holds the parameters and running statistics of a model. The first rule that matches a name
// counts; without one it holds the parameter as graft does, under graft's name with dots for slashes.
type Torch []TorchRule

// TorchRule is for the parameters whose name matches Param, where each * stands for any characters, as few as possible.
type TorchRule struct {
	Param string
	// Name is the state_dict's, where each * is what the same * of Param stands for; "" is graft's name with dots.
	Name string
	Form TorchForm
}

// TorchForm says how PyTorch stores the numbers of a parameter.
type TorchForm int

const (
	// AsIs is graft's own layout.
	AsIs TorchForm = iota
	// Linear is that of torch.nn.Linear: the weight [in, out] is kept as [out, in]. What is no matrix is kept as it is.
	Linear
	// Linears is for a weight [n, in, out] that is kept as n matrices [out, in]. Their names have the number in the place of #.
	Linears
)

// TorchTensor is a tensor of a state_dict: a parameter, or one of its matrices.
type TorchTensor struct {
	Name       string
	Transposed bool
	Plane      int // the place of a matrix on the parameter's first axis; 0 for a whole parameter
}

// Tensors lists the tensors that hold a parameter of the given shape.
func (t Torch) Tensors(param string, shape []int) []TorchTensor {
	name, form := t.find(param)
	if form != Linears || len(shape) != 3 {
		return []TorchTensor{{Name: name, Transposed: form == Linear && len(shape) == 2}}
	}
	var out []TorchTensor
	for k := range shape[0] {
		out = append(out, TorchTensor{strings.ReplaceAll(name, "#", strconv.Itoa(k)), true, k})
	}
	return out
}

func (t Torch) find(param string) (name string, form TorchForm) {
	for _, r := range t {
		parts, ok := r.Match(param)
		if !ok {
			continue
		}
		if name = r.Name; name == "" {
			name = param
		}
		for _, part := range parts {
			name = strings.Replace(name, "*", part, 1)
		}
		return strings.ReplaceAll(name, "/", "."), r.Form
	}
	return strings.ReplaceAll(param, "/", "."), AsIs
}

// Match reports whether the rule is for a parameter, and what its stars stand for.
func (r TorchRule) Match(param string) (stars []string, ok bool) {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(r.Param), `\*`, "(.*?)")
	found := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(param)
	if found == nil {
		return nil, false
	}
	return found[1:], true
}
