package passes_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
)

// TestBackpropagation compares the gradients of whole models with central differences of their loss.
func TestBackpropagation(t *testing.T) {
	for _, m := range append(models(t), crossed()) {
		checkGradient(t, m.name, m.def, m.w)
	}
}

// TestFeedbackAlignment compares the gradients of dfa programs with central differences of the surrogate whose gradient they
// are: the loss plus the inner product of every point's activation with what is delivered there, each block reading the values
// of the block below as constants. Nothing of package passes or feedback takes part in building it.
func TestFeedbackAlignment(t *testing.T) {
	for _, m := range append(models(t), crossed()) {
		for _, o := range feedbackChoices(m) {
			t.Run(fmt.Sprintf("%s/%d points/%+v", m.name, len(m.def.Effects("feedback")), o), func(t *testing.T) {
				checkDelivered(t, m, o)
			})
		}
	}
}

// checkDelivered compares the errors, what is delivered and the gradients of a model's dfa program with the surrogate's.
func checkDelivered(t *testing.T, m model, o feedback.Options) {
	t.Helper()
	s := newSurrogate(t, m, o)
	c := compile(t, m.def, "dfa", passes.Options{Part: passes.Gradient, F64: true, Observe: true, Verify: true, Feedback: o})
	got := m.w.run(t, c.Program)
	for site, e := range s.errors {
		near(t, "error at "+site, got["error/"+site], e)
	}
	for point, d := range s.delivered {
		near(t, "delivered at "+point, got["cotangent/"+point], d)
	}
	for _, p := range s.held.Leaves("param") {
		name := p.Node.Name()
		near(t, "gradient of "+name, got["grad/"+name], m.w.differences(t, p, func() float64 { return s.value(t) }))
	}
}

// TestShallow checks that exactly the parameters with an uncut path to the loss have a gradient, that of the loss.
func TestShallow(t *testing.T) {
	trained := map[string][]string{
		"mlp": {"output/weight", "output/bias"}, "gcn": {"conv2/weight", "conv2/bias"}, "normalised": {"w2"},
		"crossed": {"inner", "aux", "twin", "head", "bypass"}, // inner by the bypass
	}
	for _, m := range append(models(t), crossed()) {
		s := newSurrogate(t, m, feedback.Options{Granularity: feedback.Micro})
		s.delivered = nil
		c := compile(t, m.def, "shallow", passes.Options{Part: passes.Gradient, F64: true, Verify: true, Feedback: s.o})
		got := m.w.run(t, c.Program)
		for _, p := range s.held.Leaves("param") {
			name := p.Node.Name()
			grad, ok := got["grad/"+name]
			if ok != slices.Contains(trained[m.name], name) || ok == slices.Contains(c.Report.Frozen, name) {
				t.Errorf("%s: gradient of %s: %v; frozen: %v", m.name, name, ok, c.Report.Frozen)
			}
			want := m.w.differences(t, p, func() float64 { return s.value(t) })
			if !ok {
				grad = make([]float64, len(want))
			}
			near(t, m.name+": gradient of "+name, grad, want)
		}
	}
}

// feedbackChoices are the ways of delivering errors that suit a model.
func feedbackChoices(m model) []feedback.Options {
	out := []feedback.Options{{Given: true}, {Given: true, Sharing: feedback.Independent}}
	routes := 1
	if m.name == "gcn" {
		routes = 3
		out = append(out, feedback.Options{Given: true, Route: 1})
	}
	if m.name == "crossed" {
		out = append(out, feedback.Options{Granularity: feedback.Micro}, feedback.Options{Granularity: feedback.Micro, Sharing: feedback.Independent})
	}
	for route := range routes {
		for _, sharing := range []string{feedback.Shared, feedback.Independent} {
			for _, dist := range []string{"uniform", "normal", "rademacher", "orthogonal", "identity"} {
				out = append(out, feedback.Options{Sharing: sharing, Dist: dist, Route: route})
			}
			out = append(out, feedback.Options{Sharing: sharing, Generate: true, Route: route})
		}
	}
	return out
}

// surrogate is the function whose gradient is the dfa update.
type surrogate struct {
	m         model
	o         feedback.Options
	held      *graph.Graph         // the definition in f64; points read inputs "held/<point>", their own values are outputs
	errors    map[string][]float64 // by site
	delivered map[string][]float64 // by point
}

func newSurrogate(t *testing.T, m model, o feedback.Options) *surrogate {
	t.Helper()
	def := inF64(t, m.def)
	s := &surrogate{m: m, o: o, held: hold(def, o), errors: map[string][]float64{}, delivered: map[string][]float64{}}

	for point, h := range m.activations(t) {
		m.w.values["held/"+point] = h
	}
	for _, n := range def.Effects("error") {
		s.errors[n.Str("site")] = s.errorAt(t, def, n.Str("site"))
	}
	for _, n := range def.Effects("feedback") {
		if selected(n, o) {
			s.delivered[n.Str("point")] = s.deliver(t, n, pointsOf(def, n.Str("site"), o))
		}
	}
	return s
}

func selected(n *graph.Node, o feedback.Options) bool {
	return n.Str("level") == "macro" || o.Granularity == feedback.Micro
}

// pointsOf returns the selected points of a site.
func pointsOf(def *graph.Graph, site string, o feedback.Options) []*graph.Node {
	return slices.DeleteFunc(def.Effects("feedback"), func(n *graph.Node) bool { return n.Str("site") != site || !selected(n, o) })
}

