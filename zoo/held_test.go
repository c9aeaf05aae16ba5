package zoo_test

import (
	"fmt"
	"maps"
	"math"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/runtime/buffer"
)

// held is a definition in which what no gradient passes stands still: detached values, and what is read behind the selected
// feedback points, are inputs that have the values of the beginning. Every error site has an input added to it that is 0.
type held struct {
	w      *world
	def    *graph.Graph
	points []*graph.Node           // the selected ones, in the original definition
	sites  []*graph.Node           // the error sites there
	below  map[string]*graph.Value // what enters a selected point, by name
	given  map[string][]float64    // what is delivered there; nil where nothing is
	start  heights                 // before anything is moved
}

// retyped returns a definition in double precision.
func retyped(t *testing.T, def *graph.Graph) *graph.Graph {
	t.Helper()
	c := graph.NewCopier(def)
	for _, n := range def.Nodes {
		if n.Op.Is(graph.Leaf) && n.Results[0].Type.DType == graph.F32 {
			c.Map(n.Results[0], c.New.LeafLike(n, graph.Tensor(graph.F64, n.Results[0].Type.Dims...)))
			continue
		}
		attrs := graph.Attrs{}
		maps.Copy(attrs, n.Attrs)
		if _, typed := n.Op.Attr("dtype"); typed && n.Str("dtype") == "f32" {
			attrs["dtype"] = "f64"
		}
		c.CopyAs(n, attrs, c.Values(n.Args)...)
	}
	if err := c.New.Err(); err != nil {
		t.Fatal(err)
	}
	return c.New
}

// selects reports whether a granularity cuts at a point: "" at none, macro at those of that level, micro at all.
func selects(granularity string, point *graph.Node) bool {
	return granularity == feedback.Micro || granularity == feedback.Macro && point.Str("level") == "macro"
}

// hold rewrites a definition in double precision.
func hold(t *testing.T, w *world, def *graph.Graph, granularity string) *held {
	t.Helper()
	h := &held{w: w, below: map[string]*graph.Value{}, given: map[string][]float64{}}
	values := w.interpret(t, def)
	c := graph.NewCopier(def)
	still := func(n *graph.Node, name string) {
		w.leaves[name] = values[n.Results[0]]
		c.Map(n.Results[0], c.New.InputOf(name, n.Results[0].Type))
	}
	for i, n := range def.Nodes {
		switch {
		case n.Op.Name == "detach":
			still(n, fmt.Sprintf("held/detached/%d", i))
		case n.Op.Name == "feedback" && selects(granularity, n):
			h.points = append(h.points, n)
			h.below[n.Str("point")] = c.Value(n.Args[0])
			still(n, "held/point/"+n.Str("point"))
		case n.Op.Name == "error":
			h.sites = append(h.sites, n)
			x := c.Copy(n).Results[0]
			c.Map(n.Results[0], graph.Add(x, c.New.InputOf(nudge(n), x.Type)))
			w.leaves[nudge(n)] = buffer.New(graph.F64, values[n.Results[0]].Shape...)
		default:
			c.Copy(n)
		}
	}
	if err := c.New.Err(); err != nil {
		t.Fatal(err)
	}
	h.def = c.New
	h.start = h.at(t)
	return h
}

// nudge names the input that is added to the value of an error site.
func nudge(site *graph.Node) string { return "nudge/" + site.Str("site") }

// deliver works out what every selected point is given: the error of its site, taken by differences, times a matrix of the point's
// own, "feedback/<point>", which it leaves among the leaves in the form in which a program reads it. A point with k times as many
// rows as the site receives each row k times, divided by sqrt(k) (the published rule).
func (h *held) deliver(t *testing.T) {
	t.Helper()
	for _, site := range h.sites {
		e := h.errorAt(t, site)
		rows, width := h.rows(t, site)
		for _, p := range h.points {
			if p.Str("site") != site.Str("site") || !p.Bool("graft") {
				continue
			}
			name := p.Str("point")
			pointRows, pointWidth := h.rows(t, p)
			b := buffer.New(graph.F64, width, pointWidth)
			r := stream("feedback/" + name)
			fill(b, r.NormFloat64)
			h.w.leaves["feedback/"+name] = b
			k := pointRows / rows
			d := make([]float64, pointRows*pointWidth)
			for i := range d {
				row, col := i/pointWidth/k, i%pointWidth
				for j := range width {
					d[i] += e[row*width+j] * b.F64[j*pointWidth+col] / math.Sqrt(float64(k))
				}
			}
			h.given[name] = d
		}
	}
	h.start = h.at(t)
}

// rows returns the number of rows of a site or point, and their width.
func (h *held) rows(t *testing.T, n *graph.Node) (rows, width int) {
	t.Helper()
	shape, err := n.Results[0].Type.Shape(h.w.sizes)
	if err != nil {
		t.Fatal(err)
	}
	return buffer.Size(shape[:n.Int("rows")]), buffer.Size(shape[n.Int("rows"):])
}

// errorAt returns the cotangent of the loss at an error site.
func (h *held) errorAt(t *testing.T, site *graph.Node) []float64 {
	t.Helper()
	x := h.w.leaves[nudge(site)].F64
	e := make([]float64, len(x))
	for i := range e {
		d := h.slopes(t, x, i)
		if e[i] = d.loss.central(); d.loss.kinked(e[i]) {
			t.Fatalf("the loss has a kink at element %d of site %q: draw other values", i, site.Str("site"))
		}
	}
	return e
}

// heights are the loss and the surrogate: the loss and the inner products of what is delivered with what enters the points.
type heights struct{ loss, surrogate float64 }

// at returns the heights at the present values of the leaves.
func (h *held) at(t *testing.T) heights {
	t.Helper()
	values := h.w.interpret(t, h.def)
	loss := values[h.def.LossValue()].F64[0]
	surrogate := loss
	for _, p := range h.points {
		x := values[h.below[p.Str("point")]].F64
		for i, d := range h.given[p.Str("point")] {
			surrogate += d * x[i]
		}
	}
	return heights{loss, surrogate}
}

// slopes are the derivatives of the heights by one number.
type slopes struct{ loss, surrogate slope }

func (h *held) slopes(t *testing.T, x []float64, i int) slopes {
	t.Helper()
	was := x[i]
	x[i] = was + step
	up := h.at(t)
	x[i] = was - step
	down := h.at(t)
	x[i] = was
	return slopes{newSlope(down.loss, h.start.loss, up.loss), newSlope(down.surrogate, h.start.surrogate, up.surrogate)}
}
