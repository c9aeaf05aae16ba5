package experiment

import (
	"context"
	"io"
	"strings"

	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo/entry"

	"gorgonia.org/tensor"
)

// Programs are a plan's compiled programs. They are the same for every seed. Step has the loss as its only output.
type Programs struct {
	Plan          *Plan
	Step, Predict *passes.Compiled
	Alignment     *passes.Compiled // nil where the mode delivers nothing
}

// Programs compiles what a training needs.
func (p *Plan) Programs() (*Programs, error) {
	out := &Programs{Plan: p}
	var err error
	if out.Step, err = p.compileTraining(p.Task.FullBatch); err != nil {
		return nil, err
	}
	predict := p.passOptions(passes.Predict)
	predict.FixedInputs, predict.Frozen = p.Task.FullBatch, out.Step.Report.Frozen
	if out.Predict, err = p.compile(predict); err != nil {
		return nil, err
	}
	for _, point := range out.Step.Report.Points {
		if point.Grafted && out.Alignment == nil {
			if out.Alignment, err = p.Compile(passes.Alignment); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// Settings are how, and not what, to train.
type Settings struct {
	Pool            *runtime.Pool
	Backend         runtime.Backend
	Dir             string // where metrics and checkpoints go; "" for nowhere
	Resume          bool
	CheckpointEvery int
	Progress        io.Writer
	Align           bool // measure alignment at the end
	AlignEvery      int  // measure it after every so many epochs and the last too; 0: not
	Views           bool // keep what the trained model sees, where the task has pictures
}

// Outcome is what one training came to.
type Outcome struct {
	Seed      int32
	Metrics   map[string]float64 // of the reported epoch
	Epoch     int                // the reported epoch
	Seconds   float64
	Alignment map[string]Alignment // by point, with the weights of the last epoch
	Course    []Aligned            // alignment as training went on
	History   []train.Record       // of all epochs
	Views     []Views              // the definition's, then those of the entry's functions that draw
}

// Aligned is the alignment after an epoch.
type Aligned struct {
	Epoch  int
	Points map[string]Alignment
}

// Alignment is the cosine between delivered and backpropagated cotangents over the rows of a point.
type Alignment struct {
	Mean, Std     float64
	Rows, Skipped int
}

// State returns freshly initialised parameters and slots for a seed.
func (p *Programs) State(seed int32) (*runtime.State, error) {
	s := runtime.NewState()
	// Parameters have known dimensions: no symbol needs a value.
	if err := s.Init(p.Step.Program, graph.Binding{}, seed); err != nil {
		return nil, err
	}
	if p.Plan.given != nil {
		return s, p.Plan.given.into(s, p.Step.Program)
	}
	return s, nil
}

// schedule returns the course of the rate.
func (p *Plan) schedule() train.Schedule {
	if p.Recipe.Schedule != nil {
		return p.Recipe.Schedule(p.Recipe.LR)
	}
	return train.Constant(p.Recipe.LR)
}

// taskOf returns the task of a seed.
func (p *Plan) taskOf(seed int32) (*entry.Task, error) {
	if p.Task.ForSeed == nil {
		return p.Task, nil
	}
	return p.Task.ForSeed(seed)
}

// Train trains one seed.
func (p *Programs) Train(ctx context.Context, seed int32, s Settings) (*Outcome, error) {
	state, err := p.State(seed)
	if err != nil {
		return nil, err
	}
	return p.TrainState(ctx, state, seed, s)
}

// TrainState is [Programs.Train] from a state that the caller keeps: it ends with the parameters of the last epoch.
func (p *Programs) TrainState(ctx context.Context, state *runtime.State, seed int32, s Settings) (*Outcome, error) {
	plan := p.Plan
	task, err := plan.taskOf(seed)
	if err != nil {
		return nil, err
	}
	source, err := task.Train(seed, plan.Recipe.Batch)
	if err != nil {
		return nil, err
	}
	evalSource, meter, err := task.Evaluate()
	if err != nil {
		return nil, err
	}
	options := runtime.Options{Pool: s.Pool, Backend: s.Backend}
	run := &train.Run{
		Info: plan.Info(), Program: p.Step.Program, State: state, Options: options,
		Source: source, Epochs: plan.Recipe.Epochs, Seed: seed, LR: plan.schedule(),
		Evaluation: &train.Evaluation{Program: p.Predict.Program, Source: evalSource, Meter: meter},
		Best:       plan.Task.Best,
		Dir:        s.Dir, Resume: s.Resume, CheckpointEvery: s.CheckpointEvery, Progress: s.Progress,
	}
	if plan.Recipe.Patience > 0 {
		run.Callbacks = append(run.Callbacks, train.Patience(plan.Task.Best, plan.Recipe.Patience))
	}
	out := &Outcome{Seed: seed}
	last := 0 // epoch
	var measure func(context.Context) (map[string]Alignment, error)
	align := func() error {
		if measure == nil {
			if measure, err = p.aligner(state, seed, options); err != nil {
				return err
			}
		}
		points, err := measure(ctx)
		out.Course = append(out.Course, Aligned{last, points})
		return err
	}
	along := s.AlignEvery > 0 && p.Alignment != nil
	if along {
		run.Callbacks = append(run.Callbacks, train.Callback{AfterEpoch: func(status *train.Status) error {
			if last = status.Epoch; last%s.AlignEvery != 0 {
				return nil
			}
			return align()
		}})
	}
	summary, err := run.Fit(ctx)
	if err != nil {
		return nil, err
	}
	if along && last%s.AlignEvery != 0 {
		if err := align(); err != nil {
			return nil, err
		}
	}
	out.Metrics, out.Epoch, out.Seconds, out.History = summary.Metrics, summary.Epoch, summary.Seconds, summary.History
	if s.Align && p.Alignment != nil {
		if out.Alignment, err = p.Align(ctx, state, seed, options); err != nil {
			return nil, err
		}
	}
	if s.Views && plan.Task.Pictures != nil {
		if out.Views, err = p.views(ctx, state, seed, options); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Align measures the alignment at every point that is delivered to, with the weights of state.
func (p *Programs) Align(ctx context.Context, state *runtime.State, seed int32, o runtime.Options) (map[string]Alignment, error) {
	measure, err := p.aligner(state, seed, o)
	if err != nil {
		return nil, err
	}
	return measure(ctx)
}

// aligner returns Align for a state, for measuring again and again.
func (p *Programs) aligner(state *runtime.State, seed int32, o runtime.Options) (func(context.Context) (map[string]Alignment, error), error) {
	task, err := p.Plan.taskOf(seed)
	if err != nil {
		return nil, err
	}
	batch, err := task.Align()
	if err != nil {
		return nil, err
	}
	m := &alignmentMeter{program: p.Alignment.Program}
	e := &train.Evaluation{Program: m.program, Source: train.Fixed(*batch), Meter: m, Seed: seed}
	run, err := e.Prepare(state, o)
	return func(ctx context.Context) (map[string]Alignment, error) {
		_, err := run(ctx)
		return m.points, err
	}, err
}

// alignmentMeter reads the outputs of an alignment program.
type alignmentMeter struct {
	program *graph.Graph
	points  map[string]Alignment
}

func (m *alignmentMeter) Reset() { m.points = map[string]Alignment{} }

func (m *alignmentMeter) Add(_ *train.Batch, output func(name string) *tensor.Dense) error {
	for _, n := range m.program.Effects("output") {
		point, ok := strings.CutPrefix(n.Name(), "alignment/")
		if !ok || output(n.Name()+"/std") == nil {
			continue // one of the figures that belong to a point
		}
		m.points[point] = Alignment{
			Mean: float64(output(n.Name()).Float32s()[0]), Std: float64(output(n.Name() + "/std").Float32s()[0]),
			Rows: int(output(n.Name() + "/rows").Int32s()[0]), Skipped: int(output(n.Name() + "/skipped").Int32s()[0]),
		}
	}
	return nil
}

func (m *alignmentMeter) Metrics() map[string]float64 {
	out := map[string]float64{}
	for point, a := range m.points {
		out["alignment/"+point] = a.Mean
	}
	return out
}