// hold rewrites a definition so that what stands behind a selected point reads an input.
func hold(def *graph.Graph, o feedback.Options) *graph.Graph {
	c := graph.NewCopier(def)
	for _, n := range def.Nodes {
		if n.Op.Name != "feedback" || !selected(n, o) {
			c.Copy(n)
			continue
		}
		c.New.Output("below/"+n.Str("point"), c.Value(n.Args[0]))
		c.Map(n.Results[0], c.New.InputOf("held/"+n.Str("point"), n.Results[0].Type))
	}
	return c.New
}

// activations returns what every point holds.
func (m model) activations(t *testing.T) map[string][]float64 {
	t.Helper()
	def := inF64(t, m.def)
	c := graph.NewCopier(def)
	for _, n := range def.Nodes {
		c.Copy(n)
		if n.Op.Name == "feedback" {
			c.New.Output("at/"+n.Str("point"), c.Value(n.Results[0]))
		}
	}
	got, out := m.w.run(t, c.New), map[string][]float64{}
	for _, n := range def.Effects("feedback") {
		out[n.Str("point")] = got["at/"+n.Str("point")]
	}
	return out
}

// value is the surrogate at the present values of the parameters.
func (s *surrogate) value(t *testing.T) float64 {
	out := s.m.w.run(t, s.held)
	sum := out["loss"][0]
	for point, d := range s.delivered {
		for i, x := range out["below/"+point] {
			sum += d[i] * x
		}
	}
	return sum
}

// errorAt returns the cotangent of an error site: its closed form where the loss is one cross entropy, else the central
// differences of the loss by a value that is read in the site's place.
func (s *surrogate) errorAt(t *testing.T, def *graph.Graph, site string) []float64 {
	w := s.m.w
	if site == "logits" && s.m.name != "crossed" {
		return softmaxError(w.run(t, def)["logits"], w.values["label"], w.values["mask"], classes)
	}
	c := graph.NewCopier(def)
	for _, n := range def.Nodes {
		if n.Op.Name != "error" || n.Str("site") != site {
			c.Copy(n)
			continue
		}
		c.New.Output("site", c.Value(n.Args[0]))
		c.Map(n.Results[0], c.New.InputOf("site/"+site, n.Results[0].Type))
	}
	w.values["site/"+site] = w.run(t, c.New)["site"]
	return w.differences(t, c.New.Leaf("site/"+site), func() float64 { return w.run(t, c.New)["loss"][0] })
}

// deliver computes D = s (A^T)^k E B for one point of a site, as the method is written down.
func (s *surrogate) deliver(t *testing.T, n *graph.Node, points []*graph.Node) []float64 {
	t.Helper()
	width, widest := s.width(t, n), 0
	for _, p := range points {
		widest = max(widest, s.width(t, p))
	}
	e := s.errors[n.Str("site")]
	siteWidth := 0
	for _, site := range n.Results[0].Graph().Effects("error") {
		if site.Str("site") == n.Str("site") {
			siteWidth = s.width(t, site)
		}
	}
	rows := len(e) / siteWidth
	hops := s.o.Route
	if len(n.Args) == 1 { // names no operator: beside points that do, it receives the error as it is
		hops = 0
	}
	for range hops {
		e = times(transposed(s.m.w.dense("propagation"), rows, rows), e, rows, rows, siteWidth)
	}
	scale := 1 / math.Sqrt(float64(widest))
	var b []float64 // [error width, columns]
	columns := width
	switch {
	case s.o.Given:
		scale = 1
		b = make([]float64, siteWidth*width)
		for i := range b {
			b[i] = math.Sin(float64(i + width)) // any numbers will do
		}
		s.m.w.values["feedback/"+n.Str("point")] = b
	case s.o.Sharing == feedback.Independent:
		b = s.draw(t, n.Str("point"), siteWidth, width)
	default:
		columns = widest
		b = s.draw(t, n.Str("site"), siteWidth, widest)
	}
	if s.o.Dist == "identity" {
		scale = 1
	}
	projected := times(e, b, rows, siteWidth, columns)
	pointRows := len(s.m.w.values["held/"+n.Str("point")]) / width
	k := pointRows / rows // each row is delivered k times
	out := make([]float64, 0, pointRows*width)
	for r := range pointRows {
		for _, x := range projected[r/k*columns : r/k*columns+width] {
			out = append(out, scale*x/math.Sqrt(float64(k)))
		}
	}
	return out
}

// width is the number of elements in a row of a point or site.
func (s *surrogate) width(t *testing.T, n *graph.Node) int {
	shape, err := n.Results[0].Type.Shape(s.m.w.sizes)
	if err != nil {
		t.Fatal(err)
	}
	width := 1
	for _, d := range shape[n.Int("rows"):] {
		width *= d
	}
	return width
}

// draw evaluates the op that draws feedback matrices.
func (s *surrogate) draw(t *testing.T, stream string, rows, columns int) []float64 {
	t.Helper()
	g := graph.New("matrix")
	attrs := graph.Attrs{"shape": graph.Dims(rows, columns), "stream": "feedback/" + stream, "dtype": "f64"}
	if s.o.Dist != "" {
		attrs["dist"] = s.o.Dist
	}
	g.Output("B", g.Add("feedback_matrix", attrs, g.Scalar("seed", graph.I32))[0])
	return s.m.w.run(t, g)["B"]
}
