package gorgonia

import (
	"errors"
	"fmt"

	"graft/graph"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// canvas is the graph that runs. Its nodes are leaves and ops of type op.
type canvas struct {
	graph   *G.ExprGraph
	firstID uint32 // ops and leaves are numbered from it
	ops     uint32
	leaves  uint32
	hashes  map[uint32]bool
}

// errHash says that Gorgonia would take two different nodes for one.
var errHash = errors.New("two nodes have one hash code")

// newCanvas starts a graph. Another firstID gives the same nodes other hash codes.
func newCanvas(firstID uint32) *canvas {
	return &canvas{graph: G.NewGraph(), firstID: firstID, hashes: map[uint32]bool{}}
}

// leaf adds a node that a value is bound to.
func (c *canvas) leaf(dt tensor.Dtype, shape tensor.Shape) (*G.Node, error) {
	c.leaves++
	return c.unique(newLeaf(c.graph, dt, shape, fmt.Sprint("leaf ", c.firstID+c.leaves)))
}

func newLeaf(g *G.ExprGraph, dt tensor.Dtype, shape tensor.Shape, name string) *G.Node {
	if len(shape) == 0 {
		return G.NewScalar(g, dt, G.WithName(name))
	}
	return G.NewTensor(g, dt, len(shape), G.WithShape(shape...), G.WithName(name))
}

// apply adds a node that runs do.
func (c *canvas) apply(name, place string, do func(...G.Value) (G.Value, error), result hm.Type, shape tensor.Shape, args ...*G.Node) (*G.Node, error) {
	c.ops++
	o := &op{id: c.firstID + c.ops, name: name, place: place, result: result, shape: shape, do: do}
	for _, a := range args {
		o.args = append(o.args, a.Type())
	}
	return c.unique(G.NewUniqueNode(G.WithType(result), G.WithOp(o), G.WithChildren(args), G.In(c.graph), G.WithShape(shape...)))
}

func (c *canvas) unique(n *G.Node) (*G.Node, error) {
	if c.hashes[n.Hashcode()] {
		return nil, errHash
	}
	c.hashes[n.Hashcode()] = true
	return n, nil
}

// copy adds n, a node of another graph that is made of Gorgonia's own ops, and what it depends on. done holds what has been
// copied, and what stands for the other graph's leaves.
func (c *canvas) copy(n *G.Node, place string, done map[*G.Node]*G.Node) (*G.Node, error) {
	if m := done[n]; m != nil {
		return m, nil
	}
	var args []*G.Node
	for it := n.Graph().From(n.ID()); it.Next(); {
		m, err := c.copy(it.Node().(*G.Node), place, done)
		if err != nil {
			return nil, err
		}
		args = append(args, m)
	}
	var m *G.Node
	var err error
	if len(args) > 0 {
		m, err = c.apply(n.Op().String(), place, n.Op().Do, n.Type(), n.Shape(), args...)
	} else if m, err = c.leaf(n.Dtype(), n.Shape()); err == nil {
		err = G.Let(m, n.Value()) // a constant
	}
	if err != nil {
		return nil, err
	}
	done[n] = m
	return m, nil
}

// machine runs a canvas.
type machine struct{ vm G.VM }

func (c *canvas) machine() (m *machine, err error) {
	defer rescue("gorgonia's compiler", &err)
	return &machine{G.NewTapeMachine(c.graph)}, nil
}

// run computes every node from the values that are bound to the leaves.
func (m *machine) run() error {
	defer m.vm.Reset()
	err := m.vm.RunAll()
	if err == nil {
		return nil
	}
	// Gorgonia wraps an error in some that show its registers; ours says where it belongs.
	if inner, ok := err.(interface{ Err() error }); ok {
		err = inner.Err()
	}
	var p *placed
	if errors.As(err, &p) {
		return p
	}
	return err
}

// placeOf describes a node in errors.
func placeOf(n *graph.Node, names map[*graph.Value]string) string {
	return fmt.Sprintf("%v: %s", n.Pos, graph.FormatNode(n, names))
}
