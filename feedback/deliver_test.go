package feedback_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"graft/feedback"
	"graft/graph"
)

// deliver builds a delivery from an error [batch, 3], or [batch, tokens, 3] with two row axes, to points of the given dimensions,
// and returns the lines that it adds and the types that arrive.
func deliver(t *testing.T, o feedback.Options, siteRows int, points []feedback.Target, dims ...[]any) (lines []string, err error) {
	t.Helper()
	o, err = o.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New("delivery")
	p, entries := g.Sparse("A", "batch", "batch", "links")
	other, otherEntries := g.Sparse("other", "rows", "rows", "links2")
	e := g.Input("e", graph.F32, "batch", 3)
	if siteRows == 2 {
		e = g.Input("e2", graph.F32, "batch", "tokens", 3)
	}
	points = slices.Clone(points)
	for i := range points {
		points[i].Value = g.Input(points[i].Name, graph.F32, dims[i]...)
		switch points[i].Operator {
		case along:
			points[i].Operator = &feedback.Operator{Pattern: p, Entries: entries}
		case elsewhere:
			points[i].Operator = &feedback.Operator{Pattern: other, Entries: otherEntries}
		}
	}
	before := len(g.Nodes)
	out, err := feedback.Deliver(g, feedback.Site{Name: "top", Cotangent: e, Rows: siteRows}, points, o)
	if err != nil {
		return nil, err
	}
	names := graph.Names(g)
	for _, n := range g.Nodes[before:] {
		if !n.Op.Is(graph.Leaf) || n.Op.Name == "state" {
			lines = append(lines, graph.FormatNode(n, names))
		}
	}
	for i, v := range out {
		if !v.Type.Equal(points[i].Value.Type) {
			t.Errorf("point %s of type %v receives %v", points[i].Name, points[i].Value.Type, v)
		}
	}
	return lines, nil
}

// along and elsewhere stand for a route operator over the error's rows, and one over others.
var along, elsewhere = &feedback.Operator{}, &feedback.Operator{}

