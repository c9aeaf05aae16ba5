package train

import (
	"context"
	"errors"
	"fmt"
	"io"

	"graft/graph"
	"graft/runtime"
)

// Run is a training run: what to train, on what, for how long, and where to keep the results.
type Run struct {
	// Info describes the run: model, variant, mode, granularity, data, resolved options. A checkpoint is resumed only by a run
	// with the same Info, so all that the results depend on belongs in it, and nothing else.
	Info map[string]string
	// Program is the step program. State holds its parameters; those that it does not hold yet are initialised from Seed.
	Program *graph.Graph
	State   *runtime.State
	Options runtime.Options
	Source  Source
	Epochs  int
	Seed    int32
	LR      Schedule // may be nil for a program that reads no "lr"
	// Evaluation, when set, is run after every epoch.
	Evaluation *Evaluation
	// Best is the metric whose strictly best epoch is reported, the first of equals ("loss" is the training loss). Higher is
	// better, except for loss, log_loss, perplexity, mse and error, also behind a prefix: val_log_loss. Empty selects the last
	// epoch.
	Best      string
	Callbacks []Callback
	// Dir is where the run keeps its files, see the package's doc; empty writes nothing.
	Dir string
	// CheckpointEvery is the number of steps between checkpoints, besides those at the ends of epochs; 0 adds none.
	CheckpointEvery int
	// Resume goes on from the checkpoint in Dir.
	Resume bool
	// Progress gets a line about where the run is, rewritten in place on a terminal; nil is silent.
	Progress io.Writer
}

// Summary is the outcome of a run.
type Summary struct {
	Epoch       int                // the selected epoch, counted from 1; 0 when none was finished
	Metrics     map[string]float64 // of the selected epoch
	Last        map[string]float64 // of the last epoch
	Seconds     float64            // spent training, without evaluation and files, over all processes
	Interrupted bool
	History     []Record
	// Selected is the State after the selected epoch: a copy when Best selects it, otherwise Run.State as it is now. It is nil
	// when a run that was killed while it wrote a better epoch's files has not repeated that epoch.
	Selected *runtime.State
}

// Fit trains. When ctx is done it finishes the running step, writes a checkpoint and returns the Summary so far together with
// an error that wraps ctx's.
func (r *Run) Fit(ctx context.Context) (*Summary, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	l, err := newLoop(r)
	if err != nil {
		return nil, err
	}
	defer l.close()
	cut := l.run(ctx)
	if cut != nil && !errors.Is(cut, errInterrupted) {
		return nil, cut
	}
	s := l.summary(cut != nil)
	for _, c := range r.Callbacks {
		if c.AtEnd == nil {
			continue
		}
		if err := c.AtEnd(s); err != nil && !errors.Is(err, ErrStop) {
			return nil, err
		}
	}
	if cut != nil {
		return s, l.interruption(ctx)
	}
	return s, nil
}

func (r *Run) check() error {
	if err := graph.Check(r.Program); err != nil {
		return err
	}
	switch {
	case r.State == nil:
		return errors.New("no state given to train")
	case r.Source == nil || r.Source.Len() == 0:
		return errors.New("no batches given to train on")
	case r.Epochs < 1:
		return fmt.Errorf("%d epochs asked for, at least 1 is needed", r.Epochs)
	case r.CheckpointEvery < 0:
		return fmt.Errorf("a checkpoint every %d steps asked for", r.CheckpointEvery)
	case r.Program.Result("loss") == nil:
		return fmt.Errorf("program %s has no output \"loss\": only step programs train", r.Program.Name)
	case len(r.Program.Effects("store")) == 0:
		return fmt.Errorf("program %s stores nothing: only step programs train", r.Program.Name)
	case r.LR == nil && r.Program.Leaf("lr") != nil:
		return fmt.Errorf("program %s reads a learning rate and the run has no schedule", r.Program.Name)
	case r.Resume && r.Dir == "":
		return errors.New("nothing to resume: the run has no directory")
	}
	return nil
}

// lr returns the rate of a step.
func (r *Run) lr(m Moment) (float64, error) {
	if r.LR == nil {
		return 0, nil
	}
	return r.LR(m)
}
