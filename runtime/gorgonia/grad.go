package gorgonia

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"graft/graph"
	"graft/runtime/buffer"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Grad returns the gradient of def's loss with respect to every parameter that it depends on, by Gorgonia's own symbolic
// differentiation of a graph of Gorgonia's own ops. leaves holds inputs, params and states by name. A definition whose loss
// depends on an op that Gorgonia has not, a sparse product or dropout for instance, is refused.
//
// It is a check, and made simple: softmax_cross_entropy is log(sum(exp(logits))) without a shift, so that logits in the
// eighties overflow float32, and is then an error. Where relu's operand is 0, Gorgonia's derivative is 1 and graft's is 0.
func Grad(def *graph.Graph, b graph.Binding, leaves map[string]*buffer.Buffer) (map[string]*tensor.Dense, error) {
	if err := graph.Check(def); err != nil {
		return nil, err
	}
	if err := def.CheckBinding(b); err != nil {
		return nil, err
	}
	loss := def.LossValue()
	if loss == nil {
		return nil, fmt.Errorf("%s declares no loss", def.Name)
	}
	building.Lock()
	defer building.Unlock()
	f := &forward{
		graph: G.NewGraph(), def: def, binding: b, leaves: leaves,
		names: graph.Names(def), nodes: map[*graph.Value]*G.Node{}, values: map[*G.Node]*buffer.Buffer{},
	}
	needed := ancestors(loss)
	for _, n := range def.Nodes {
		if needed[n] {
			if err := f.node(n); err != nil {
				return nil, err
			}
		}
	}
	return f.differentiate(loss)
}

// ancestors returns the nodes that v depends on.
func ancestors(v *graph.Value) map[*graph.Node]bool {
	needed := map[*graph.Node]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if needed[n] {
			return
		}
		needed[n] = true
		for _, a := range n.Args {
			visit(a.Node)
		}
	}
	visit(v.Node)
	return needed
}

// forward is a definition as Gorgonia's own nodes.
type forward struct {
	graph   *G.ExprGraph
	def     *graph.Graph
	binding graph.Binding
	leaves  map[string]*buffer.Buffer
	names   map[*graph.Value]string
	nodes   map[*graph.Value]*G.Node
	values  map[*G.Node]*buffer.Buffer // of the graph's leaves
	params  []*graph.Value
}

func (f *forward) node(n *graph.Node) (err error) {
	defer rescue(placeOf(n, f.names), &err)
	if n.Op.Is(graph.Leaf) {
		return f.leaf(n)
	}
	v, args := n.Results[0], make([]*G.Node, len(n.Args))
	for i, a := range n.Args {
		args[i] = f.nodes[a]
	}
	switch n.Op.Name {
	case "error", "feedback": // identities to backpropagation
		f.nodes[v] = args[0]
		return nil
	case "softmax_cross_entropy":
		f.nodes[v], err = f.crossEntropy(n)
		return err
	}
	build := ownRule(n)
	if build == nil {
		return fmt.Errorf("gorgonia has no op %s", n.Op.Name)
	}
	shape, err := v.Type.Shape(f.binding)
	if err != nil {
		return err
	}
	if err := f.distinct(n); err != nil {
		return err
	}
	out, err := build(n, shape, args)
	if err == nil {
		out, err = reshaped(out, shape)
	}
	f.nodes[v] = out
	return err
}

// distinct refuses slices, and concatenations, whose gradients are slices, with bounds above 255: Gorgonia compares bounds
// modulo 256, and would take two slices for one. Only in programs can op keep them apart.
func (f *forward) distinct(n *graph.Node) error {
	v := n.Results[0]
	if n.Op.Name == "slice" {
		v = n.Args[0]
	} else if n.Op.Name != "concat" {
		return nil
	}
	shape, err := v.Type.Shape(f.binding)
	if err == nil && buffer.Size(shape[n.Int("axis"):]) > 255 {
		err = errors.New("gorgonia does not tell slices of more than 255 elements apart")
	}
	return err
}

// leaf adds a floating-point leaf. Labels are read from their buffer, and patterns by no op that Gorgonia has.
func (f *forward) leaf(n *graph.Node) error {
	v := n.Results[0]
	shape, err := v.Type.Shape(f.binding)
	if err != nil {
		return err
	}
	b := f.leaves[n.Name()]
	if n.Op.Name == "const" {
		b = buffer.New(v.Type.DType, shape...)
		for i := range len(b.F32) + len(b.F64) {
			put(b, i, n.Float("value"))
		}
	}
	switch {
	case b == nil:
		return errors.New("no value is given for it")
	case v.Type.Sparse:
		return nil
	case b.DType != v.Type.DType || !slices.Equal(b.Shape, shape):
		return fmt.Errorf("%v%v is given for it", b.DType, b.Shape)
	case v.Type.Differentiable():
		f.nodes[v] = f.constant(b, n.Name())
	}
	if n.Op.Name == "param" {
		f.params = append(f.params, v)
	}
	return nil
}

