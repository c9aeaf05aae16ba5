package runtime

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// traceEvent is an event of the Trace Event Format, which chrome://tracing and Perfetto read; times are in microseconds.
type traceEvent struct {
	Name      string            `json:"name"`
	Category  string            `json:"cat,omitempty"`
	Kind      string            `json:"ph"` // "X" lasts from Start for Duration, "M" is a remark
	Start     float64           `json:"ts"`
	Duration  float64           `json:"dur"`
	Process   int               `json:"pid"`
	Thread    int               `json:"tid"`
	Arguments map[string]string `json:"args"`
}

// WriteTrace writes what was recorded as a Chrome trace: a row for each worker and an event for each part, with op, node, phase and
// region.
func (p *Profile) WriteTrace(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, `{"displayTimeUnit":"ms","traceEvents":[`)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for lane := range p.busy {
		name := map[string]string{"name": fmt.Sprint("worker ", lane)}
		if err := encoder.Encode(traceEvent{Name: "thread_name", Kind: "M", Thread: lane, Arguments: name}); err != nil {
			return err
		}
		if len(p.events) > 0 || lane+1 < len(p.busy) {
			fmt.Fprint(out, ",")
		}
	}
	for i, e := range p.events {
		if i > 0 {
			fmt.Fprint(out, ",")
		}
		c := p.calls[e.call]
		err := encoder.Encode(traceEvent{
			Name: c.op, Category: c.phase, Kind: "X", Thread: e.lane,
			Start: microseconds(e.start), Duration: microseconds(e.end - e.start),
			Arguments: map[string]string{"node": c.text, "phase": c.phase, "region": c.region, "part": fmt.Sprintf("%d of %d", e.part+1, e.parts)},
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "]}")
	return out.Flush()
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
