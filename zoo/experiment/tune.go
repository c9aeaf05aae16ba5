package experiment

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo/entry"
)

// Search tries the settings of a grid in some modes. A setting is chosen by validation data alone, for each mode by itself, as the
// paper's rates were.
type Search struct {
	Grid     []Axis
	Settings []Setting
	Modes    []string
	Plans    [][]*Plan // by mode and setting
}

// Trial is one training of a search.
type Trial struct {
	Plan     *Plan
	Setting  Setting
	Seed     int32
	Epoch    int                // the reported epoch
	Metrics  map[string]float64 // of the reported epoch
	Diverged string             // why there is no result; "" where there is one
}

// NewSearch resolves the choices for every mode (none named: all) and setting. Task may be nil to check them before data are read; such
// a search cannot run.
func NewSearch(e entry.Entry, task *entry.Task, c Choices, modes []string, grid []Axis) (*Search, error) {
	if len(modes) == 0 {
		for _, pipeline := range passes.Modes() {
			modes = append(modes, pipeline.Mode)
		}
	}
	if len(grid) == 0 {
		return nil, &UsageError{errors.New("there is nothing to search: the grid has no key, such as lr=1e-3,1e-2")}
	}
	if task != nil && task.Tuning != nil {
		task = task.Tuning()
	}
	if task != nil && task.Validation == "" {
		return nil, fmt.Errorf("%s has no validation data to choose settings by", task.Data)
	}
	for i, axis := range grid {
		_, set := c.Set[axis.Key]
		if set || slices.ContainsFunc(grid[:i], func(a Axis) bool { return a.Key == axis.Key }) {
			return nil, &UsageError{fmt.Errorf("grid %v: %s is set elsewhere as well", axis, axis.Key)}
		}
	}
	s := &Search{Grid: grid, Settings: settings(grid), Modes: modes}
	for i, mode := range modes {
		if slices.Contains(modes[:i], mode) {
			return nil, &UsageError{fmt.Errorf("mode %s is named twice", mode)}
		}
		plans, err := s.plans(e, task, c, mode)
		if err != nil {
			return nil, err
		}
		s.Plans = append(s.Plans, plans)
	}
	return s, nil
}

// plans resolves the settings for a mode.
func (s *Search) plans(e entry.Entry, task *entry.Task, c Choices, mode string) ([]*Plan, error) {
	c.Mode = mode
	if mode != "dfa" {
		c.Feedback.Route = 0
	}
	fixed := c.Set
	var plans []*Plan
	for _, setting := range s.Settings {
		c.Set = setting.Map()
		maps.Copy(c.Set, fixed)
		p, err := NewPlan(e, task, c)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// Trying is how, and not what, to search.
type Trying struct {
	Seeds   int // trainings of each setting in each mode, with the seeds 0, 1, 2, ...
	Workers int // as of [Compare]
	// Dir keeps every trial that has ended, so that a search with Resume goes on where one was interrupted; "" keeps nothing.
	Dir    string
	Resume bool
	// What is told as the search goes on, if not nil: first how many trials Dir holds, then of trials as they end, one call at a time;
	// and what else is worth knowing.
	Kept  func(n int)
	Ended func(Trial)
	Note  func(format string, args ...any)
}

// Run trains every plan for every seed and returns the trials in the order of modes, settings and seeds. They do not depend on the
// number of workers, nor on interruptions. A training that diverges is a result like any other.
func (s *Search) Run(ctx context.Context, t Trying) ([]Trial, error) {
	var trials []Trial
	for _, plans := range s.Plans {
		for i, p := range plans {
			for seed := range t.Seeds {
				trials = append(trials, Trial{Plan: p, Setting: s.Settings[i], Seed: int32(seed)})
			}
		}
	}
	kept, err := s.open(t)
	if err != nil {
		return nil, err
	}
	var left []*Trial
	programs := map[*Plan]*Programs{} // all are compiled before the first is trained: a mistake shows at once
	for i := range trials {
		trial := &trials[i]
		if done, err := kept.read(trial); err != nil {
			return nil, err
		} else if done {
			continue
		}
		left = append(left, trial)
		if programs[trial.Plan] == nil {
			if programs[trial.Plan], err = trial.Plan.Programs(); err != nil {
				return nil, fmt.Errorf("mode %s, %v: %w", trial.Plan.Pipeline.Mode, trial.Setting, err)
			}
		}
	}
	if t.Kept != nil {
		t.Kept(len(trials) - len(left))
	}
	var mu sync.Mutex
	return trials, SideBySide(ctx, len(left), t.Workers, func(ctx context.Context, i int, pool *runtime.Pool) error {
		trial := left[i]
		if err := trial.train(ctx, programs[trial.Plan], pool); err != nil {
			return fmt.Errorf("mode %s, %v, seed %d: %w", trial.Plan.Pipeline.Mode, trial.Setting, trial.Seed, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if err := kept.write(trial); err != nil {
			return err
		}
		if t.Ended != nil {
			t.Ended(*trial)
		}
		return nil
	})
}

func (t *Trying) note(format string, args ...any) {
	if t.Note != nil {
		t.Note(format, args...)
	}
}

// train fills in what the training comes to.
func (t *Trial) train(ctx context.Context, programs *Programs, pool *runtime.Pool) error {
	o, err := programs.Train(ctx, t.Seed, Settings{Pool: pool})
	if errors.Is(err, train.ErrDiverged) {
		t.Diverged = err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	metric := t.Plan.Task.Validation
	v, ok := o.Metrics[metric]
	switch {
	case !ok:
		return fmt.Errorf("the evaluation has no metric %q", metric)
	case math.IsNaN(v) || math.IsInf(v, 0): // though the parameters are finite
		t.Diverged = fmt.Sprintf("%s is %v after epoch %d", metric, v, o.Epoch)
	default:
		t.Epoch, t.Metrics = o.Epoch, o.Metrics
	}
	return nil
}