// constant adds a leaf of the given value.
func (f *forward) constant(b *buffer.Buffer, name string) *G.Node {
	n := newLeaf(f.graph, dtypeOf(b.DType), b.Shape, name)
	f.values[n] = b
	return n
}

// crossEntropy is sum(rows * log(sum(exp(logits)))) - sum(target * logits), where rows holds the rows' weights over their
// total, and target the same at each row's label.
func (f *forward) crossEntropy(n *graph.Node) (*G.Node, error) {
	for _, a := range n.Args[1:] {
		if !a.Node.Op.Is(graph.Leaf) || a.Is("const") {
			return nil, errors.New("labels and weights must be inputs")
		}
	}
	x := f.nodes[n.Args[0]]
	shape := x.Shape()
	classes := shape[len(shape)-1]
	count := buffer.Size(shape[:len(shape)-1])
	label := f.leaves[n.Args[1].Node.Name()]
	weights, total := make([]float64, count), 0.0
	for r := range weights {
		weights[r] = 1
		if len(n.Args) > 2 {
			weights[r] = get(f.leaves[n.Args[2].Node.Name()], r)
		}
		total += weights[r]
	}
	if n.Str("reduce") == "sum" {
		total = 1
	}
	dt := n.Args[0].Type.DType
	rows, target := buffer.New(dt, count), buffer.New(dt, count, classes)
	for r, w := range weights {
		put(rows, r, w/total)
		l := int(label.I32[r])
		if w == 0 {
			continue
		}
		if l < 0 || l >= classes {
			return nil, fmt.Errorf("label %d of row %d is not in [0, %d)", l, r, classes)
		}
		put(target, r*classes+l, w/total)
	}
	var c chain
	name := f.names[n.Results[0]]
	x = c.do(reshaped(x, []int{count, classes}))
	sums := c.do1(func(x *G.Node) (*G.Node, error) { return G.Sum(x, 1) }, c.do1(G.Exp, x))
	all := c.do2(G.HadamardProd, c.do1(G.Log, sums), f.constant(rows, name+" rows"))
	hit := c.do2(G.HadamardProd, x, f.constant(target, name+" target"))
	sum := func(x *G.Node) (*G.Node, error) { return G.Sum(x) }
	return c.do2(G.Sub, c.do1(sum, all), c.do1(sum, hit)), c.err
}

func get(b *buffer.Buffer, i int) float64 {
	if b.DType == graph.F64 {
		return b.F64[i]
	}
	return float64(b.F32[i])
}

func put(b *buffer.Buffer, i int, x float64) {
	if b.DType == graph.F64 {
		b.F64[i] = x
	} else {
		b.F32[i] = float32(x)
	}
}

// differentiate lets Gorgonia differentiate its graph, and runs a copy of the outcome.
func (f *forward) differentiate(loss *graph.Value) (grads map[string]*tensor.Dense, err error) {
	defer rescue("gorgonia.Grad of "+f.def.Name, &err)
	var wrt G.Nodes
	for _, p := range f.params {
		wrt = append(wrt, f.nodes[p])
	}
	if len(wrt) == 0 {
		return map[string]*tensor.Dense{}, nil
	}
	derivatives, err := G.Grad(f.nodes[loss], wrt...)
	if err != nil {
		return nil, err
	}
	c, done := newCanvas(0), map[*G.Node]*G.Node{}
	for n, b := range f.values {
		if done[n], err = c.leaf(n.Dtype(), n.Shape()); err == nil {
			err = G.Let(done[n], toValue(b))
		}
		if err != nil {
			return nil, err
		}
	}
	for _, n := range append(G.Nodes{f.nodes[loss]}, derivatives...) {
		if _, err := c.copy(n, "a node that gorgonia.Grad made", done); err != nil {
			return nil, err
		}
	}
	m, err := c.machine()
	if err == nil {
		err = m.run()
	}
	if err != nil {
		return nil, err
	}
	if l, err := toBuffer(done[f.nodes[loss]].Value(), nil); err != nil {
		return nil, err
	} else if x := get(l, 0); math.IsNaN(x) || math.IsInf(x, 0) {
		return nil, fmt.Errorf("the loss is %v", x)
	}
	grads = map[string]*tensor.Dense{}
	for i, p := range f.params {
		g, err := toBuffer(done[derivatives[i]].Value(), f.nodes[p].Shape())
		if err != nil {
			return nil, fmt.Errorf("gradient of %v: %w", p, err)
		}
		own := buffer.New(g.DType, g.Shape...)
		own.CopyFrom(g)
		grads[p.Node.Name()] = own.Dense()
	}
	return grads, nil
}
