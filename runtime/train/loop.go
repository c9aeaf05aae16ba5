package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"graft/runtime"
)

// errInterrupted says that the context was done; a checkpoint has been written.
var errInterrupted = errors.New("interrupted")

// ErrDiverged is what the error of a run wraps whose loss or parameters are no longer finite.
var ErrDiverged = errors.New("training diverged")

// loop is a Run in progress.
type loop struct {
	*Run
	exec     *executor
	eval     *evaluator // nil without evaluation
	batch    Batch
	at       cursor
	history  []Record
	files    *files // nil without a directory
	best     snapshot
	status   Status
	progress *progress
}

// snapshot is the State after the best epoch so far; the zero value before there is one.
type snapshot struct {
	state *runtime.State
	epoch int // counted from 1
}

// newLoop makes everything ready: the state is initialised or, on resume, restored.
func newLoop(r *Run) (*loop, error) {
	l := &loop{Run: r, exec: newExecutor(r.Program, r.State, r.Options, r.Seed), progress: newProgress(r)}
	l.status.State = r.State
	if err := l.initialise(); err != nil {
		return nil, err
	}
	if r.Dir == "" {
		return l, nil
	}
	id := identity{r.Info, r.Seed, r.Best, kernelFamily(r.Options)}
	if err := l.open(id); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *loop) open(id identity) (err error) {
	if l.files, err = openFiles(l.Dir, l.Resume, id); err != nil {
		return err
	}
	if !l.Resume {
		return l.save() // so that there is something to resume from the first moment on
	}
	back, err := l.files.restore(l.State)
	if err != nil {
		return err
	}
	l.at, l.history, l.best = back.at, back.history, back.best
	l.progress.resume(l.at)
	if back.kernels != id.kernels {
		l.progress.note("note: %s was written with kernels %q, these are %q: results will differ in the last bits",
			l.files.checkpoint, back.kernels, id.kernels)
	}
	l.progress.note("resuming %s at epoch %d, step %d", l.Dir, l.at.Epoch+1, l.at.Step)
	return nil
}

// initialise fills in what the State does not hold. Leaves may have symbols in their shapes, so a batch is needed.
func (l *loop) initialise() error {
	if err := l.Source.Batch(0, 0, &l.batch); err != nil {
		return fmt.Errorf("epoch 1, batch 0: %w", err)
	}
	if err := l.State.Init(l.Program, l.batch.Binding, l.Seed); err != nil {
		return err
	}
	if l.Evaluation == nil {
		return nil
	}
	var err error
	if l.eval, err = newEvaluator(l.Evaluation, l.State, l.Options, l.Seed); err != nil {
		return err
	}
	if l.eval.Source.Len() == 0 {
		return errors.New("no batches given to evaluate on")
	}
	if err := l.eval.Source.Batch(0, 0, &l.eval.batch); err != nil {
		return fmt.Errorf("evaluation, batch 0: %w", err)
	}
	return l.State.Init(l.Evaluation.Program, l.eval.batch.Binding, l.Seed)
}

func (l *loop) close() {
	l.progress.end()
	l.files.close()
}

