package gorgonia

import (
	"errors"
	"fmt"
	"math"

	"graft/graph"
	"graft/runtime/buffer"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Grad returns the gradient of def's loss with respect to every parameter that a cotangent reaches, by Gorgonia's own symbolic
// differentiation of a graph of Gorgonia's own ops. leaves holds inputs, params and states by name. Every model of the zoo but
// those of graphs can be checked at small sizes; a definition that is trained through an op which is neither in own.go nor in
// grad_ops.go, a sparse product for instance, is refused.
//
// Ops that Gorgonia has not are composed of those that it has, and so differentiated by it: running sums and products by triangular
// matrices, rows of a table by a matrix of ones and zeros, of at most 2^20 elements, normalisation by means. What no
// cotangent passes is a constant to both sides: draws, and all behind a detach, such as where a ray is sampled. Where
// Gorgonia has no op for it, the reference kernels say its value.
//
// It is a check, and made simple. The running product is exp(sum(log x)), and an element that is not above 0 is an error. Softmax and
// softmax_cross_entropy exponentiate logits without a shift, so that some in the eighties overflow float32; when the loss is
// no number, that is an error too. Where relu's operand is 0, Gorgonia's derivative is 1 and graft's is 0. Gorgonia's sine and
// cosine of x are wrong by 4e-8 x in float32: what encodes positions is better checked in float64.
func Grad(def *graph.Graph, b graph.Binding, leaves map[string]*buffer.Buffer) (map[string]*tensor.Dense, error) {
	building.Lock()
	defer building.Unlock()
	f, err := newForward(def, b, leaves)
	if err != nil {
		return nil, err
	}
	return f.differentiate()
}

// forward is a definition as Gorgonia's own nodes.
type forward struct {
	graph   *G.ExprGraph
	def     *graph.Graph
	loss    *graph.Value
	binding graph.Binding
	leaves  map[string]*buffer.Buffer
	names   map[*graph.Value]string
	carries map[*graph.Value]bool
	nodes   map[*graph.Value]*G.Node
	params  []*graph.Value
	// constants are the graph's leaves and what they are.
	constants []constant
	// known holds the values that the reference kernels have computed.
	known map[*graph.Value]*buffer.Buffer
	// positive lists what must turn out to be above 0.
	positive []*graph.Value
}

// constant is a leaf of Gorgonia's graph.
type constant struct {
	node  *G.Node
	value *buffer.Buffer
}

// newForward builds what def's loss depends on.
func newForward(def *graph.Graph, b graph.Binding, leaves map[string]*buffer.Buffer) (*forward, error) {
	if err := graph.Check(def); err != nil {
		return nil, err
	}
	if err := def.CheckBinding(b); err != nil {
		return nil, err
	}
	f := &forward{
		graph: G.NewGraph(), def: def, loss: def.LossValue(), binding: b, leaves: leaves,
		names: graph.Names(def), carries: carrying(def), nodes: map[*graph.Value]*G.Node{}, known: map[*graph.Value]*buffer.Buffer{},
	}
	if f.loss == nil {
		return nil, fmt.Errorf("%s declares no loss", def.Name)
	}
	needed := f.needed()
	for _, n := range def.Nodes {
		if needed[n] {
			if err := f.node(n); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

// needed returns the nodes to build: what the loss depends on, down to what is fixed.
func (f *forward) needed() map[*graph.Node]bool {
	needed := map[*graph.Node]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if needed[n] {
			return
		}
		needed[n] = true
		for _, a := range n.Args {
			if a.Type.Differentiable() && !f.fixed(n) {
				visit(a.Node)
			}
		}
	}
	visit(f.loss.Node)
	return needed
}

func (f *forward) node(n *graph.Node) (err error) {
	defer rescue(placeOf(n, f.names), &err)
	switch {
	case n.Op.Is(graph.Leaf):
		return f.leaf(n)
	case n.Op.Name == "error" || n.Op.Name == "feedback": // identities to backpropagation
		f.nodes[n.Results[0]] = f.nodes[n.Args[0]]
		return nil
	case f.fixed(n):
		return f.fix(n)
	}
	build := f.ruleOf(n)
	if build == nil {
		return fmt.Errorf("gorgonia has no op %s", n.Op.Name)
	}
	args := make([]*G.Node, len(n.Args)) // nil for what is no floating-point number
	for i, a := range n.Args {
		args[i] = f.nodes[a]
		if args[i] == nil && a.Type.Differentiable() {
			return fmt.Errorf("operand %d: only the first result of %s can be differentiated", i, a.Node.Op.Name)
		}
	}
	v := n.Results[0]
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

// ruleOf returns the rule that builds n of Gorgonia's own ops, or nil.
func (f *forward) ruleOf(n *graph.Node) rule {
	if r := ownRule(n); r != nil {
		return r
	}
	return f.composed()[n.Op.Name]
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

// leaf adds a floating-point leaf.
func (f *forward) leaf(n *graph.Node) error {
	v := n.Results[0]
	b, err := f.value(v)
	if err != nil {
		return err
	}
	f.nodes[v] = f.constant(b, n.Name())
	if n.Op.Name == "param" {
		f.params = append(f.params, v)
	}
	return nil
}

// constant adds a leaf of the given value.
func (f *forward) constant(b *buffer.Buffer, name string) *G.Node {
	n := newLeaf(f.graph, dtypeOf(b.DType), b.Shape, name)
	f.constants = append(f.constants, constant{n, b})
	return n
}

// differentiate lets Gorgonia differentiate its graph, and runs the outcome.
func (f *forward) differentiate() (grads map[string]*tensor.Dense, err error) {
	defer rescue("gorgonia.Grad of "+f.def.Name, &err)
	var wrt G.Nodes
	for _, p := range f.params {
		wrt = append(wrt, f.nodes[p])
	}
	if len(wrt) == 0 {
		return map[string]*tensor.Dense{}, nil
	}
	derivatives, err := G.Grad(f.nodes[f.loss], wrt...)
	if err != nil {
		return nil, err
	}
	for attempt := range uint32(8) { // as Load does
		if grads, err = f.run(derivatives, attempt<<24); !errors.Is(err, errHash) {
			break
		}
	}
	return grads, err
}

// run runs a copy of the graph, on a canvas that starts at firstID, and returns the parameters' derivatives.
func (f *forward) run(derivatives G.Nodes, firstID uint32) (map[string]*tensor.Dense, error) {
	c, done := newCanvas(firstID), map[*G.Node]*G.Node{}
	for _, k := range f.constants {
		n, err := c.leaf(k.node.Dtype(), k.node.Shape())
		if err == nil {
			err = G.Let(n, toValue(k.value))
		}
		if err != nil {
			return nil, err
		}
		done[k.node] = n
	}
	for _, n := range append(G.Nodes{f.nodes[f.loss]}, derivatives...) {
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
	for _, v := range f.positive {
		if err := f.checkPositive(v, done[f.nodes[v]]); err != nil {
			return nil, err
		}
	}
	if l, err := toBuffer(done[f.nodes[f.loss]].Value(), nil); err != nil {
		return nil, err
	} else if x := l.At(0); math.IsNaN(x) || math.IsInf(x, 0) {
		return nil, fmt.Errorf("the loss is %v", x)
	}
	grads := map[string]*tensor.Dense{}
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
