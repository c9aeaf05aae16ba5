package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"

	"graft/runtime"
	"graft/runtime/native"
	"graft/runtime/safetensors"
)

// files are the three files of a run's directory.
type files struct {
	id               identity
	checkpoint, best string // paths
	metrics          *journal
	savedStep        int // of the last checkpoint written or read
}

// openFiles takes the directory for this process. It refuses a new run where there is one already, and to resume where there
// is nothing; it alters nothing.
func openFiles(dir string, resume bool, id identity) (*files, error) {
	f := &files{id: id, checkpoint: filepath.Join(dir, "checkpoint.safetensors"), best: filepath.Join(dir, "best.safetensors")}
	metrics := filepath.Join(dir, "metrics.jsonl")
	if resume {
		if _, err := os.Stat(f.checkpoint); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("nothing to resume in %s: it has no checkpoint", dir)
		}
	} else {
		for _, path := range []string{f.checkpoint, f.best, metrics} {
			if info, err := os.Stat(path); err == nil && info.Size() > 0 {
				return nil, fmt.Errorf("%s exists: a run would destroy it; pass --resume or choose another --out", path)
			}
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	var err error
	if f.metrics, err = openJournal(metrics, !resume); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *files) close() {
	if f != nil {
		f.metrics.file.Close()
	}
}

// restored is a run as its files tell it.
type restored struct {
	at      cursor
	history []Record
	best    snapshot
	kernels string
}

// restore brings s to where the checkpoint was written, after checking everything.
func (f *files) restore(s *runtime.State) (*restored, error) {
	file, err := safetensors.ReadChecked(f.checkpoint)
	if err != nil {
		return nil, err
	}
	if err := f.id.check(f.checkpoint, checkpointFormat, file.Metadata); err != nil {
		return nil, err
	}
	if err := fits(f.checkpoint, file.Tensors, s); err != nil {
		return nil, err
	}
	r := &restored{kernels: file.Metadata[kernelsKey]}
	if err := json.Unmarshal([]byte(file.Metadata[cursorKey]), &r.at); err != nil {
		return nil, fmt.Errorf("%s: metadata %q: %w", f.checkpoint, cursorKey, err)
	}
	if r.history, err = f.metrics.cover(r.at.MetricsBytes, r.at.MetricsSum); err != nil {
		return nil, err
	}
	if len(r.history) != r.at.Epoch {
		return nil, fmt.Errorf("%s: %d epochs recorded, the checkpoint is in epoch %d", f.metrics.file.Name(), len(r.history), r.at.Epoch+1)
	}
	if f.id.best != "" && best(r.history, f.id.best) >= 0 {
		if r.best, err = f.restoreBest(s); err != nil {
			return nil, err
		}
	}
	// Nothing is refused from here on.
	f.sweep()
	if err := f.metrics.cut(); err != nil {
		return nil, err
	}
	f.savedStep = r.at.Step
	return r, restore(file.Tensors, s)
}

// restoreBest reads the best epoch's tensors. They may be those of the epoch after the checkpoint, when
// the run was killed between the two files; that epoch is about to be repeated.
func (f *files) restoreBest(s *runtime.State) (b snapshot, err error) {
	file, err := safetensors.ReadChecked(f.best)
	if err != nil {
		return b, err
	}
	if err := f.id.check(f.best, bestFormat, file.Metadata); err != nil {
		return b, err
	}
	if err := fits(f.best, file.Tensors, s); err != nil {
		return b, err
	}
	var r Record
	if err := json.Unmarshal([]byte(file.Metadata[recordKey]), &r); err != nil {
		return b, fmt.Errorf("%s: metadata %q: %w", f.best, recordKey, err)
	}
	b = snapshot{s.Clone(), r.Epoch}
	return b, restore(file.Tensors, b.state)
}

// sweep removes what a killed process has left of files it was writing.
func (f *files) sweep() {
	for _, path := range []string{f.checkpoint, f.best} {
		dir, name := filepath.Split(path)
		left, _ := filepath.Glob(filepath.Join(dir, "."+name+".*.tmp")) // as safetensors.Write names them
		for _, tmp := range left {
			os.Remove(tmp)
		}
	}
}

// save writes a checkpoint. top is the best record so far, for readers of the file; a resume finds it in the metrics.
func (f *files) save(s *runtime.State, at cursor, top *Record) error {
	at.MetricsBytes, at.MetricsSum = f.metrics.size, f.metrics.digest()
	meta, err := f.id.metadata(checkpointFormat)
	if err != nil {
		return err
	}
	c, err := json.Marshal(at)
	if err != nil {
		return err
	}
	meta[cursorKey] = string(c)
	if top != nil {
		if err := addRecord(meta, top); err != nil {
			return err
		}
	}
	if err := writeState(f.checkpoint, s, meta); err != nil {
		return err
	}
	f.savedStep = at.Step
	return nil
}

// saveBest writes the tensors after the best epoch so far.
func (f *files) saveBest(s *runtime.State, r *Record) error {
	meta, err := f.id.metadata(bestFormat)
	if err != nil {
		return err
	}
	if err := addRecord(meta, r); err != nil {
		return err
	}
	return writeState(f.best, s, meta)
}

func addRecord(meta map[string]string, r *Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	meta[recordKey] = string(line)
	return nil
}

// kernelFamily names the kernels whose bits a run has.
func kernelFamily(o runtime.Options) string {
	if o.Backend != nil {
		return o.Backend.Name() + "-" + goruntime.GOARCH
	}
	return "native-" + native.Family()
}
