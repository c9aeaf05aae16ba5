package gorgonia

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"

	G "gorgonia.org/gorgonia"
)

// building lets one goroutine at a time build a graph: Gorgonia's constants belong to all graphs, and hashing writes to them.
var building sync.Mutex

// lowering is the state of turning a program into Gorgonia's nodes.
type lowering struct {
	*canvas
	binding graph.Binding
	kernels native.Table
	leaves  map[*graph.Value]*buffer.Buffer
	names   map[*graph.Value]string
	// nodes holds what computes each value; patterns have none.
	nodes map[*graph.Value]*G.Node
	// adapted lists the nodes that a kernel runs.
	adapted []*graph.Node
}

// lower turns p into nodes of a canvas that starts at firstID.
func lower(p *graph.Graph, b graph.Binding, leaves map[*graph.Value]*buffer.Buffer, kernels native.Table, firstID uint32) (*lowering, error) {
	l := &lowering{
		canvas: newCanvas(firstID), binding: b, kernels: kernels, leaves: leaves,
		names: graph.Names(p), nodes: map[*graph.Value]*G.Node{},
	}
	for _, n := range p.Nodes {
		if err := l.node(n); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *lowering) node(n *graph.Node) (err error) {
	place := placeOf(n, l.names)
	defer rescue(place, &err)
	switch {
	case n.Op.Is(graph.Effect):
		return nil
	case !n.Op.Is(graph.Leaf) && len(n.Args) == 0:
		return l.fixed(n)
	case !n.Op.Is(graph.Leaf):
		if r := ownRule(n); r != nil {
			return l.own(n, place, r)
		}
		return l.kernel(n, place)
	case n.Results[0].Type.Sparse:
		return nil
	}
	v := n.Results[0]
	l.nodes[v], err = l.leaf(dtypeOf(v.Type.DType), l.leaves[v].Shape)
	return err
}

// fixed runs a node without operands now, and binds the result: Gorgonia takes what has no operands for an input.
func (l *lowering) fixed(n *graph.Node) error {
	out, err := l.kernels.Eval(n, l.binding)
	if err != nil {
		return errors.Unwrap(err) // it names the node, as ours will
	}
	for i, r := range n.Results {
		if l.nodes[r], err = l.leaf(dtypeOf(r.Type.DType), out[i].Shape); err == nil {
			err = G.Let(l.nodes[r], toValue(out[i]))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// own builds the results of n, the first by build and others by rules of their own.
func (l *lowering) own(n *graph.Node, place string, build rule) error {
	for i, build := range append([]rule{build}, furtherRules()[n.Op.Name]...) {
		if err := l.result(n, place, i, build); err != nil {
			return err
		}
	}
	return nil
}

// result builds a result of n in a scratch graph, where Gorgonia can merge no other nodes with it, and copies it.
func (l *lowering) result(n *graph.Node, place string, result int, build rule) error {
	scratch, done := G.NewGraph(), map[*G.Node]*G.Node{}
	var x []*G.Node
	for i, a := range n.Args {
		real := l.nodes[a]
		x = append(x, newLeaf(scratch, real.Dtype(), real.Shape(), fmt.Sprint("operand ", i)))
		done[x[i]] = real
	}
	shape, err := n.Results[result].Type.Shape(l.binding)
	if err != nil {
		return err
	}
	out, err := build(n, shape, x)
	if err == nil {
		out, err = reshaped(out, shape)
	}
	if err == nil {
		out, err = l.copy(out, place, done)
	}
	l.nodes[n.Results[result]] = out
	return err
}

// kernel adds a node that runs n's kernel and gives the first result, and for each further result one that passes it on.
func (l *lowering) kernel(n *graph.Node, place string) error {
	if l.kernels[n.Op.Name].Run == nil {
		return errors.New("there is neither an op of Gorgonia's nor a kernel for it")
	}
	l.adapted = append(l.adapted, n)
	var args []*G.Node
	patterns := make([]*buffer.Buffer, len(n.Args))
	for i, a := range n.Args {
		if a.Type.Sparse {
			patterns[i] = l.leaves[a]
		} else {
			args = append(args, l.nodes[a])
		}
	}
	var results []*buffer.Buffer // of the latest run
	do := func(values ...G.Value) (G.Value, error) {
		in := slices.Clone(patterns)
		for i := range in {
			if in[i] != nil {
				continue
			}
			shape, err := n.Args[i].Type.Shape(l.binding)
			if err != nil {
				return nil, err
			}
			if in[i], err = toBuffer(values[0], shape); err != nil {
				return nil, fmt.Errorf("operand %d: %w", i, err)
			}
			values = values[1:]
		}
		out, err := l.kernels.Eval(n, l.binding, in...)
		if err != nil {
			return nil, errors.Unwrap(err) // it names the node, as ours will
		}
		results = out
		return toValue(out[0]), nil
	}
	for i, r := range n.Results {
		name := n.Op.Name
		if i > 0 {
			name = fmt.Sprintf("%s, result %d", name, i)
			args = []*G.Node{l.nodes[n.Results[0]]}
			do = func(...G.Value) (G.Value, error) { return toValue(results[i]), nil }
		}
		shape, err := r.Type.Shape(l.binding)
		if err != nil {
			return err
		}
		if l.nodes[r], err = l.apply(name, place, do, typeOf(r.Type.DType, len(shape)), shape, args...); err != nil {
			return err
		}
	}
	return nil
}
