package passes

import (
	"fmt"

	"graft/graph"
)

// align makes the alignment program of a grafted definition: over one forward section, the cotangents delivered at the points
// and those that backpropagation would have delivered there, and the cosines between their rows (Launay et al. 2020, section
// 3.2; the delivered cotangent is compared before the point's own derivative). A graph that still draws is evaluated for what is
// delivered alone: backpropagation goes through a forward section of its own, which draws.
var align = Pass{
	Name: "align",
	Why:  "what feedback delivers is compared with what backpropagation would",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		evaluated := g
		if o.DrawnAlignment {
			var err error
			if evaluated, err = evaluate.Run(g, o); err != nil {
				return nil, err
			}
		}
		d, err := newDifferentiator(evaluated, o.VJPs, false)
		if err != nil {
			return nil, err
		}
		d.forward()
		exact, err := newDifferentiator(g, o.VJPs, true)
		if err != nil {
			return nil, err
		}
		if o.DrawnAlignment {
			exact.c.New, exact.silent = d.c.New, true
			exact.forward()
		} else {
			exact.shareForward(d)
		}
		seeds := evaluated.Effects("seed")
		if len(seeds) == 0 {
			return nil, fmt.Errorf("graph %q has no feedback point that an error is delivered to: there is nothing to compare", g.Name)
		}
		for _, n := range seeds {
			delivered := d.graftValue(n.Args[1])
			point := pointNode(g, n.Str("point"))
			if delivered == nil || point == nil {
				return nil, firstError(d.err, fmt.Errorf("point %q receives nothing to compare", n.Str("point")))
			}
			back := exact.cotangent(point.Results[0])
			if back == nil {
				return nil, firstError(exact.err, fmt.Errorf("point %q: backpropagation delivers nothing there", n.Str("point")))
			}
			d.compare(point, delivered, back)
		}
		return d.finish()
	},
}

// shareForward makes d build into the program of other, over the forward section that other has built.
func (d *differentiator) shareForward(other *differentiator) { d.c = other.c }

// compare adds the outputs of one point: mean and deviation of the cosine, rows counted and left out.
func (d *differentiator) compare(point *graph.Node, delivered, back *graph.Value) {
	rows, width := graph.Int(1), graph.Int(1)
	for i, dim := range point.Results[0].Type.Dims {
		if i < point.Int("rows") {
			rows = rows.Mul(dim)
		} else {
			width = width.Mul(dim)
		}
	}
	name := "alignment/" + point.Str("point")
	d.in(graph.Context{Phase: graph.Backward, Label: "alignment", Pos: point.Pos}, func() {
		l := &Local{g: d.c.New}
		out := d.c.New.Add("row_cosine", nil, l.reshape(delivered, []graph.Dim{rows, width}), l.reshape(back, []graph.Dim{rows, width}))
		for i, suffix := range []string{"", "/std", "/rows", "/skipped"} {
			d.c.New.Output(name+suffix, out[i])
		}
	})
}

func pointNode(g *graph.Graph, name string) *graph.Node {
	for _, n := range g.Effects("cut") {
		if n.Str("point") == name {
			return n
		}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}
