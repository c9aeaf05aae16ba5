package experiment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"graft/graph"
	"graft/zoo/option"

	"gorgonia.org/tensor"
)

// hint completes the message about a leaf of which a file gives an axis another size than the definition: it names the option
// that says so. Options are tried out, since what follows from them is known to the definition alone. axis is the leaf's,
// fileAxis the same in the file; negative where the axes are not to blame.
func (p *Plan) hint(leaf string, axis int, given *tensor.Dense, fileAxis int) string {
	switch {
	case given.Dtype() != tensor.Float32:
		return ": convert it to f32 first"
	case fileAxis < 0:
		return ""
	}
	if set := p.optionFor(leaf, axis, given.Shape()[fileAxis]); set != "" {
		return fmt.Sprintf(": --set %s would fit", set)
	}
	return p.settings()
}

// optionFor returns the "option=value" that gives an axis of a leaf size n, or "".
func (p *Plan) optionFor(leaf string, axis, n int) string {
	size := func(options any) (graph.Dim, bool) {
		def, err := p.Entry.Build(options, p.Variant)
		if err != nil || def.Leaf(leaf) == nil || axis >= def.Leaf(leaf).Type.Rank() {
			return graph.Dim{}, false
		}
		return def.Leaf(leaf).Type.Dims[axis], true
	}
	now, ok := size(p.Options)
	if !ok {
		return ""
	}
	for _, f := range option.Fields(p.Options) {
		elements := strings.Split(f.Value, ",")
		for i, element := range elements {
			if element != now.String() {
				continue
			}
			changed := slices.Clone(elements)
			changed[i] = strconv.Itoa(n)
			value := strings.Join(changed, ",")
			options, err := p.Entry.Configure(option.Map(p.Options), map[string]string{f.Name: value})
			if err != nil {
				continue
			}
			if then, ok := size(options); ok && then == graph.Int(n) {
				return f.Name + "=" + value
			}
		}
	}
	return ""
}

// settings completes the message about what does not fit the plan's options.
func (p *Plan) settings() string {
	var out []string
	for _, f := range option.Fields(p.Options) {
		out = append(out, f.Name+"="+f.Value)
	}
	if out == nil {
		return ""
	}
	return fmt.Sprintf("; the model has %s (change with --set)", strings.Join(out, " "))
}
