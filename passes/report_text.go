package passes

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Write writes the report for people to read: what the mode does at every point, what follows for the parameters, and the work
// of each phase. Costs are polynomials over the program's dimension symbols.
func (r *Report) Write(w io.Writer) error {
	t := &reportText{}
	t.printf("%s, mode %s", r.Model, r.Mode)
	if r.Granularity != "" {
		t.printf(", granularity %s", r.Granularity)
	}
	t.printf(", part %s\n", r.Part)
	if r.Feedback != "" {
		t.printf("feedback: %s\n", r.Feedback)
	}
	t.points(r)
	t.list("regions", r.Regions)
	t.list("frozen", r.Frozen)
	t.bypasses(r.Bypasses)
	t.list("barriers", r.Barriers)
	t.transport(r.Transport)
	t.phases(r.Phases)
	t.printf("\nbackward critical path: %d nodes, FLOPs %v\n", r.Critical.Nodes, r.Critical.FLOPs)
	if c := r.Recomputed; c != nil {
		t.printf("\nrecomputed: %d values, bytes saved %v, FLOPs added %v\n", c.Values, c.Bytes, c.FLOPs)
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// MarshalJSON adds the costs, written as polynomials.
func (c Recomputed) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Values int    `json:"values"`
		Bytes  string `json:"bytes"`
		FLOPs  string `json:"flops"`
	}{c.Values, c.Bytes.String(), c.FLOPs.String()})
}

// MarshalJSON adds the costs, written as polynomials.
func (c PhaseCost) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Phase string `json:"phase"`
		Nodes int    `json:"nodes"`
		FLOPs string `json:"flops"`
		Bytes string `json:"bytes"`
	}{c.Phase, c.Nodes, c.FLOPs.String(), c.Bytes.String()})
}

// MarshalJSON adds the cost, written as a polynomial.
func (c CriticalPath) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Nodes int    `json:"nodes"`
		FLOPs string `json:"flops"`
	}{c.Nodes, c.FLOPs.String()})
}

// reportText is a report that is being written.
type reportText struct{ b strings.Builder }

func (t *reportText) printf(format string, args ...any) { fmt.Fprintf(&t.b, format, args...) }

// table writes indented rows in columns. A strings.Builder never fails, so neither does the table.
func (t *reportText) table(rows [][]string) {
	w := tabwriter.NewWriter(&t.b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(w, "  %s\n", strings.Join(row, "\t"))
	}
	w.Flush()
}

func (t *reportText) points(r *Report) {
	if len(r.Points) == 0 {
		t.printf("\npoints: none, so every mode is backpropagation\n")
		return
	}
	rows := [][]string{{"point", "level", "site", "type", "here"}}
	cuts := 0
	for _, p := range r.Points {
		here := "-"
		switch {
		case p.Cut && p.Grafted:
			if here = "cut, error delivered"; p.LearnedOperator {
				here += "; route operator made of activations"
			}
		case p.Cut:
			here = "cut"
		}
		if p.Cut {
			cuts++
		}
		rows = append(rows, []string{p.Name, p.Level, p.Site, p.Type, here})
	}
	t.printf("\npoints: %d, of which %d are cut\n", len(r.Points), cuts)
	t.table(rows)
}

// reportWidth is where lists are wrapped.
const reportWidth = 110

// list writes a heading and the names, wrapped and indented.
func (t *reportText) list(heading string, names []string) {
	if len(names) == 0 {
		t.printf("\n%s: none\n", heading)
		return
	}
	t.printf("\n%s: %d\n", heading, len(names))
	t.wrap("  ", names)
}

// wrap writes names separated by commas, the first line behind prefix and the following ones below it.
func (t *reportText) wrap(prefix string, names []string) {
	line, indent := prefix, strings.Repeat(" ", len(prefix))
	for i, name := range names {
		if i < len(names)-1 {
			name += ","
		}
		if len(line)+len(name) > reportWidth && len(line) > len(prefix) {
			t.printf("%s\n", strings.TrimRight(line, " "))
			line = indent
		}
		line += name + " "
	}
	t.printf("%s\n", strings.TrimRight(line, " "))
}

func (t *reportText) bypasses(list []Bypass) {
	if len(list) == 0 {
		t.printf("\nbypasses: none\n")
		return
	}
	t.printf("\nbypasses: %d, whose parameters receive exact gradient besides what is delivered\n", len(list))
	for _, b := range list {
		t.wrap("  "+b.Point+": ", b.Params)
	}
}

// transport writes the weights that the gradients read, gradients that read the same ones together.
func (t *reportText) transport(list []Transport) {
	type reads struct{ params, own, errorPath, other, activations []string }
	var groups []*reads
	var none []string
	for _, p := range list {
		if len(p.OwnRegion)+len(p.ErrorPath)+len(p.OtherRegion)+len(p.Activations) == 0 {
			none = append(none, p.Param)
			continue
		}
		at := slices.IndexFunc(groups, func(g *reads) bool {
			return slices.Equal(g.own, p.OwnRegion) && slices.Equal(g.errorPath, p.ErrorPath) && slices.Equal(g.other, p.OtherRegion) &&
				slices.Equal(g.activations, p.Activations)
		})
		if at < 0 {
			at = len(groups)
			groups = append(groups, &reads{own: p.OwnRegion, errorPath: p.ErrorPath, other: p.OtherRegion, activations: p.Activations})
		}
		groups[at].params = append(groups[at].params, p.Param)
	}
	if len(groups) == 0 {
		t.printf("\nweight transport: none\n")
		return
	}
	t.printf("\nweight transport\n")
	for _, g := range groups {
		t.wrap("  the gradients of ", g.params)
		for _, l := range []struct {
			from  string
			names []string
		}{{"weights of their own region", g.own}, {"weights on the error's path", g.errorPath}, {"weights OF OTHER REGIONS", g.other},
			{"activations as factors", g.activations}} {
			if len(l.names) > 0 {
				t.wrap("    read "+l.from+": ", l.names)
			}
		}
	}
	if len(none) > 0 {
		t.wrap("  none in the gradients of ", none)
	}
}

func (t *reportText) phases(list []PhaseCost) {
	rows := [][]string{{"phase", "nodes", "FLOPs", "bytes"}}
	for _, p := range list {
		rows = append(rows, []string{p.Phase, fmt.Sprint(p.Nodes), p.FLOPs.String(), p.Bytes.String()})
	}
	t.printf("\nwork, per step (phase once: per seed)\n")
	t.table(rows)
}
