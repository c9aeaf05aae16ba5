package passes

import (
	"fmt"
	"slices"

	"graft/graph"
)

// evaluate turns off what acts in training only: draws, the statistics of the batch, and what the definition stores. It is
// orthogonal to the mode and runs before everything else.
var evaluate = Pass{
	Name: "evaluate",
	Why:  "evaluation draws nothing, normalises by running statistics and leaves the model as it is",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			switch {
			case n.Op.Name == "store" || undrawn(c, n):
			case n.Op.Name == "batch_norm":
				// The other results are new statistics: what only stores read goes with the stores.
				c.New.At(graph.Context{Pos: n.Pos})
				y := c.New.Add("batch_norm_eval", graph.Attrs{"eps": n.Float("eps")}, c.Values(n.Args)...)
				c.Map(n.Results[0], y[0])
			case !slices.Contains(c.Values(n.Args), nil):
				c.Copy(n)
			case n.Op.Is(graph.Effect):
				return nil, fmt.Errorf("%v: the %s reads statistics of the batch, which evaluation does not have", n.Pos, n.Op.Name)
			}
		}
		return c.New, c.New.Err()
	},
}

// undrawn lets what evaluation has in the place of a draw stand for a random node: a dropped-out value itself, and a constant for
// jitter and noise. It reports whether n is one.
func undrawn(c *graph.Copier, n *graph.Node) bool {
	switch n.Op.Name {
	case "dropout":
		c.Map(n.Results[0], c.Value(n.Args[0]))
	case "random_uniform", "random_normal":
		c.New.At(graph.Context{Pos: n.Pos})
		c.Map(n.Results[0], c.New.Const(n.Float("eval"), n.Results[0].Type))
	default:
		return false
	}
	return true
}

// giveRandom replaces the draws of the named streams by inputs and turns the others off, so that another program can be compared
// with the same draws.
var giveRandom = Pass{
	Name: "give-random",
	Why:  "a comparison with another framework needs the same draws on both sides",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			draws := n.Op.Name == "dropout" || n.Op.Name == "random_uniform" || n.Op.Name == "random_normal"
			if !draws || !o.GivenRandom[n.Str("stream")] {
				if !undrawn(c, n) {
					c.Copy(n)
				}
				continue
			}
			c.New.At(graph.Context{Pos: n.Pos})
			v := c.New.InputOf("random/"+n.Str("stream"), n.Results[0].Type)
			if n.Op.Name == "dropout" {
				v = c.New.Add("dropout_given", graph.Attrs{"rate": n.Float("rate")}, c.Value(n.Args[0]), v)[0]
			}
			c.Map(n.Results[0], v)
		}
		return c.New, c.New.Err()
	},
}

// retype makes a definition double precision, for gradient checks on the reference kernels.
var retype = Pass{
	Name: "retype",
	Why:  "finite differences need f64",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			if n.Op.Is(graph.Leaf) && n.Results[0].Type.DType == graph.F32 {
				t := n.Results[0].Type
				t.DType = graph.F64
				c.Map(n.Results[0], c.New.LeafLike(n, t))
				continue
			}
			attrs := graph.Attrs{}
			for k, v := range n.Attrs {
				attrs[k] = v
			}
			if _, typed := n.Op.Attr("dtype"); typed && n.Str("dtype") == "f32" {
				attrs["dtype"] = "f64"
			}
			c.CopyAs(n, attrs, c.Values(n.Args)...)
		}
		return c.New, c.New.Err()
	},
}

// forwardOnly makes a program of the definition's outputs and loss, without gradients.
var forwardOnly = Pass{
	Name: "forward-only",
	Why:  "prediction needs no gradients",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		d := &differentiator{c: graph.NewCopier(g), users: g.Users(), regions: regions{byNode: map[*graph.Node]string{}}}
		d.c.New.Program = true
		d.forward()
		return d.finish()
	},
}
