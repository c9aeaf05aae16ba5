package experiment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"graft/graph"
	"graft/passes"
	"graft/runtime/safetensors"

	"gorgonia.org/tensor"
)

// weights is what a weights file holds, in graft's layout.
type weights struct {
	path     string
	leaves   map[string]*tensor.Dense // parameters and running statistics
	feedback map[string]*tensor.Dense // by "feedback/<point>"
}

func readWeights(p *Plan, def *graph.Graph, names layout, path string) (*weights, error) {
	file, err := safetensors.Read(path)
	if err != nil {
		return nil, err
	}
	w := &weights{path: path, leaves: map[string]*tensor.Dense{}, feedback: map[string]*tensor.Dense{}}
	known := map[string]bool{}
	var missing []string
	leaves := append(def.Leaves("param"), def.Leaves("state")...)
	for _, leaf := range leaves {
		all, err := names.tensors(leaf)
		if err != nil {
			return nil, err
		}
		given := make([]*tensor.Dense, len(all))
		for i, h := range all {
			known[h.Name] = true
			if given[i] = file.Tensors[h.Name]; given[i] == nil {
				missing = append(missing, h.Name)
				continue
			}
			if axis, err := sameType(given[i], h.of()); err != nil {
				return nil, fmt.Errorf("%s: tensor %q is %s, want %v%s", path, h.Name, typeOf(given[i]), h.of(),
					p.hint(leaf.Node.Name(), h.axis(axis), given[i], axis))
			}
		}
		if len(missing) == 0 {
			w.leaves[leaf.Node.Name()] = join(all, given)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%s: no tensor %s%s%s", path, quoted(missing), p.settings(), names.hint(leaves, file.Tensors))
	}
	if err := w.readFeedback(def, file.Tensors, known); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(file.Tensors)) {
		if !known[name] && !names.ignores(name, known) {
			return nil, fmt.Errorf("%s: tensor %q (%s) is no parameter of %s, which has %s%s", path, name,
				typeOf(file.Tensors[name]), def.Name, quoted(slices.Sorted(maps.Keys(known))), p.settings())
		}
	}
	return w, nil
}

// readFeedback takes the matrices of the definition's points, whether or not the mode delivers to them, so that the modes and
// granularities can be compared with one file.
func (w *weights) readFeedback(def *graph.Graph, tensors map[string]*tensor.Dense, known map[string]bool) error {
	types := feedbackTypes(def)
	for _, n := range def.Effects("feedback") {
		name := "feedback/" + n.Str("point")
		given := tensors[name]
		if given == nil {
			continue
		}
		known[name] = true
		if _, err := sameType(given, types[name]); err != nil {
			return fmt.Errorf("%s: tensor %q is %s, want %v: [width of error %q, width of the point]",
				w.path, name, typeOf(given), types[name], n.Str("site"))
		}
		w.feedback[name] = given
	}
	return nil
}

// feedbackTypes returns the types of the matrices of all points by "feedback/<point>": [width of the error, width of the point].
func feedbackTypes(def *graph.Graph) map[string]graph.Type {
	sites, types := map[string]graph.Dim{}, map[string]graph.Type{}
	for _, n := range def.Effects("error") {
		sites[n.Str("site")] = rowWidth(n)
	}
	for _, n := range def.Effects("feedback") {
		types["feedback/"+n.Str("point")] = graph.Tensor(graph.F32, sites[n.Str("site")], rowWidth(n))
	}
	return types
}

// rowWidth returns the number of elements in a row of a marked value.
func rowWidth(mark *graph.Node) graph.Dim {
	width := graph.Int(1)
	for _, d := range mark.Args[0].Type.Dims[mark.Int("rows"):] {
		width = width.Mul(d)
	}
	return width
}

// checkFeedback refuses matrices for some but not all of the points that are delivered to.
func (w *weights) checkFeedback(r *passes.Report) error {
	var grafted, missing []string
	for _, p := range r.Points {
		if !p.Grafted {
			continue
		}
		grafted = append(grafted, p.Name)
		if w.feedback["feedback/"+p.Name] == nil {
			missing = append(missing, "feedback/"+p.Name)
		}
	}
	if len(w.feedback) == 0 || len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s given, but not %s: give the matrices of all points that are delivered to (%s), or none",
		w.path, quoted(slices.Sorted(maps.Keys(w.feedback))), quoted(missing), strings.Join(grafted, ", "))
}

// sameType says whether a host tensor is of type t, whose dimensions are numbers. axis is the first that differs, or -1 where
// it is dtype or rank.
func sameType(d *tensor.Dense, t graph.Type) (axis int, err error) {
	if d.Dtype() != tensor.Float32 || t.DType != graph.F32 || d.Dims() != t.Rank() {
		return -1, fmt.Errorf("not %v", t)
	}
	for i, n := range d.Shape() {
		if graph.Int(n) != t.Dims[i] {
			return i, fmt.Errorf("not %v", t)
		}
	}
	return 0, nil
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}
