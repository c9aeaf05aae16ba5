package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"graft/runtime"
	"graft/zoo/bench"
)

// benchTable writes measurements: JSON lines, or a table for each workload, number of workers and batch.
type benchTable struct {
	w      io.Writer
	asJSON bool
	tables int
}

func (b *benchTable) write(m bench.Machine, results []*bench.Result, profile bool) error {
	if b.asJSON {
		for _, r := range results {
			for _, row := range r.Rows(m) {
				if err := writeJSON(b.w, row); err != nil {
					return err
				}
			}
		}
		return nil
	}
	text := b.head(m, results[0]) + stepTable(m, results) + "\n" + phaseTable(results)
	if profile {
		for _, r := range results {
			text += "\n" + profileTables(r)
		}
	}
	_, err := io.WriteString(b.w, text)
	return err
}

// head says what is measured, and on what.
func (b *benchTable) head(m bench.Machine, r *bench.Result) string {
	gap := ""
	if b.tables++; b.tables > 1 {
		gap = "\n"
	}
	rows := ""
	if n := r.Batch(); n > 0 {
		rows = fmt.Sprintf(", %d rows", n)
	}
	return fmt.Sprintf("%s%s: %s\nhere: %s%s, data %s; at best %.1f GFLOPS and %.1f GB/s\n\n",
		gap, r.Workload.Name, r.Workload.Work, count(r.Workers, "worker"), rows, r.Data, m.FLOPS/1e9, m.Bandwidth/1e9)
}

// stepTable has a row for each mode. Modes that were timed beside bp are compared with it: the speed-up, and the one that the two
// rooflines allow.
func stepTable(m bench.Machine, results []*bench.Result) string {
	t := table{right: map[int]bool{}}
	for i := 1; i < 14; i++ {
		t.right[i] = true
	}
	t.add("mode", "step ms", "spread", "fastest", "steps", "GFLOPS", "roofline ms", "share", "GFLOP", "MB moved", "peak MB", "allocs", "over bp", "allowed")
	for _, r := range results {
		over, allowed := "-", "-"
		if bp := results[0]; len(results) > 1 && bp.Plan.Pipeline.Mode == "bp" {
			over = fmt.Sprintf("%.2f", bench.Median(bp.Steps).Seconds()/bench.Median(r.Steps).Seconds())
			allowed = fmt.Sprintf("%.2f", m.Roofline(bp.Need).Seconds()/m.Roofline(r.Need).Seconds())
		}
		mid := bench.Median(r.Steps)
		t.add(modeOf(r), ms(mid), ms(bench.Spread(r.Steps)), ms(slices.Min(r.Steps)), fmt.Sprint(len(r.Steps)), rate(r.Need.FLOPs, mid),
			ms(m.Roofline(r.Need)), percent(r.Share(m)), scaled(r.Need.FLOPs, 1e9), scaled(r.Need.Bytes, 1e6),
			scaled(r.Memory.Planned(), 1e6), fmt.Sprintf("%.1f", r.Allocations), over, allowed)
	}
	return t.String()
}

func modeOf(r *bench.Result) string {
	info := r.Plan.Info()
	if g := info["granularity"]; g != "" {
		return info["mode"] + " " + g
	}
	return info["mode"]
}

// phaseTable has the work of every phase by the cost model.
func phaseTable(results []*bench.Result) string {
	t := table{right: map[int]bool{2: true, 3: true, 4: true}}
	t.add("mode", "phase", "nodes", "GFLOP", "MB in and out")
	for _, r := range results {
		for _, p := range r.Phases() {
			t.add(modeOf(r), p.Name, fmt.Sprint(p.Nodes), scaled(p.FLOPs, 1e9), scaled(p.Bytes, 1e6))
		}
	}
	return t.String()
}

// profileTables has what each op, and the slowest nodes, take of a step.
func profileTables(r *bench.Result) string {
	const shown = 15
	ops, nodes := r.Profile.ByOp(), r.Profile.ByNode()
	var total time.Duration
	for _, u := range ops {
		total += u.Time
	}
	lines := func(what string, list []runtime.Usage, name func(runtime.Usage) string) string {
		t := table{right: map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true}}
		t.add("ms", "share", "GFLOPS", "GB/s", "calls", what)
		for _, u := range list {
			t.add(ms(u.Time/time.Duration(r.Profiled)), percent(u.Time.Seconds()/total.Seconds()),
				rate(u.FLOPs, u.Time), rate(u.Bytes, u.Time), fmt.Sprint(u.Calls/r.Profiled), name(u))
		}
		return t.String()
	}
	out := fmt.Sprintf("%s: time of all workers and calls a step, rates per worker, over %s\n", modeOf(r), count(r.Profiled, "step"))
	out += lines("op", ops, func(u runtime.Usage) string { return u.Op }) + "\n"
	first := nodes[:min(shown, len(nodes))]
	out += lines("node", first, func(u runtime.Usage) string { return u.Phase + "  " + u.Node })
	if left := len(nodes) - len(first); left > 0 {
		out += fmt.Sprintf("and %s\n", count(left, "other"))
	}
	return out
}

// ms writes a time in milliseconds with four digits.
func ms(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds()*1e3, 'f', digits(d.Seconds()*1e3), 64)
}

// scaled writes n in a unit of that size.
func scaled(n int64, unit float64) string {
	v := float64(n) / unit
	return strconv.FormatFloat(v, 'f', digits(v), 64)
}

// rate writes an amount a second, in billions.
func rate(n int64, d time.Duration) string {
	if d <= 0 {
		return "-"
	}
	v := float64(n) / d.Seconds() / 1e9
	return strconv.FormatFloat(v, 'f', min(2, digits(v)), 64)
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// digits returns how many digits after the point leave three or four in all.
func digits(v float64) int {
	switch {
	case v >= 100:
		return 0
	case v >= 10:
		return 1
	case v >= 1:
		return 2
	case v >= 0.1 || v == 0:
		return 3
	}
	return 4
}
