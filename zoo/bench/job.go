package bench

import (
	"errors"
	"fmt"
	"maps"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// Choices are what a user may decide of a workload.
type Choices struct {
	Mode      string // bp, dfa or shallow
	Variant   string
	Set       map[string]string // options of the model, and batch
	Feedback  feedback.Options
	Recompute passes.Recompute
	// Times multiplies the batch; 0 stands for 1.
	Times int
	// Dir is where data sets are looked for, see [experiment.Open].
	Dir string
}

// Job is a workload compiled for a mode, with what is fed to it.
type Job struct {
	Workload Workload
	Plan     *experiment.Plan
	Program  *graph.Graph
	Report   *passes.Report
	Binding  graph.Binding
	Data     string // the name of the graph's data set, or "generated"
	Notice   string // says so where a data set was replaced by a generated one
	inputs   train.Batch
}

// rate is the learning rate where the user gives none. It takes no part in the time of a step, as long as the parameters stay like
// those of a model in training.
const rate = "1e-4"

// NewJob compiles a workload and makes its inputs.
func NewJob(w Workload, c Choices) (*Job, error) {
	e := w.Entry
	e.Recipe = func(_, variant string) entry.Recipe { return w.Entry.Recipe("bp", variant) }
	set := map[string]string{"lr": rate}
	maps.Copy(set, w.Set)
	if w.Batch > 0 {
		set["batch"] = fmt.Sprint(w.Batch)
	}
	maps.Copy(set, c.Set)
	wish := experiment.Choices{Mode: c.Mode, Variant: c.Variant, Set: set, Feedback: c.Feedback, Recompute: c.Recompute}
	plan, err := experiment.NewPlan(e, nil, wish)
	if err != nil {
		return nil, err
	}
	j := &Job{Workload: w, Plan: plan, Data: "generated"}
	def, err := plan.Definition()
	if err != nil {
		return nil, err
	}
	switch times := max(1, c.Times); {
	case !hasGraph(def):
		j.inputs, err = generate(def, plan.Recipe.Batch*times)
	case times > 1:
		return nil, &experiment.UsageError{Err: fmt.Errorf("%s is trained on a whole graph: its batch cannot be multiplied", w.Name)}
	default:
		err = j.open(e, wish, c.Dir)
	}
	if err != nil {
		return nil, err
	}
	compiled, err := j.Plan.CompileTraining()
	if err != nil {
		return nil, err
	}
	j.Program, j.Report = compiled.Program, compiled.Report
	j.Binding = graph.Binding{}
	for _, s := range j.Program.Symbols() {
		j.Binding[s] = j.inputs.Binding[s]
	}
	return j, nil
}

// hasGraph reports whether a definition is fed sparse matrices, whose structure decides how long a step takes.
func hasGraph(def *graph.Graph) bool {
	for _, v := range def.Leaves("input") {
		if v.Type.Sparse {
			return true
		}
	}
	return false
}

// open takes plan and inputs from the entry's data.
func (j *Job) open(e entry.Entry, c experiment.Choices, dir string) error {
	task, notice, err := experiment.Open(e, "", dir)
	if err != nil {
		return err
	}
	if j.Plan, err = experiment.NewPlan(e, task, c); err != nil {
		return err
	}
	source, err := task.Train(0, j.Plan.Recipe.Batch)
	if err != nil {
		return err
	}
	j.Data, j.Notice = task.Data, notice
	return source.Batch(0, 0, &j.inputs)
}

// load makes an executable with everything but the step fed, and its parameters.
func (j *Job) load(s *runtime.State, o runtime.Options) (*runtime.Executable, error) {
	e, err := runtime.Load(j.Program, j.Binding, s, o)
	if err != nil {
		return nil, err
	}
	for _, v := range j.Program.Leaves("input") {
		f, err := e.Feed(v.Node.Name())
		if err != nil {
			return nil, err
		}
		if err := j.feed(v, f); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (j *Job) feed(v *graph.Value, f *runtime.Feed) error {
	name := v.Node.Name()
	switch {
	case v.Type.Sparse:
		return f.SetPattern(j.inputs.Patterns[name])
	case v.Type.IsScalar() && v.Type.DType == graph.I32: // seed and step
		return f.SetInt(0)
	case v.Type.IsScalar():
		return f.SetFloat(j.Plan.Recipe.LR)
	case j.inputs.Tensors[name] == nil:
		return errors.New("no values for input " + name)
	}
	return f.Set(j.inputs.Tensors[name])
}
