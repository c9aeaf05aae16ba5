package experiment

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/safetensors"

	"gorgonia.org/tensor"
)

// batch is what a batch file gives a definition, by the names of its inputs.
type batch struct {
	tensors  map[string]*tensor.Dense
	patterns map[string]*buffer.Pattern
	symbols  *symbols
	random   map[string]bool // the streams whose draws are given
}

// counters are the inputs that a batch need not hold: 0 stands for them.
var counters = []string{"seed", "step"}

// batchReader reads a batch file.
type batchReader struct {
	batch
	plan *Plan
	def  *graph.Graph
	file map[string]*tensor.Dense
	read map[string]bool // the tensors of the file that have been used
}

func readBatch(p *Plan, def *graph.Graph, path string) (*batch, error) {
	file, err := safetensors.Read(path)
	if err != nil {
		return nil, err
	}
	r := &batchReader{plan: p, def: def, file: file.Tensors, read: map[string]bool{}}
	r.tensors, r.patterns, r.random = map[string]*tensor.Dense{}, map[string]*buffer.Pattern{}, map[string]bool{}
	r.symbols = newSymbols()
	if err := r.all(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &r.batch, nil
}

func (r *batchReader) all() error {
	for _, name := range counters {
		if r.take(name) == nil {
			continue
		}
		if err := r.dense(name, graph.Tensor(graph.I32)); err != nil {
			return err
		}
	}
	var fromEdges []*graph.Value
	for _, leaf := range r.def.Leaves("input") {
		name := leaf.Node.Name()
		matrix, isEntries := strings.CutSuffix(name, "/entries")
		isEntries = isEntries && r.def.Leaf(matrix) != nil && r.def.Leaf(matrix).Type.Sparse
		var err error
		switch {
		case slices.Contains(counters, name), isEntries: // read above, and with the pattern
		case r.plan.Entry.FromEdges[name] != nil:
			fromEdges = append(fromEdges, leaf)
		case leaf.Type.Sparse:
			err = r.sparse(name, leaf.Type)
		default:
			err = r.dense(name, leaf.Type)
		}
		if err != nil {
			return err
		}
	}
	if err := r.draws(); err != nil {
		return err
	}
	if err := r.edges(fromEdges); err != nil {
		return err
	}
	return r.unread(fromEdges)
}

// take returns a tensor of the file, or nil.
func (r *batchReader) take(name string) *tensor.Dense {
	r.read[name] = true
	return r.file[name]
}

// dense reads an input of the given type.
func (r *batchReader) dense(name string, t graph.Type) error {
	given := r.take(name)
	if given == nil {
		return fmt.Errorf("no tensor %q: %s needs %v", name, r.def.Name, t)
	}
	if given.Dims() != t.Rank() {
		return fmt.Errorf("tensor %q is %s, want %v", name, typeOf(given), t)
	}
	converted, err := convert(given, t.DType)
	if err != nil {
		return fmt.Errorf("tensor %q is %s, want %v: %w", name, typeOf(given), t, err)
	}
	for i, d := range t.Dims {
		if err := r.symbols.add(d, given.Shape()[i], fmt.Sprintf("axis %d of %q", i, name)); err != nil {
			return fmt.Errorf("tensor %q is %s, want %v: %w%s", name, typeOf(given), t, err, r.hint(name, t, i, given.Shape()[i]))
		}
	}
	r.tensors[name] = converted
	return nil
}

// hint names the option with which an axis of an input would fit, where its size is a matter of options.
func (r *batchReader) hint(input string, t graph.Type, axis, n int) string {
	if _, fixed := t.Dims[axis].Const(); !fixed {
		return ""
	}
	if set := r.plan.optionFor(input, axis, n); set != "" {
		return fmt.Sprintf("; --set %s would fit", set)
	}
	return ""
}

// draws returns what is drawn by a node: uniform or normal numbers, or "" where nothing is.
func draws(n *graph.Node) string {
	switch n.Op.Name {
	case "dropout", "random_uniform":
		return "uniform"
	case "random_normal":
		return "normal"
	}
	return ""
}

// draws reads the draws that are given for dropouts, jitter and noise.
func (r *batchReader) draws() error {
	var streams []string
	for _, n := range r.def.Nodes {
		kind := draws(n)
		if kind == "" {
			continue
		}
		stream := n.Str("stream")
		streams = append(streams, stream)
		name := "random/" + stream
		if r.file[name] == nil {
			continue
		}
		if err := r.dense(name, n.Results[0].Type); err != nil {
			return err
		}
		if err := r.inRange(name, kind); err != nil {
			return err
		}
		r.random[stream] = true
	}
	for _, name := range slices.Sorted(maps.Keys(r.file)) {
		stream, ok := strings.CutPrefix(name, "random/")
		if ok && !r.random[stream] {
			if streams == nil {
				return fmt.Errorf("tensor %q: %s has no random streams", name, r.def.Name)
			}
			return fmt.Errorf("tensor %q: %s has no random stream %q; it has %s", name, r.def.Name, stream, quoted(streams))
		}
	}
	return nil
}

// inRange refuses what no generator draws.
func (r *batchReader) inRange(name, kind string) error {
	b, err := buffer.FromDense(r.tensors[name])
	if err != nil {
		return err
	}
	for i, x := range b.F32 {
		switch {
		case kind == "normal" && !(math.Abs(float64(x)) <= math.MaxFloat32):
			return fmt.Errorf("tensor %q: element %d is %v, and normal draws are finite", name, i, x)
		case kind == "uniform" && !(x >= 0 && x < 1):
			return fmt.Errorf("tensor %q: element %d is %v, and uniform draws lie in [0, 1)", name, i, x)
		}
	}
	return nil
}

// unread refuses tensors that no input has asked for.
func (r *batchReader) unread(fromEdges []*graph.Value) error {
	for _, name := range slices.Sorted(maps.Keys(r.file)) {
		if r.read[name] {
			continue
		}
		for _, leaf := range fromEdges {
			if made := leaf.Node.Name(); name == made || strings.HasPrefix(name, made+".") || name == made+"/entries" {
				return fmt.Errorf("tensor %q: %q is made from edge_index", name, made)
			}
		}
		return fmt.Errorf("tensor %q (%s) is no input of %s, which reads %s", name, typeOf(r.file[name]), r.def.Name,
			quoted(slices.Sorted(maps.Keys(r.read))))
	}
	return nil
}

// convert returns the tensor with the elements of an input: the same, integers of any width as i32, and booleans as 0 and 1.
func convert(d *tensor.Dense, want graph.DType) (*tensor.Dense, error) {
	switch {
	case want == graph.I32:
		n, err := integers(d)
		if err != nil {
			return nil, err
		}
		return (&buffer.Buffer{DType: graph.I32, Shape: d.Shape(), I32: n}).Dense(), nil
	case want == graph.F32 && d.Dtype() == tensor.Float32, want == graph.Bool && d.Dtype() == tensor.Bool:
		return d, nil
	case want == graph.F32 && d.Dtype() == tensor.Bool:
		from, err := buffer.FromDense(d)
		if err != nil {
			return nil, err
		}
		to := buffer.New(graph.F32, d.Shape()...)
		for i, on := range from.Bool {
			if on {
				to.F32[i] = 1
			}
		}
		return to.Dense(), nil
	}
	return nil, fmt.Errorf("convert it to %v first", want)
}

// integers returns the elements of an integer tensor, and says which of them i32 cannot hold.
func integers(d *tensor.Dense) ([]int32, error) {
	if zero := reflect.Zero(d.Dtype().Type); !zero.CanInt() && !zero.CanUint() {
		return nil, fmt.Errorf("it must hold integers")
	}
	out := make([]int32, d.Shape().TotalSize())
	if len(out) == 0 {
		return out, nil // Data would take the address of an element that is not there
	}
	all := reflect.ValueOf(d.Data())
	for i := range out {
		v := all
		if all.Kind() == reflect.Slice { // as opposed to a scalar's only element
			v = all.Index(i)
		}
		switch {
		case v.CanInt() && int64(int32(v.Int())) == v.Int():
			out[i] = int32(v.Int())
		case v.CanUint() && v.Uint() <= math.MaxInt32:
			out[i] = int32(v.Uint())
		default:
			return nil, fmt.Errorf("element %d is %v, which i32 cannot hold", i, v)
		}
	}
	return out, nil
}
