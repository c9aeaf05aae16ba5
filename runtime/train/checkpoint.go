package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"graft/graph"
	"graft/runtime"
	"graft/runtime/safetensors"

	"gorgonia.org/tensor"
)

// cursor is how far a run is: with the State, all that it takes to go on. Index is the number of steps done in the running
// epoch; when it is the epoch's last, the evaluation is still to come.
type cursor struct {
	Step    int     `json:"step"`
	Epoch   int     `json:"epoch"`
	Index   int     `json:"index"`
	LossSum float64 `json:"loss_sum"` // over the running epoch
	Seconds float64 `json:"seconds"`
	Stopped bool    `json:"stopped"` // a callback has asked for the end; the running epoch is still to be finished if it has begun
	// The lines of metrics.jsonl that belong to this checkpoint.
	MetricsBytes int64  `json:"metrics_bytes"`
	MetricsSum   string `json:"metrics_sha256"`
}

func (c *cursor) done(epochs int) bool { return c.Index == 0 && (c.Stopped || c.Epoch >= epochs) }

// The metadata of the two files. formatKey tells their kinds and versions apart; the keys of the identity must agree between
// a file and the run that reads it.
const (
	formatKey  = "format"
	infoKey    = "info"
	seedKey    = "seed"
	bestKey    = "best_metric"
	kernelsKey = "kernels"
	cursorKey  = "cursor" // checkpoint only
	recordKey  = "record" // the best epoch's record so far

	checkpointFormat = "graft-checkpoint 1"
	bestFormat       = "graft-best 1"
)

// identity is what makes a run this run and no other. kernels is written down and not compared: another family gives other
// bits, which is worth a note and no reason to refuse.
type identity struct {
	info    map[string]string
	seed    int32
	best    string
	kernels string
}

func (id identity) metadata(format string) (map[string]string, error) {
	info, err := json.Marshal(id.info)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		formatKey: format, infoKey: string(info), seedKey: strconv.Itoa(int(id.seed)), bestKey: id.best, kernelsKey: id.kernels,
	}, nil
}

// check compares the metadata of a file with what this run would write.
func (id identity) check(path, format string, meta map[string]string) error {
	differs := func(key, theirs, ours string) error {
		return fmt.Errorf("%s is of another run: %s is %q there and %q here", path, key, theirs, ours)
	}
	if meta[formatKey] != format {
		return fmt.Errorf("%s: format %q, want %q", path, meta[formatKey], format)
	}
	var info map[string]string
	if err := json.Unmarshal([]byte(meta[infoKey]), &info); err != nil {
		return fmt.Errorf("%s: metadata %q: %w", path, infoKey, err)
	}
	keys := maps.Clone(info)
	if keys == nil {
		keys = map[string]string{}
	}
	maps.Copy(keys, id.info)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		theirs, there := info[key]
		ours, here := id.info[key]
		switch {
		case !there:
			return fmt.Errorf("%s is of another run: %s is not set there and %q here", path, key, ours)
		case !here:
			return fmt.Errorf("%s is of another run: %s is %q there and not set here", path, key, theirs)
		case theirs != ours:
			return differs(key, theirs, ours)
		}
	}
	if ours := strconv.Itoa(int(id.seed)); meta[seedKey] != ours {
		return differs(seedKey, meta[seedKey], ours)
	}
	if meta[bestKey] != id.best {
		return differs("the metric that selects the best epoch", meta[bestKey], id.best)
	}
	return nil
}

// writeState writes the tensors of s with the given metadata.
func writeState(path string, s *runtime.State, meta map[string]string) error {
	f := &safetensors.File{Tensors: map[string]*tensor.Dense{}, Metadata: meta}
	for _, name := range s.Names() {
		f.Tensors[name] = s.Tensor(name)
	}
	return safetensors.Write(path, f)
}

// fits checks that the tensors of a file are those of s, in name, element type and shape.
func fits(path string, tensors map[string]*tensor.Dense, s *runtime.State) error {
	for _, name := range s.Names() {
		have, want := tensors[name], s.Tensor(name)
		if have == nil {
			return fmt.Errorf("%s: tensor %q is missing", path, name)
		}
		if have.Dtype() != want.Dtype() || !slices.Equal(have.Shape(), want.Shape()) {
			return fmt.Errorf("%s: tensor %q is %v%v there and %v%v here", path, name,
				have.Dtype(), []int(have.Shape()), want.Dtype(), []int(want.Shape()))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		if s.Tensor(name) == nil {
			return fmt.Errorf("%s: tensor %q is none of this program's", path, name)
		}
	}
	return nil
}

// restore copies the tensors of a file that fits into s.
func restore(tensors map[string]*tensor.Dense, s *runtime.State) error {
	for _, name := range s.Names() {
		if err := s.Set(name, tensors[name]); err != nil {
			return err
		}
	}
	return nil
}

// notFinite returns the first parameter of p that holds NaN or an infinity, or "".
func notFinite(p *graph.Graph, s *runtime.State) string {
	for _, leaf := range p.Leaves("param") {
		b := s.Buffer(leaf.Node.Name())
		if slices.ContainsFunc(b.F32, func(x float32) bool { return x-x != 0 }) ||
			slices.ContainsFunc(b.F64, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }) {
			return leaf.Node.Name()
		}
	}
	return ""
}