// TestDeliver shows what is built for each way of delivering.
func TestDeliver(t *testing.T) {
	a, b := feedback.Target{Name: "a", Rows: 1}, feedback.Target{Name: "b", Rows: 1}
	for _, c := range []struct {
		name   string
		o      feedback.Options
		rows   int
		points []feedback.Target
		dims   [][]any
		want   []string
	}{
		{"shared: the widest point's matrix and scale, leading columns", feedback.Options{}, 1, []feedback.Target{a, b}, [][]any{{"batch", 2}, {"batch", 4}}, []string{
			`%0 = feedback_matrix %seed {shape=[3, 4], stream="feedback/top"} : f32[3, 4]`,
			`%1 = project %e, %0 {scale=0.5} : f32[batch, 4]`,
			`%2 = slice %1 {axis=1, size=2} : f32[batch, 2]`,
			`%3 = feedback_matrix %seed {shape=[3, 4], stream="feedback/top"} : f32[3, 4]`,
			`%4 = project %e, %3 {scale=0.5} : f32[batch, 4]`,
		}},
		{"independent: a matrix for each point, one scale", feedback.Options{Sharing: feedback.Independent, Dist: "normal"}, 1, []feedback.Target{a, b}, [][]any{{"batch", 2}, {"batch", 4}}, []string{
			`%0 = feedback_matrix %seed {shape=[3, 2], stream="feedback/a", dist=normal} : f32[3, 2]`,
			`%1 = project %e, %0 {scale=0.5} : f32[batch, 2]`,
			`%2 = feedback_matrix %seed {shape=[3, 4], stream="feedback/b", dist=normal} : f32[3, 4]`,
			`%3 = project %e, %2 {scale=0.5} : f32[batch, 4]`,
		}},
		{"identity: no scale", feedback.Options{Dist: "identity"}, 1, []feedback.Target{a}, [][]any{{"batch", 4}}, []string{
			`%0 = feedback_matrix %seed {shape=[3, 4], stream="feedback/top", dist=identity} : f32[3, 4]`,
			`%1 = project %e, %0 : f32[batch, 4]`,
		}},
		{"given: states, no scale, no slices", feedback.Options{Given: true}, 1, []feedback.Target{a, b}, [][]any{{"batch", 2}, {"batch", 4}}, []string{
			`%feedback/a = state : f32[3, 2]`,
			`%0 = project %e, %feedback/a : f32[batch, 2]`,
			`%feedback/b = state : f32[3, 4]`,
			`%1 = project %e, %feedback/b : f32[batch, 4]`,
		}},
		{"generated: no matrix", feedback.Options{Generate: true, Dist: "rademacher"}, 1, []feedback.Target{a, b}, [][]any{{"batch", 2}, {"batch", 4}}, []string{
			`%0 = project_generated %e, %seed {scale=0.5, columns=4, stream="feedback/top", dist=rademacher} : f32[batch, 4]`,
			`%1 = slice %0 {axis=1, size=2} : f32[batch, 2]`,
			`%2 = project_generated %e, %seed {scale=0.5, columns=4, stream="feedback/top", dist=rademacher} : f32[batch, 4]`,
		}},
		{"generated and independent", feedback.Options{Generate: true, Sharing: feedback.Independent}, 1, []feedback.Target{a, b}, [][]any{{"batch", 2}, {"batch", 4}}, []string{
			`%0 = project_generated %e, %seed {scale=0.5, columns=2, stream="feedback/a"} : f32[batch, 2]`,
			`%1 = project_generated %e, %seed {scale=0.5, columns=4, stream="feedback/b"} : f32[batch, 4]`,
		}},
		{"a route is walked before the projection, by the transpose", feedback.Options{Route: 2}, 1, []feedback.Target{{Name: "a", Rows: 1, Operator: along}}, [][]any{{"batch", 4}}, []string{
			`%0 = spmm %A, %A/entries, %e {trans} : f32[batch, 3]`,
			`%1 = spmm %A, %A/entries, %0 {trans} : f32[batch, 3]`,
			`%2 = feedback_matrix %seed {shape=[3, 4], stream="feedback/top"} : f32[3, 4]`,
			`%3 = project %1, %2 {scale=0.5} : f32[batch, 4]`,
		}},
		{"a point without an operator beside one that has it receives the error where it is", feedback.Options{Route: 1, Sharing: feedback.Independent}, 1,
			[]feedback.Target{{Name: "a", Rows: 1, Operator: along}, b}, [][]any{{"batch", 4}, {"batch", 4}}, []string{
				`%0 = spmm %A, %A/entries, %e {trans} : f32[batch, 3]`,
				`%1 = feedback_matrix %seed {shape=[3, 4], stream="feedback/a"} : f32[3, 4]`,
				`%2 = project %0, %1 {scale=0.5} : f32[batch, 4]`,
				`%3 = feedback_matrix %seed {shape=[3, 4], stream="feedback/b"} : f32[3, 4]`,
				`%4 = project %e, %3 {scale=0.5} : f32[batch, 4]`,
			}},
		{"the direct route ignores the operator", feedback.Options{}, 1, []feedback.Target{{Name: "a", Rows: 1, Operator: elsewhere}}, [][]any{{"batch", 4}}, []string{
			`%0 = feedback_matrix %seed {shape=[3, 4], stream="feedback/top"} : f32[3, 4]`,
			`%1 = project %e, %0 {scale=0.5} : f32[batch, 4]`,
		}},
		{"axes behind the rows are one width", feedback.Options{}, 2, []feedback.Target{{Name: "a", Rows: 2}}, [][]any{{"batch", "tokens", 2, 8}}, []string{
			`%0 = reshape %e2 {shape=[batch*tokens, 3]} : f32[batch*tokens, 3]`,
			`%1 = feedback_matrix %seed {shape=[3, 16], stream="feedback/top"} : f32[3, 16]`,
			`%2 = project %0, %1 {scale=0.25} : f32[batch*tokens, 16]`,
			`%3 = reshape %2 {shape=[batch, tokens, 2, 8]} : f32[batch, tokens, 2, 8]`,
		}},
		{"four times the rows: each four times, by 1/sqrt(4)", feedback.Options{}, 1, []feedback.Target{{Name: "a", Rows: 2}}, [][]any{{"batch", 4, 4}}, []string{
			`%0 = feedback_matrix %seed {shape=[3, 4], stream="feedback/top"} : f32[3, 4]`,
			`%1 = project %e, %0 {scale=0.5} : f32[batch, 4]`,
			`%2 = repeat %1 {axis=0, times=4} : f32[4*batch, 4]`,
			`%3 = scale %2 {by=0.5} : f32[4*batch, 4]`,
			`%4 = reshape %3 {shape=[batch, 4, 4]} : f32[batch, 4, 4]`,
		}},
	} {
		lines, err := deliver(t, c.o, c.rows, c.points, c.dims...)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, lines); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// TestDeliverErrors checks that mistakes name the point and what does not fit.
func TestDeliverErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		o     feedback.Options
		rows  int
		point feedback.Target
		dims  []any
		want  string
	}{
		{"site width", feedback.Options{}, 0, feedback.Target{Name: "a", Rows: 1}, []any{"batch", 2}, `error site "top": the width 3*batch`},
		{"point width", feedback.Options{}, 1, feedback.Target{Name: "a", Rows: 1}, []any{"batch", "wide"}, `feedback point "a": the width wide`},
		{"rows", feedback.Options{}, 1, feedback.Target{Name: "a", Rows: 1}, []any{"others", 2}, `feedback point "a" has others rows, which is not a multiple of the batch rows of its error site "top"`},
		{"symbolic multiple", feedback.Options{}, 1, feedback.Target{Name: "a", Rows: 2}, []any{"batch", "k", 2}, `feedback point "a" has batch*k rows`},
		{"no route", feedback.Options{Route: 1}, 1, feedback.Target{Name: "a", Rows: 1}, []any{"batch", 2}, `feedback point "a" names no route operator`},
		{"route over other rows", feedback.Options{Route: 1}, 1, feedback.Target{Name: "a", Rows: 1, Operator: elsewhere}, []any{"batch", 2}, `its route operator is over rows rows, the error has batch`},
	} {
		_, err := deliver(t, c.o, c.rows, []feedback.Target{c.point}, c.dims)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.want)
		}
	}
}
