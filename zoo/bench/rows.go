package bench

import (
	"fmt"
	"time"

	"graft/zoo/experiment"
)

// Row is one metric of a measurement, with the keys of the command line's JSON contract and those that tell measurements apart.
type Row struct {
	experiment.Row
	Workload string `json:"workload"`
	Batch    int    `json:"batch"` // 0 is the whole data set
	Workers  int    `json:"workers"`
}

// Rows returns a result's metrics: step_ms, gflops, flops and bytes (by the cost model, as if every op moved its operands and
// results), peak_bytes (of the program's plan), resident_bytes (of the process, where the system tells), allocs_per_step, roofline_bytes (Q),
// roofline_ms, roofline_share, machine_gflops (P), machine_gbs (W), and loss, of the first step.
func (r *Result) Rows(m Machine) []Row {
	info := r.Plan.Info()
	row := func(metric, unit string, values ...float64) Row {
		head := experiment.Row{Model: r.Plan.Entry.Name, Variant: info["variant"], Mode: info["mode"], Granularity: info["granularity"],
			Feedback: info["feedback"], Data: r.Data, Metric: metric, Unit: unit}
		return Row{head.Summarise(values), r.Workload.Name, r.Batch(), r.Workers}
	}
	ms := make([]float64, len(r.Steps))
	rate := make([]float64, len(r.Steps))
	for i, d := range r.Steps {
		ms[i] = milliseconds(d)
		rate[i] = float64(r.Need.FLOPs) / d.Seconds() / 1e9
	}
	roof := m.Roofline(r.Need)
	rows := []Row{
		row("step_ms", "ms", ms...),
		row("gflops", "GFLOPS", rate...),
		row("flops", "FLOPs", float64(r.Need.FLOPs)),
		row("bytes", "bytes", float64(r.bytes())),
		row("peak_bytes", "bytes", float64(r.Memory.Planned())),
		row("allocs_per_step", "allocations", r.Allocations),
		row("roofline_bytes", "bytes", float64(r.Need.Bytes)),
		row("roofline_ms", "ms", milliseconds(roof)),
		row("roofline_share", "share", r.Share(m)),
		row("machine_gflops", "GFLOPS", m.FLOPS/1e9),
		row("machine_gbs", "GB/s", m.Bandwidth/1e9),
		row("loss", "nats", r.Loss),
	}
	if r.Memory.Process > 0 {
		rows = append(rows, row("resident_bytes", "bytes", float64(r.Memory.Process)))
	}
	return rows
}

// Share returns the part of the roofline that the median step reaches.
func (r *Result) Share(m Machine) float64 {
	return m.Roofline(r.Need).Seconds() / Median(r.Steps).Seconds()
}

// Batch returns the number of rows of a step, 0 where it is the whole data set.
func (r *Result) Batch() int {
	for _, symbol := range []string{"batch", "rays"} {
		if n, ok := r.Binding[symbol]; ok {
			return n
		}
	}
	return 0
}

// Phase is the work of one phase of a step.
type Phase struct {
	Name         string
	Nodes        int
	FLOPs, Bytes int64
}

// Phases returns the work of each phase by the cost model.
func (r *Result) Phases() []Phase {
	var out []Phase
	for _, c := range r.Report.Phases {
		// What a program was loaded with can be bound.
		flops, _ := c.FLOPs.Bind(r.Binding)
		bytes, _ := c.Bytes.Bind(r.Binding)
		out = append(out, Phase{c.Phase, c.Nodes, flops, bytes})
	}
	return out
}

// bytes returns the traffic of a step by the cost model.
func (r *Result) bytes() int64 {
	var sum int64
	for _, p := range r.Phases() {
		if p.Name != "once" {
			sum += p.Bytes
		}
	}
	return sum
}

// Row returns a product's gflops.
func (p Product) Row(workers int) Row {
	rates := make([]float64, len(p.Times))
	for i, d := range p.Times {
		rates[i] = float64(p.FLOPs()) / d.Seconds() / 1e9
	}
	head := experiment.Row{Model: "gemm", Variant: p.Transposes(), Data: "generated", Metric: "gflops", Unit: "GFLOPS"}
	return Row{head.Summarise(rates), fmt.Sprint(p.Shape), 0, workers}
}

// Transposes names the form of a product as BLAS does: N or T for each factor.
func (p Product) Transposes() string {
	letter := map[bool]string{false: "N", true: "T"}
	return letter[p.TransA] + letter[p.TransB]
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
