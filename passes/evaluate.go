package passes

import "graft/graph"

// evaluate turns off what acts in training only: dropout, and what the definition stores. It is orthogonal to the mode and runs
// before everything else.
var evaluate = Pass{
	Name: "evaluate",
	Why:  "evaluation has no dropout and leaves the model as it is",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			switch n.Op.Name {
			case "dropout":
				c.Map(n.Results[0], c.Value(n.Args[0]))
			case "store":
			default:
				c.Copy(n)
			}
		}
		return c.New, c.New.Err()
	},
}

// giveRandom replaces the draws of the named streams by inputs and turns the others off, so that another program can be
// compared with the same draws.
var giveRandom = Pass{
	Name: "give-random",
	Why:  "a comparison with another framework needs the same draws on both sides",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			switch {
			case n.Op.Name != "dropout":
				c.Copy(n)
			case !o.GivenRandom[n.Str("stream")]:
				c.Map(n.Results[0], c.Value(n.Args[0]))
			default:
				c.New.At(graph.Context{Pos: n.Pos})
				u := c.New.InputOf("random/"+n.Str("stream"), n.Results[0].Type)
				c.Map(n.Results[0], c.New.Add("dropout_given", graph.Attrs{"rate": n.Float("rate")}, c.Value(n.Args[0]), u)[0])
			}
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
