package reproduce

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"graft/runtime"
	"graft/runtime/native"
	"graft/runtime/sealed"
	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// Runner trains cells and keeps what has been trained.
type Runner struct {
	// Dir holds a file for each training that has ended, in its folder trainings.
	Dir string
	// Data is where data sets are looked for first, or "".
	Data string
	// Workers is how many trainings run side by side, each on one core; 0 stands for as many as Go may use processors. Results
	// do not depend on it.
	Workers int
	// What is told as trainings end, if not nil, one call at a time. Kept says that a training was there already.
	Ended func(c Cell, t Training, kept bool)
	// Note is told what else is worth knowing, if not nil.
	Note func(format string, args ...any)
}

// Results are the trainings of each cell, in the order of seeds.
type Results map[Cell][]Training

// job is one training to be done.
type job struct {
	cell     Cell
	seed     int32
	programs *experiment.Programs
	identity string
	to       *Training
}

// Run trains every cell for the seeds first to first+n-1, or reads the trainings that Dir has. The results do not depend on what
// it had. The first error, or the end of ctx, ends the trainings that are running; those that have ended are kept.
func (r *Runner) Run(ctx context.Context, cells []Cell, first int32, n int) (Results, error) {
	for _, c := range cells { // mistakes show before data are read
		if _, err := c.plan(nil); err != nil {
			return nil, err
		}
	}
	dir := filepath.Join(r.Dir, "trainings")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	sweep(dir)
	out, jobs := Results{}, []job{}
	data := &opened{dir: r.Data}
	for _, c := range cells {
		if out[c] != nil {
			continue
		}
		out[c] = make([]Training, n)
		task, err := data.open(c)
		if err != nil {
			return nil, err
		}
		plan, err := c.plan(task)
		if err != nil {
			return nil, err
		}
		identity, err := identify(plan)
		if err != nil {
			return nil, err
		}
		var programs *experiment.Programs // compiled only if a training is left to do
		for i := range n {
			j := job{c, first + int32(i), programs, identity, &out[c][i]}
			if done, err := r.read(dir, j); err != nil {
				return nil, err
			} else if done {
				r.ended(j, true)
				continue
			}
			if programs == nil {
				if programs, err = plan.Programs(); err != nil {
					return nil, fmt.Errorf("%v: %w", c, err)
				}
			}
			j.programs = programs
			jobs = append(jobs, j)
		}
	}
	var mu sync.Mutex
	return out, experiment.SideBySide(ctx, len(jobs), r.Workers, func(ctx context.Context, i int, pool *runtime.Pool) error {
		j := jobs[i]
		t, err := j.cell.train(ctx, j.programs, j.seed, pool)
		if err != nil {
			return fmt.Errorf("%v, seed %d: %w", j.cell, j.seed, err)
		}
		mu.Lock()
		defer mu.Unlock()
		*j.to = t
		if err := sealed.Write(filepath.Join(dir, sealed.FileName(j.cell.file(j.seed))), keptTraining{j.identity, t}); err != nil {
			return err
		}
		r.ended(j, false)
		return nil
	})
}

func (r *Runner) ended(j job, kept bool) {
	if r.Ended != nil {
		r.Ended(j.cell, *j.to, kept)
	}
}

func (r *Runner) note(format string, args ...any) {
	if r.Note != nil {
		r.Note(format, args...)
	}
}

// keptTraining is the file of a training. Identity is the digest of everything that decides what it comes to, but for the seed.
type keptTraining struct {
	Identity string   `json:"identity"`
	Training Training `json:"training"`
}

// read brings in a training that has ended before. One that was torn, or trained in another way, is done again.
func (r *Runner) read(dir string, j job) (bool, error) {
	path := filepath.Join(dir, sealed.FileName(j.cell.file(j.seed)))
	var kept keptTraining
	err := sealed.Read(path, &kept)
	var broken *sealed.BrokenError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.As(err, &broken):
		r.note("%v; that training is done again", err)
		return false, nil
	case err != nil:
		return false, err
	case kept.Identity != j.identity || kept.Training.Seed != j.seed:
		r.note("%s was trained with another recipe, data or kernels; that training is done again", path)
		return false, nil
	}
	*j.to = kept.Training
	return true, nil
}

// identify returns the digest of what decides the results of a plan besides the seed.
func identify(p *experiment.Plan) (string, error) {
	id := p.Info()
	id["epochs"], id["alignment"] = strconv.Itoa(p.Recipe.Epochs), strconv.Itoa(alignEvery)
	id["kernels"] = native.Family()
	var err error
	if id["data sha256"], err = experiment.Fingerprint(p.Task, p.Recipe.Batch); err != nil {
		return "", err
	}
	return sealed.Digest(id)
}

// sweep removes what a killed process has left of files that it was writing.
func sweep(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, ".*.json.*.tmp")) // as atomicfile names them
	for _, tmp := range left {
		os.Remove(tmp)
	}
}

// opened keeps the tasks of models, which are the same for all modes.
type opened struct {
	dir   string
	tasks map[[2]string]*entry.Task
}

func (o *opened) open(c Cell) (*entry.Task, error) {
	key := [2]string{c.Model, c.Data}
	if t := o.tasks[key]; t != nil {
		return t, nil
	}
	e, err := zoo.Lookup(c.Model)
	if err != nil {
		return nil, err
	}
	t, _, err := experiment.Open(e, c.Data, o.dir)
	if err != nil {
		return nil, err
	}
	if o.tasks == nil {
		o.tasks = map[[2]string]*entry.Task{}
	}
	o.tasks[key] = t
	return t, nil
}