func (l *loop) run(ctx context.Context) error {
	for !l.at.done(l.Epochs) {
		if err := l.steps(ctx); err != nil {
			return err
		}
		if err := l.finishEpoch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// steps runs what is left of the epoch.
func (l *loop) steps(ctx context.Context) error {
	for l.at.Index < l.Source.Len() && !l.at.Stopped {
		if ctx.Err() != nil {
			return l.interrupt()
		}
		begin := time.Now()
		if err := l.step(); err != nil {
			return err
		}
		now := time.Now()
		l.at.Seconds += now.Sub(begin).Seconds()
		if err := l.afterStep(); err != nil {
			return err
		}
		l.progress.step(now, l)
		if l.CheckpointEvery > 0 && l.at.Step%l.CheckpointEvery == 0 {
			if err := l.save(); err != nil {
				return err
			}
		}
	}
	return nil
}

// step trains on the next batch. It does not look at the context: a step that is begun is finished.
func (l *loop) step() error {
	where := func() string { return fmt.Sprintf("epoch %d, batch %d", l.at.Epoch+1, l.at.Index) }
	if err := l.Source.Batch(l.at.Epoch, l.at.Index, &l.batch); err != nil {
		return fmt.Errorf("%s: %w", where(), err)
	}
	lr, err := l.lr(Moment{l.at.Step, l.at.Epoch, l.history})
	if err != nil {
		return fmt.Errorf("%s: %w", where(), err)
	}
	b, err := l.exec.step(context.Background(), &l.batch, l.at.Step, lr)
	if err != nil {
		return fmt.Errorf("%s: %w", where(), err)
	}
	loss := b.loss.Float()
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("%w: the loss is %v at step %d (%s) with lr %v; %s", ErrDiverged, loss, l.at.Step, where(), lr, l.kept())
	}
	l.at.Step++
	l.at.Index++
	l.at.LossSum += loss
	l.status.Loss, l.status.LR, l.status.Output = loss, lr, b.output
	return nil
}

func (l *loop) afterStep() error {
	l.status.Epoch, l.status.Step, l.status.History = l.at.Epoch, l.at.Step, l.history
	for i := range l.Callbacks {
		if f := l.Callbacks[i].AfterStep; f != nil {
			if err := l.obey(f(&l.status)); err != nil {
				return err
			}
		}
	}
	return nil
}

// obey turns a callback's wish to stop into a state of the run.
func (l *loop) obey(err error) error {
	if errors.Is(err, ErrStop) {
		l.at.Stopped = true
		return nil
	}
	return err
}

// finishEpoch evaluates, records and saves.
func (l *loop) finishEpoch(ctx context.Context) error {
	lr, err := l.lr(Moment{l.at.Step - 1, l.at.Epoch, l.history})
	if err != nil {
		return err
	}
	r := Record{
		Epoch: l.at.Epoch + 1, Step: l.at.Step, Loss: l.at.LossSum / float64(l.at.Index),
		LR: lr, Seconds: l.at.Seconds, Metrics: map[string]float64{},
	}
	if l.eval != nil {
		metrics, err := l.eval.run(ctx)
		if ctx.Err() != nil {
			return l.interrupt()
		}
		if err != nil {
			return fmt.Errorf("epoch %d: %w", r.Epoch, err)
		}
		for name, v := range metrics {
			r.Metrics[name] = v
		}
	}
	l.history = append(l.history, r)
	l.at.Epoch, l.at.Index, l.at.LossSum = l.at.Epoch+1, 0, 0
	if err := l.afterEpoch(); err != nil {
		return err
	}
	if err := l.keep(); err != nil {
		return err
	}
	l.progress.epoch(time.Now(), l)
	return nil
}

func (l *loop) afterEpoch() error {
	r := &l.history[len(l.history)-1]
	l.status = Status{Epoch: l.at.Epoch, Step: l.at.Step, Loss: l.status.Loss, LR: r.LR, History: l.history, State: l.State}
	for _, c := range l.Callbacks {
		if c.AfterEpoch != nil {
			if err := l.obey(c.AfterEpoch(&l.status)); err != nil {
				return err
			}
		}
	}
	if err := r.checkNames(); err != nil {
		return err
	}
	if l.Best == "" {
		return nil
	}
	_, err := r.value(l.Best)
	return err
}

// keep writes the epoch that has just ended: its record, its parameters if they are the best so far, and a checkpoint.
func (l *loop) keep() error {
	if err := l.finite(); err != nil {
		return err
	}
	r := &l.history[len(l.history)-1]
	isBest := l.Best != "" && best(l.history, l.Best) == len(l.history)-1
	if isBest {
		if err := l.best.take(l.State, r.Epoch); err != nil {
			return err
		}
	}
	if l.files == nil {
		return nil
	}
	if err := l.files.metrics.append(r); err != nil {
		return err
	}
	if isBest {
		if err := l.files.saveBest(l.State, r); err != nil {
			return err
		}
	}
	return l.write()
}

func (b *snapshot) take(s *runtime.State, epoch int) error {
	b.epoch = epoch
	if b.state != nil {
		return b.state.CopyFrom(s)
	}
	b.state = s.Clone()
	return nil
}

// save writes a checkpoint of parameters that are finite.
func (l *loop) save() error {
	if l.files == nil {
		return nil
	}
	if err := l.finite(); err != nil {
		return err
	}
	return l.write()
}

func (l *loop) write() error {
	var top *Record
	if i := l.selected(); l.Best != "" && i >= 0 {
		top = &l.history[i]
	}
	return l.files.save(l.State, l.at, top)
}

// selected returns the place of the selected epoch in the history, -1 when it is empty. When the metric was never a number,
// the last epoch is as good as any.
func (l *loop) selected() int {
	if l.Best != "" {
		if i := best(l.history, l.Best); i >= 0 {
			return i
		}
	}
	return len(l.history) - 1
}

// finite refuses parameters that no training comes back from.
func (l *loop) finite() error {
	if name := notFinite(l.Program, l.State); name != "" {
		return fmt.Errorf("%w: parameter %q is not finite after %d steps, the last with lr %v; %s",
			ErrDiverged, name, l.at.Step, l.status.LR, l.kept())
	}
	return nil
}

// kept says what is left of a run that has diverged.
func (l *loop) kept() string {
	if l.files == nil {
		return "nothing has been saved"
	}
	return fmt.Sprintf("%s holds the run as it was after %d steps", l.files.checkpoint, l.files.savedStep)
}

func (l *loop) interrupt() error {
	if err := l.save(); err != nil {
		return err
	}
	return errInterrupted
}

// interruption is the error that the user sees.
func (l *loop) interruption(ctx context.Context) error {
	if l.files == nil {
		return fmt.Errorf("interrupted after %d steps; nothing has been saved: %w", l.at.Step, ctx.Err())
	}
	return fmt.Errorf("interrupted after %d steps; resume from %s: %w", l.at.Step, l.files.checkpoint, ctx.Err())
}

func (l *loop) summary(interrupted bool) *Summary {
	s := &Summary{Seconds: l.at.Seconds, Interrupted: interrupted, History: l.history, Selected: l.State}
	i := l.selected()
	if i < 0 {
		return s
	}
	s.Epoch, s.Metrics, s.Last = l.history[i].Epoch, l.history[i].Metrics, l.history[len(l.history)-1].Metrics
	if l.best.state == nil {
		return s
	}
	if s.Selected = l.best.state; l.best.epoch != s.Epoch {
		s.Selected = nil
	}
	return s
}
