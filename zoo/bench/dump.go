package bench

import (
	"graft/graph"
	"graft/runtime"
	"graft/runtime/safetensors"

	"gorgonia.org/tensor"
)

// Start returns what the first step starts from, so that the same work can be done elsewhere: "param/<name>" as initialised,
// "input/<name>", and for sparse inputs "input/<name>.indptr" and "input/<name>.indices", their rows compressed. Options, optimizer and
// sizes are in the metadata.
func (j *Job) Start() (*safetensors.File, error) {
	state := runtime.NewState()
	if err := state.Init(j.Program, graph.Binding{}, 0); err != nil {
		return nil, err
	}
	f := &safetensors.File{Tensors: map[string]*tensor.Dense{}, Metadata: j.Plan.Info()}
	for _, p := range j.Program.Leaves("param") {
		f.Tensors["param/"+p.Node.Name()] = state.Tensor(p.Node.Name())
	}
	for _, v := range j.Program.Leaves("input") {
		name := v.Node.Name()
		switch p := j.inputs.Patterns[name]; {
		case p != nil:
			f.Tensors["input/"+name+".indptr"] = vector(p.RowPtr)
			f.Tensors["input/"+name+".indices"] = vector(p.Col)
		case j.inputs.Tensors[name] != nil:
			f.Tensors["input/"+name] = j.inputs.Tensors[name]
		}
	}
	return f, nil
}

func vector(v []int32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(v))
}
