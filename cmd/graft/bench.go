package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"graft/feedback"
	"graft/runtime"
	"graft/runtime/atomicfile"
	"graft/runtime/safetensors"
	"graft/zoo/bench"
	"graft/zoo/experiment"
)

// benchFlags are the flags of `graft bench`.
type benchFlags struct {
	choice
	data, trace, start string
	workers, times     []int
	runs               int
	profile, asJSON    bool
}

func newBench() *cobra.Command {
	b := &benchFlags{}
	cmd := &cobra.Command{
		Use:   "bench [WORKLOAD...]",
		Short: "time training steps, or matrix products, and hold them against the machine's roofline",
		Long: `bench times single training steps after a warm-up, in each of the modes with the recipe of bp, and tells what they
compute, move, allocate and live in. A workload is one of the list that bench prints without an argument, any other
model (with the sizes of its recipe), or gemm: matrix products in several shapes, with and without transposed factors.

The roofline is the least time a step could take: the larger of its FLOPs at the rate of a product of 1024 x 1024
matrices and its unavoidable bytes at the rate at which the workers stream memory, both measured here and now. In the
table, spread is the distance between the quartiles, MB moved are the roofline's, over bp is the speed-up over bp and
allowed the one that the two rooflines allow.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return b.run(cmd, args) },
	}
	b.registerMode(cmd, "the training `modes` to time (default bp,dfa,shallow)")
	b.choice.register(cmd)
	b.registerRoute(cmd)
	registerData(cmd, &b.data)
	f := cmd.Flags()
	f.Lookup("granularity").Usage = "macro, micro or macro,micro: which feedback `points` are cut (default macro)"
	f.IntSliceVar(&b.workers, "workers", []int{0}, "`numbers` of processor cores to use; 0 is all of them")
	f.IntSliceVar(&b.times, "times", []int{1}, "`factors` of the batch, to see how the time grows with it")
	f.IntVar(&b.runs, "runs", 0, "`number` of steps to time (default as many as fit into two seconds, and five at least)")
	f.BoolVar(&b.profile, "profile", false, "show what each op takes of a step")
	f.StringVar(&b.trace, "trace", "", "`file` for a trace of the profiled steps, which chrome://tracing and Perfetto read")
	f.StringVar(&b.start, "start", "", "`file` for what the first step starts from, parameters and inputs, as safetensors; nothing is timed")
	f.BoolVar(&b.asJSON, "json", false, "write the results as JSON lines")
	return cmd
}

func (b *benchFlags) run(cmd *cobra.Command, args []string) error {
	if err := b.check(args); err != nil {
		return err
	}
	if len(args) == 0 {
		return b.list(cmd.OutOrStdout())
	}
	for _, name := range args {
		var err error
		if name == "gemm" {
			err = b.gemm(cmd)
		} else {
			err = b.workload(cmd, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// check refuses what cannot be measured.
func (b *benchFlags) check(args []string) error {
	for _, n := range b.workers {
		if n < 0 {
			return usagef("--workers %d: it cannot be negative", n)
		}
	}
	for _, n := range b.times {
		if n < 1 {
			return usagef("--times %d: at least 1 is needed", n)
		}
	}
	if b.runs < 0 {
		return usagef("--runs %d: it cannot be negative", b.runs)
	}
	alone := len(args) == 1 && args[0] != "gemm" && len(b.modes()) == 1 && len(b.workers) == 1 && len(b.times) == 1
	if (b.trace != "" || b.start != "") && !alone {
		return usagef("--trace and --start are of one program: give one workload and one --mode")
	}
	for _, name := range args {
		if _, err := bench.Lookup(name); name != "gemm" && err != nil {
			return &experiment.UsageError{Err: err}
		}
	}
	return nil
}

// timing is a mode with its feedback.
type timing struct {
	mode     string
	feedback feedback.Options
}

// modes returns the modes that are asked for, dfa and shallow for each granularity.
func (b *benchFlags) modes() []timing {
	modes := b.mode
	if modes == "" {
		modes = "bp,dfa,shallow"
	}
	var out []timing
	for _, mode := range strings.Split(modes, ",") {
		levels := strings.Split(b.feedback.Granularity, ",")
		if mode == "bp" {
			levels = levels[:1]
		}
		for _, level := range levels {
			t := timing{mode, b.feedback}
			t.feedback.Granularity = level
			out = append(out, t)
		}
	}
	return out
}

// workloadLine is a JSON line of the list.
type workloadLine struct {
	Workload string `json:"workload"`
	Model    string `json:"model"`
	Work     string `json:"work"`
}

func (b *benchFlags) list(w io.Writer) error {
	t := table{}
	for _, x := range bench.Workloads() {
		if b.asJSON {
			if err := writeJSON(w, workloadLine{x.Name, x.Entry.Name, x.Work}); err != nil {
				return err
			}
			continue
		}
		t.add(x.Name, x.Work)
	}
	if !b.asJSON {
		t.add("gemm", "matrix products "+strings.Trim(fmt.Sprint(bench.GemmShapes()), "[]")+", all four transposes")
		t.add("MODEL", "any other model, at the sizes of its recipe for bp")
	}
	_, err := io.WriteString(w, t.String())
	return err
}

func (b *benchFlags) workload(cmd *cobra.Command, name string) error {
	w, err := bench.Lookup(name)
	if err != nil {
		return &experiment.UsageError{Err: err}
	}
	set, err := b.options()
	if err != nil {
		return err
	}
	out := &benchTable{w: cmd.OutOrStdout(), asJSON: b.asJSON}
	for _, workers := range b.workers {
		pool := runtime.NewPool(workers)
		err := b.onPool(cmd, w, set, pool, out)
		pool.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// onPool times a workload on one number of workers.
func (b *benchFlags) onPool(cmd *cobra.Command, w bench.Workload, set map[string]string, pool *runtime.Pool, out *benchTable) error {
	var machine bench.Machine
	for _, times := range b.times {
		var results []*bench.Result
		for i, m := range b.modes() {
			job, err := bench.NewJob(w, bench.Choices{Mode: m.mode, Variant: b.variant, Set: set, Feedback: m.feedback, Recompute: b.recompute.Recompute, Times: times, Dir: b.data})
			if err != nil {
				return err
			}
			if i == 0 && job.Notice != "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "note: %s\n", job.Notice)
			}
			if b.start != "" {
				return b.writeStart(job)
			}
			if machine.FLOPS == 0 {
				if machine, err = bench.MeasureMachine(cmd.Context(), pool); err != nil {
					return err
				}
			}
			r, err := job.Measure(cmd.Context(), bench.Settings{Pool: pool, Runs: b.runs, Profile: b.profile || b.trace != ""})
			if err != nil {
				return err
			}
			results = append(results, r)
			if b.trace != "" {
				if err := atomicfile.Write(b.trace, r.Profile.WriteTrace); err != nil {
					return err
				}
			}
		}
		if err := out.write(machine, results, b.profile); err != nil {
			return err
		}
	}
	return nil
}

func (b *benchFlags) writeStart(job *bench.Job) error {
	f, err := job.Start()
	if err != nil {
		return err
	}
	return safetensors.Write(b.start, f)
}

func (b *benchFlags) gemm(cmd *cobra.Command) error {
	for _, workers := range b.workers {
		pool := runtime.NewPool(workers)
		err := b.products(cmd, pool)
		pool.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *benchFlags) products(cmd *cobra.Command, pool *runtime.Pool) error {
	t := table{right: map[int]bool{1: true, 2: true, 3: true, 4: true}}
	t.add("GFLOPS, "+count(pool.Workers(), "worker"), "A B", "A'B", "A B'", "A'B'")
	for _, s := range bench.GemmShapes() {
		products, err := bench.Gemm(cmd.Context(), s, pool, b.runs)
		if err != nil {
			return err
		}
		cells := []string{s.String()}
		for _, p := range products {
			row := p.Row(pool.Workers())
			if b.asJSON {
				if err := writeJSON(cmd.OutOrStdout(), row); err != nil {
					return err
				}
			}
			cells = append(cells, strconv.FormatFloat(row.Median, 'f', 1, 64))
		}
		t.add(cells...)
	}
	if b.asJSON {
		return nil
	}
	_, err := io.WriteString(cmd.OutOrStdout(), t.String())
	return err
}
