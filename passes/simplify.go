package passes

import (
	"slices"

	"graft/graph"
)

// simplify removes what has no effect on any bit of a result, folds transposes into products, and reshapes into one, slices factors
// instead of products, and puts parts together that were padded to be added. The gradient behind a dropped relu makes no draws of its own.
var simplify = Pass{
	Name: "simplify",
	Why:  "rules and layers may write identities without care",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		c, users := graph.NewCopier(g), g.Users()
		for _, n := range g.Nodes {
			if v := identity(n, c.Values(n.Args)); v != nil {
				handOn(v, n.Results[0], users[n.Results[0]]...)
				c.Map(n.Results[0], v)
				continue
			}
			switch n.Op.Name {
			case "add":
				axis, parts := tiles(n, c.Values(n.Args))
				if parts == nil {
					c.Copy(n)
					continue
				}
				c.New.At(graph.Context{Phase: n.Phase, Label: n.Label, Region: n.Region, Pos: n.Pos})
				whole := c.New.Add("concat", graph.Attrs{"axis": axis}, parts...)[0]
				whole.ReadBy = n.Results[0].ReadBy
				c.Map(n.Results[0], whole)
			case "relu_grad":
				d, y, factor := undropped(n, users)
				if y == nil {
					c.Copy(n)
					continue
				}
				c.New.At(graph.Context{Phase: n.Phase, Label: n.Label, Region: n.Region, Pos: n.Pos})
				v := graph.Scale(c.New.Add("relu_grad", nil, c.Value(d), c.Value(y))[0], factor)
				v.ReadBy = n.Results[0].ReadBy
				c.Map(n.Results[0], v)
			case "slice":
				if part := sliceProduct(c, n, users); part != nil {
					c.Map(n.Results[0], part)
				} else {
					c.Copy(n)
				}
			case "matmul":
				attrs, args := foldTranspose(n, c.Values(n.Args))
				c.CopyAs(n, attrs, args...)
			case "reshape":
				c.CopyAs(n, n.Attrs, foldReshape(n, c.Value(n.Args[0])))
			default:
				c.Copy(n)
			}
		}
		return c.New, c.New.Err()
	},
}

// identity returns the value that n's result equals bit for bit, or nil.
func identity(n *graph.Node, args []*graph.Value) *graph.Value {
	if len(n.Results) != 1 || len(args) == 0 {
		return nil
	}
	x, sameType := args[0], args[0].Type.Equal(n.Results[0].Type)
	isConst := func(v *graph.Value, c float64) bool { return v.Is("const") && v.Node.Float("value") == c }
	if inner := innermost(x); n.Op.Name == "reshape" && inner.Type.Equal(n.Results[0].Type) {
		return inner
	}
	switch n.Op.Name {
	case "broadcast", "spread", "cast", "slice", "pad", "repeat", "concat", "sum", "mean":
		if n.Op.Name == "sum" || n.Op.Name == "mean" {
			sameType = sameType && len(n.Ints("axes")) == 0
		}
		if sameType {
			return x
		}
	case "transpose":
		if slices.IsSorted(n.Ints("perm")) {
			return x
		}
	case "scale":
		if n.Float("by") == 1 {
			return x
		}
	case "dropout", "dropout_given":
		if n.Float("rate") == 0 {
			return x
		}
	case "neg":
		if x.Is("neg") {
			return x.Arg(0)
		}
	case "mul":
		for i, v := range args {
			if isConst(v, 1) && args[1-i].Type.Equal(n.Results[0].Type) {
				return args[1-i]
			}
		}
	case "div":
		if isConst(args[1], 1) && sameType {
			return x
		}
	}
	return nil
}

// handOn keeps what the proofs are made on when readers come to read v in place of old, which was made of v alone: the regions
// that read old through a cut, and, where the cut lies between v and old, the regions of the readers.
func handOn(v, old *graph.Value, readers ...*graph.Node) {
	v.ReadBy = slices.Concat(v.ReadBy, old.ReadBy)
	if old.Node.Region == v.Node.Region {
		return
	}
	for _, n := range readers {
		region := n.Region
		if n.Phase == graph.Backward {
			region = n.Label
		}
		if region != "" {
			v.ReadBy = append(v.ReadBy, region)
		}
	}
}

// innermost returns what a chain of reshapes begins with.
func innermost(v *graph.Value) *graph.Value {
	for v.Is("reshape") {
		v = v.Arg(0)
	}
	return v
}

// foldReshape lets a reshape read what the reshapes before it read.
func foldReshape(n *graph.Node, x *graph.Value) *graph.Value {
	inner := innermost(x)
	if inner != x {
		handOn(inner, x, n)
	}
	return inner
}

// foldTranspose lets a matmul read the operand of a transposition of its last two axes.
func foldTranspose(n *graph.Node, args []*graph.Value) (graph.Attrs, []*graph.Value) {
	flags := [2]bool{n.Bool("transA"), n.Bool("transB")}
	for i, a := range args {
		if a.Is("transpose") && swapsLastTwo(a.Node.Ints("perm")) {
			handOn(a.Arg(0), a, n)
			args[i], flags[i] = a.Arg(0), !flags[i]
		}
	}
	return graph.Attrs{"transA": flags[0], "transB": flags[1]}, args
}

func swapsLastTwo(perm []int) bool {
	r := len(perm)
	if r < 2 || perm[r-1] != r-2 || perm[r-2] != r-1 {
		return false
	}
	return slices.IsSorted(perm[:r-2])
}
