package experiment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/safetensors"

	"gorgonia.org/tensor"
)

// GradRequest names the files of one gradient computation, all safetensors, and how to read them.
type GradRequest struct {
	// Weights holds every parameter and running statistic by name, f32, and, for all points that the mode delivers to or for
	// none, a feedback matrix "feedback/<point>" [error width, point width], which is used as it is, without any scale.
	Weights string
	// Batch holds the inputs by name. i32 inputs may be integers of any width. A sparse input is given dense, or as
	// "<name>.indptr", "<name>.indices" and "<name>.values" (compressed rows; one without entries, such as the auto-encoder's
	// negative pairs, needs no values); a graph as "edge_index" [2, edges], row 0 the sources and row 1 the targets.
	// "random/<stream>" gives the draws of a stream: uniform ones of a dropout, which is off otherwise, or of jitter, which is 0.5
	// otherwise, and standard normal ones of noise, which is 0 otherwise. A stream over the entries of a sparse matrix has them
	// in row order. The scalar "seed" (0 when absent) is what feedback matrices that are not given are generated from.
	Batch string
	// Out is written in one step, or left as it is on any error. It holds loss, output/<name>, error/<site>,
	// cotangent/<point> and grad/<parameter>.
	Out string
	// Layout is "" for graft's names and layouts of parameters and gradients, or "torch" for those of a PyTorch state_dict, whose
	// num_batches_tracked are ignored (see [graft/zoo/entry.Torch]).
	Layout string
	// BatchNorm says what batch norm normalises with: "batch" (also ""), or "running" for the running statistics.
	BatchNorm string
}

// Grad computes the gradients of the plan's mode for given weights and a given batch, before weight decay, clipping and rate. It
// is the door through which graft is checked against another framework; the plan needs no task. Whatever is missing, unknown
// or misshapen in the files is refused, and then nothing is written.
func Grad(ctx context.Context, p *Plan, req GradRequest) error {
	names, err := newLayout(p, req.Layout)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"", "batch", "running"}, req.BatchNorm) {
		return &UsageError{fmt.Errorf("batch norm %q is not one of batch, running", req.BatchNorm)}
	}
	def, err := p.Definition()
	if err != nil {
		return err
	}
	weights, err := readWeights(p, def, names, req.Weights)
	if err != nil {
		return err
	}
	batch, err := readBatch(p, def, req.Batch)
	if err != nil {
		return err
	}
	o := passes.Options{
		Part: passes.Gradient, Feedback: p.Feedback, Observe: true,
		GivenRandom: batch.random, Evaluate: req.BatchNorm == "running",
	}
	o.Feedback.Given = len(weights.feedback) > 0
	compiled, err := passes.Compile(def, p.Pipeline, o)
	if err != nil {
		return err
	}
	if err := weights.checkFeedback(compiled.Report); err != nil {
		return err
	}
	exe, err := load(compiled.Program, weights, batch)
	if err != nil {
		return fmt.Errorf("%s: %w", req.Batch, err)
	}
	if err := exe.Step(ctx); err != nil {
		return fmt.Errorf("%s: %w", req.Batch, err)
	}
	out, err := results(exe, def, names)
	if err != nil {
		return err
	}
	about, err := gradMetadata(p, def, compiled.Report, names)
	if err != nil {
		return err
	}
	return safetensors.Write(req.Out, &safetensors.File{Tensors: out, Metadata: about})
}

// load makes the program ready to run on what the files gave.
func load(program *graph.Graph, w *weights, b *batch) (*runtime.Executable, error) {
	state := runtime.NewState()
	for _, given := range []map[string]*tensor.Dense{w.leaves, w.feedback} {
		for name, t := range given {
			if err := state.Set(name, t); err != nil {
				return nil, err
			}
		}
	}
	binding := graph.Binding{}
	for _, s := range program.Symbols() { // a mode need not read all that the definition does
		if n, ok := b.symbols.value[s]; ok {
			binding[s] = n
		}
	}
	exe, err := runtime.Load(program, binding, state, runtime.Options{})
	if err != nil {
		return nil, err
	}
	for _, leaf := range program.Leaves("input") {
		name := leaf.Node.Name()
		feed, err := exe.Feed(name)
		if err != nil {
			return nil, err
		}
		switch {
		case leaf.Type.Sparse:
			err = feed.SetPattern(b.patterns[name])
		case b.tensors[name] == nil && slices.Contains(counters, name):
			err = feed.SetInt(0)
		default:
			err = feed.Set(b.tensors[name])
		}
		if err != nil {
			return nil, err
		}
	}
	return exe, nil
}

// results names the outputs of the program as the file does.
func results(exe *runtime.Executable, def *graph.Graph, names layout) (map[string]*tensor.Dense, error) {
	defined := map[string]bool{}
	for _, n := range def.Effects("output") {
		defined[n.Name()] = true
	}
	out := map[string]*tensor.Dense{}
	for _, n := range exe.Program().Effects("output") {
		r, err := exe.Result(n.Name())
		if err != nil {
			return nil, err
		}
		param, isGrad := strings.CutPrefix(n.Name(), "grad/")
		switch {
		case defined[n.Name()]:
			out["output/"+n.Name()] = r.Tensor()
		case isGrad:
			all, err := names.tensors(def.Leaf(param))
			if err != nil {
				return nil, err
			}
			for _, h := range all {
				out["grad/"+h.Name] = h.get(r.Tensor())
			}
		default:
			out[n.Name()] = r.Tensor()
		}
	}
	return out, nil
}

// gradMetadata says what the file holds the gradients of. Granularity is empty in bp, which cuts nothing.
func gradMetadata(p *Plan, def *graph.Graph, r *passes.Report, names layout) (map[string]string, error) {
	info, m := p.Info(), map[string]string{}
	for _, key := range []string{"model", "variant", "mode", "granularity"} {
		m[key] = info[key]
	}
	leaves := make([]*graph.Value, len(r.Frozen))
	for i, param := range r.Frozen {
		leaves[i] = def.Leaf(param)
	}
	frozen, err := names.names(leaves)
	m["frozen"] = strings.Join(frozen, ",")
	return m, err
}
