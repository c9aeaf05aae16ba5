package graph

import (
	"fmt"
	"strings"
)

func (g *Graph) leaf(op, name string, t Type, attrs Attrs) *Value {
	attrs["name"] = name
	def := g.table.Lookup(op)
	if def == nil {
		return g.Invalid("the op table has no %q", op)
	}
	if n := g.add(def, &t, attrs, nil); n != nil {
		return n.Results[0]
	}
	return &Value{graph: g}
}

// Input declares a dense value that is fed at every step.
func (g *Graph) Input(name string, dt DType, dims ...any) *Value {
	return g.leaf("input", name, Tensor(dt, Dims(dims...)...), Attrs{})
}

// Scalar declares a scalar input, or returns the one that has been declared: seed, step and rates are shared.
func (g *Graph) Scalar(name string, dt DType) *Value {
	if v := g.leaves[name]; v != nil && v.Is("input") && v.Type.Equal(Tensor(dt)) {
		return v
	}
	return g.Input(name, dt)
}

// Sparse declares the pattern of a sparse matrix, name, and its entries, name + "/entries", both fed.
func (g *Graph) Sparse(name string, rows, cols, nnz any) (pattern, entries *Value) {
	d := Dims(rows, cols, nnz)
	return g.leaf("input", name, PatternType(d[0], d[1], d[2]), Attrs{}), g.Input(name+"/entries", F32, nnz)
}

// Param declares a trainable parameter. init is an initialiser: zeros, ones, lecun_uniform, glorot_uniform, uniform(b),
// normal(s) or constant(c), and after any of them " as other" where the draw is to be that of another leaf.
func (g *Graph) Param(name, init string, dims ...any) *Value {
	return g.leaf("param", name, Tensor(F32, Dims(dims...)...), Attrs{"init": init})
}

// State declares a stored value that is not trained by gradient.
func (g *Graph) State(name, init string, t Type) *Value {
	return g.leaf("state", name, t, Attrs{"init": init})
}

// Const declares a value whose every element is x. Constants are named by their value and type, and shared.
func (g *Graph) Const(x float64, t Type) *Value {
	for _, v := range g.Leaves("const") {
		if v.Node.Float("value") == x && v.Type.Equal(t) {
			return v
		}
	}
	base := "c" + strings.ReplaceAll(formatAttr(FloatAttr, x), "+", "") // 1e+06 is no name
	name := base
	for i := 1; g.leaves[name] != nil; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	return g.leaf("const", name, t, Attrs{"value": x})
}

// Relate states that the symbol sum stands for the sum of terms; binding checks it.
func (g *Graph) Relate(sum string, terms ...any) {
	r := Relation{sum, Dims(terms...)}
	if err := r.check(); err != nil {
		g.fail(g.callerPos(), "%v", err)
		return
	}
	g.Relations = append(g.Relations, r)
}

// Loss declares the scalar that training minimises.
func (g *Graph) Loss(x *Value) { g.Add("loss", nil, x) }

// Output declares x as a result that callers read under name.
func (g *Graph) Output(name string, x *Value) { g.Add("output", Attrs{"name": name}, x) }

// Store replaces the param or state of that name by x after the step.
func (g *Graph) Store(name string, x *Value) { g.Add("store", Attrs{"name": name}, x) }

// Key returns the key of the step's random ops, made of the scalar inputs seed and step.
func (g *Graph) Key() *Value {
	for _, n := range g.Nodes {
		if n.Op.Name == "key" {
			return n.Results[0]
		}
	}
	return g.Add("key", nil, g.Scalar("seed", I32), g.Scalar("step", I32))[0]
}

// InputOf declares an input of type t.
func (g *Graph) InputOf(name string, t Type) *Value { return g.leaf("input", name, t, Attrs{}) }

// ParamOf declares a parameter of type t.
func (g *Graph) ParamOf(name, init string, t Type) *Value {
	return g.leaf("param", name, t, Attrs{"init": init})
}

// LeafLike declares a leaf like n of type t.
func (g *Graph) LeafLike(n *Node, t Type) *Value {
	old := g.At(Context{Pos: n.Pos})
	defer g.At(old)
	attrs := Attrs{}
	for k, v := range n.Attrs {
		attrs[k] = v
	}
	return g.leaf(n.Op.Name, n.Name(), t, attrs)
}
