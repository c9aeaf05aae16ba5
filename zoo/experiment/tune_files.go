package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"graft/runtime/sealed"
)

// searchFile says what a directory of trials was searched for.
const searchFile = "search.json"

// kept are the trials of a search that its directory holds, a file each. nil keeps none.
type kept struct {
	dir    string
	sum    string // of the search's identity: trials of another one are not taken for its own
	note   func(format string, args ...any)
	resume bool
}

// keptTrial is the file of a trial. Metrics are written by strconv, which knows NaN and loses no bit.
type keptTrial struct {
	Search   string            `json:"search"`
	Mode     string            `json:"mode"`
	Setting  map[string]string `json:"setting"`
	Seed     int32             `json:"seed"`
	Epoch    int               `json:"epoch,omitempty"`
	Metrics  map[string]string `json:"metrics,omitempty"`
	Diverged string            `json:"diverged,omitempty"`
}

// open takes the directory for the search: a new one, or with Resume one that this search has been begun in.
func (s *Search) open(t Trying) (*kept, error) {
	if t.Dir == "" {
		return nil, nil
	}
	path := filepath.Join(t.Dir, searchFile)
	_, err := os.Stat(path)
	switch {
	case err == nil && !t.Resume:
		return nil, fmt.Errorf("%s exists: pass --resume to go on with that search, or choose another --out", path)
	case errors.Is(err, fs.ErrNotExist) && t.Resume:
		return nil, fmt.Errorf("nothing to resume in %s: it has no %s", t.Dir, searchFile)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	identity, err := s.identity()
	if err != nil {
		return nil, err
	}
	k := &kept{dir: t.Dir, note: t.note, resume: t.Resume}
	if k.sum, err = sealed.Digest(identity); err != nil {
		return nil, err
	}
	if !t.Resume {
		if err := os.MkdirAll(t.Dir, 0o755); err != nil {
			return nil, err
		}
		return k, sealed.Write(path, identity)
	}
	var there map[string]string
	if err := sealed.Read(path, &there); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(merged(there, identity))) {
		if there[key] != identity[key] {
			return nil, fmt.Errorf("%s is of another search: %s is %q there and %q here", path, key, there[key], identity[key])
		}
	}
	k.sweep()
	return k, nil
}

// identity names everything that decides what a trial comes to, but for its mode, setting and seed.
func (s *Search) identity() (map[string]string, error) {
	var grid []string
	for _, axis := range s.Grid {
		grid = append(grid, axis.String())
	}
	first := s.Plans[0][0]
	data, err := Fingerprint(first.Task, first.Recipe.Batch)
	if err != nil {
		return nil, err
	}
	id := map[string]string{"grid": strings.Join(grid, " "), "modes": strings.Join(s.Modes, ","), "data sha256": data}
	for i, mode := range s.Modes {
		p := s.Plans[i][0] // the others differ by the grid alone
		for key, value := range p.Info() {
			id[mode+"."+key] = value
		}
		id[mode+".epochs"] = strconv.Itoa(p.Recipe.Epochs)
	}
	return id, nil
}

func merged(a, b map[string]string) map[string]string {
	m := maps.Clone(a)
	if m == nil {
		return b
	}
	maps.Copy(m, b)
	return m
}

// sweep removes what a killed process has left of files that it was writing.
func (k *kept) sweep() {
	left, _ := filepath.Glob(filepath.Join(k.dir, ".*.json.*.tmp")) // as atomicfile names them
	for _, tmp := range left {
		os.Remove(tmp)
	}
}

// path names the file of a trial: bp_lr=0.01_dropout=0.5_seed0.json. What a file name may not hold is written %2F.
func (k *kept) path(t *Trial) string {
	name := t.Plan.Pipeline.Mode + "_" + strings.ReplaceAll(t.Setting.String(), " ", "_") + "_seed" + strconv.Itoa(int(t.Seed)) + ".json"
	return filepath.Join(k.dir, sealed.FileName(name))
}

// read brings in a trial that has ended before, if there is one.
func (k *kept) read(t *Trial) (bool, error) {
	if k == nil || !k.resume {
		return false, nil
	}
	path := k.path(t)
	var got keptTrial
	err := sealed.Read(path, &got)
	var broken *sealed.BrokenError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.As(err, &broken):
		k.note("%v; that training is done again", err)
		return false, nil
	case err != nil:
		return false, err
	}
	if got.Search != k.sum || got.Mode != t.Plan.Pipeline.Mode || !maps.Equal(got.Setting, t.Setting.Map()) || got.Seed != t.Seed {
		return false, fmt.Errorf("%s is of another search or training: mode %s, setting %v, seed %d", path, got.Mode, got.Setting, got.Seed)
	}
	t.Epoch, t.Diverged = got.Epoch, got.Diverged
	if t.Diverged != "" {
		return true, nil
	}
	t.Metrics = map[string]float64{}
	for name, text := range got.Metrics {
		if t.Metrics[name], err = strconv.ParseFloat(text, 64); err != nil {
			return false, fmt.Errorf("%s: metric %s: %w", path, name, err)
		}
	}
	if _, ok := t.Metrics[t.Plan.Task.Validation]; !ok {
		return false, fmt.Errorf("%s: there is no metric %s", path, t.Plan.Task.Validation)
	}
	return true, nil
}

// write keeps a trial that has ended.
func (k *kept) write(t *Trial) error {
	if k == nil {
		return nil
	}
	file := keptTrial{Search: k.sum, Mode: t.Plan.Pipeline.Mode, Setting: t.Setting.Map(), Seed: t.Seed, Epoch: t.Epoch, Diverged: t.Diverged}
	if t.Diverged == "" {
		file.Metrics = map[string]string{}
		for name, v := range t.Metrics {
			file.Metrics[name] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return sealed.Write(k.path(t), file)
}
