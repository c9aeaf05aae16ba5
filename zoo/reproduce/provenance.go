package reproduce

import (
	"fmt"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"

	"graft/runtime/native"
	"graft/zoo/report"
)

// provenance says what was trained, by what, on what machine, and how long it took. It alone of a report depends on more than the
// trainings.
func provenance(s Study, o Options, r Results) report.Section {
	t := &report.Table{
		Caption: "Seconds of one core that the trainings took, evaluations and alignment included.",
		Corner:  "Model", Groups: []report.Group{{Columns: []string{"trainings", "seconds", "seconds a training"}}},
	}
	total, n := 0.0, 0
	cells := slices.Compact(s.cells(o))
	for _, model := range o.Models {
		sum, count := 0.0, 0
		for i, c := range cells {
			if c.Model != model || slices.Contains(cells[:i], c) {
				continue
			}
			for _, training := range r[c] {
				sum, count = sum+training.Seconds, count+1
			}
		}
		t.Rows = append(t.Rows, report.Row{Head: nameOf(model), Cells: []report.Cell{
			{Text: fmt.Sprint(count)}, {Text: fmt.Sprintf("%.1f", sum)}, {Text: fmt.Sprintf("%.2f", sum/float64(count))},
		}})
		total, n = total+sum, n+count
	}
	t.Rows = append(t.Rows, report.Row{Head: "all", Cells: []report.Cell{
		{Text: fmt.Sprint(n)}, {Text: fmt.Sprintf("%.1f", total)}, {Text: fmt.Sprintf("%.2f", total/float64(n))},
	}})
	return report.Section{Title: "How it was measured", Blocks: []report.Block{
		report.List{
			fmt.Sprintf("Seeds %d to %d. A seed decides initial weights, dropout, feedback matrices and, where it is drawn, the split of the data.", s.first, int(s.first)+o.Seeds-1),
			fmt.Sprintf("Machine: %s, %d cores, kernels %s.", processor(), goruntime.NumCPU(), native.Family()),
			"Program: graft" + revision() + ", " + goruntime.Version() + ". Trainings of the same kernels give the same numbers, bit for bit, on any number of cores.",
		},
		t,
		report.Code(command(s, o)),
		report.Links{{Text: "numbers (CSV)", Href: "results.csv"}, {Text: "numbers (JSON lines)", Href: "results.jsonl"}, {Text: "trainings (JSON lines)", Href: "trainings.jsonl"}},
	}}
}

// command is what makes the report.
func command(s Study, o Options) string {
	var routes []string
	for _, r := range o.Routes {
		routes = append(routes, r.String())
	}
	epochs := ""
	if o.Epochs > 0 {
		epochs = fmt.Sprintf(" --epochs %d", o.Epochs)
	}
	return fmt.Sprintf("graft reproduce %s --models %s --datasets %s --seeds %d%s --variant %s --routes %s --out DIR",
		s.Name, strings.Join(o.Models, ","), strings.Join(o.Data, ","), o.Seeds, epochs, o.Variant, strings.Join(routes, ","))
}

// processor names the processor where the system tells.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return goruntime.GOOS + "/" + goruntime.GOARCH
}

// revision returns the commit that the program was built from, where it is known.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = " " + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return commit + changed
}
