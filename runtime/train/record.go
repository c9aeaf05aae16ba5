package train

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Record is what is known after an epoch: a line of metrics.jsonl.
type Record struct {
	Epoch   int     // epochs finished, this one included
	Step    int     // steps finished
	Loss    float64 // mean of the training losses of the epoch's steps
	LR      float64 // of the last step
	Seconds float64 // spent training since the run began, over all its processes
	Metrics map[string]float64
}

// head lists the members of a line that are no metrics, in the order of the line.
func (r *Record) head() []member {
	return []member{{"epoch", &r.Epoch}, {"step", &r.Step}, {"loss", (*number)(&r.Loss)}, {"lr", (*number)(&r.LR)},
		{"seconds", (*number)(&r.Seconds)}}
}

type member struct {
	key   string
	value any
}

// MarshalJSON writes one flat object: epoch, step, loss, lr, seconds, then the metrics sorted by name. JSON has no NaN and no
// infinities; they are written as the strings "NaN", "+Inf" and "-Inf".
func (r Record) MarshalJSON() ([]byte, error) {
	members := r.head()
	if err := r.checkNames(); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		members = append(members, member{name, number(r.Metrics[name])})
	}
	line := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			line = append(line, ',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		line = append(append(append(line, key...), ':'), value...)
	}
	return append(line, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Record) UnmarshalJSON(line []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		return err
	}
	*r = Record{Metrics: map[string]float64{}}
	for _, m := range r.head() {
		if err := json.Unmarshal(members[m.key], m.value); err != nil {
			return fmt.Errorf("%s: %w", m.key, err)
		}
		delete(members, m.key)
	}
	for name, raw := range members {
		var v number
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.Metrics[name] = float64(v)
	}
	return nil
}

func (r *Record) checkNames() error {
	for _, m := range r.head() {
		if _, ok := r.Metrics[m.key]; ok {
			return fmt.Errorf("a metric cannot be called %q: the record has a member of that name", m.key)
		}
	}
	return nil
}

// value returns a metric by name; "loss" is the training loss.
func (r *Record) value(metric string) (float64, error) {
	if metric == "loss" {
		return r.Loss, nil
	}
	v, ok := r.Metrics[metric]
	if !ok {
		known := append(slices.Sorted(maps.Keys(r.Metrics)), "loss")
		return 0, fmt.Errorf("no metric %q to select the best epoch by; there are %s", metric, strings.Join(known, ", "))
	}
	return v, nil
}

// lowerIsBetter names the metrics, with or without a prefix such as "val_", whose best value is the smallest.
var lowerIsBetter = [...]string{"loss", "log_loss", "perplexity", "mse", "error"}

// Better reports whether value v of a metric is strictly better than w; whether more or less of it is better, its name says: less of
// a loss, a perplexity or an error, more of anything else. NaN is never better, and anything is better than it.
func Better(metric string, v, w float64) bool {
	for _, name := range lowerIsBetter {
		if metric == name || strings.HasSuffix(metric, "_"+name) {
			v, w = -v, -w
			break
		}
	}
	return v > w || !math.IsNaN(v) && math.IsNaN(w)
}

// best returns the first record whose value of a metric no other exceeds, or -1 when there is none but NaN.
func best(history []Record, metric string) int {
	at, top := -1, math.NaN()
	for i := range history {
		if v, err := history[i].value(metric); err == nil && Better(metric, v, top) {
			at, top = i, v
		}
	}
	return at
}

// number is a float64 that survives JSON whatever its value.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(v, 'g', -1, 64)), nil
	}
	return json.Marshal(v)
}

func (n *number) UnmarshalJSON(raw []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	*n = number(v)
	return err
}
