package native

import (
	"errors"
	"fmt"
	"slices"

	"graft/graph"
	"graft/runtime/buffer"
)

// Eval runs one node on the given operands and returns newly allocated results. It serves tests, constant folding and
// anything else that runs a node once; an executable prepares its calls in advance instead.
func (t Table) Eval(n *graph.Node, b graph.Binding, in ...*buffer.Buffer) ([]*buffer.Buffer, error) {
	if err := checkOperands(n, b, in); err != nil {
		return nil, fmt.Errorf("%s at %v: %w", n.Op.Name, n.Pos, err)
	}
	out := make([]*buffer.Buffer, len(n.Results))
	for i, r := range n.Results {
		shape, err := r.Type.Shape(b)
		if err != nil {
			return nil, fmt.Errorf("%s at %v: %w", n.Op.Name, n.Pos, err)
		}
		out[i] = buffer.New(r.Type.DType, shape...)
	}
	if err := t.run(&Call{Node: n, In: in, Out: out}); err != nil {
		return nil, fmt.Errorf("%s at %v: %w", n.Op.Name, n.Pos, err)
	}
	return out, nil
}

// run prepares a call and runs its parts in order.
func (t Table) run(c *Call) error {
	k, ok := t[c.Node.Op.Name]
	if !ok || k.Run == nil {
		return errors.New("the table has no kernel for it")
	}
	if k.Prepare != nil {
		if err := k.Prepare(c); err != nil {
			return err
		}
	}
	parts := 1
	if k.Parts != nil {
		parts = k.Parts(c)
	}
	for p := range parts {
		if err := k.Run(c, p, parts); err != nil {
			return err
		}
	}
	return nil
}

// Interpret evaluates a graph node by node in graph order and returns every value. leaves holds the inputs, params and
// states by name; constants are filled and effects are skipped.
func (t Table) Interpret(g *graph.Graph, b graph.Binding, leaves map[string]*buffer.Buffer) (map[*graph.Value]*buffer.Buffer, error) {
	if err := graph.Check(g); err != nil {
		return nil, err
	}
	values := map[*graph.Value]*buffer.Buffer{}
	for _, n := range g.Nodes {
		switch {
		case n.Op.Is(graph.Effect):
			continue
		case n.Op.Is(graph.Leaf) && n.Op.Name != "const":
			v := n.Results[0]
			given := leaves[n.Name()]
			if err := checkBuffer(v.Type, b, given); err != nil {
				return nil, fmt.Errorf("%s %q: %w", n.Op.Name, n.Name(), err)
			}
			values[v] = given
			continue
		}
		in := make([]*buffer.Buffer, len(n.Args))
		for i, a := range n.Args {
			in[i] = values[a]
		}
		out, err := t.Eval(n, b, in...)
		if err != nil {
			return nil, err
		}
		for i, r := range n.Results {
			values[r] = out[i]
		}
	}
	return values, nil
}

func checkOperands(n *graph.Node, b graph.Binding, in []*buffer.Buffer) error {
	if len(in) != len(n.Args) {
		return fmt.Errorf("%d operands given, %d wanted", len(in), len(n.Args))
	}
	for i, a := range n.Args {
		if err := checkBuffer(a.Type, b, in[i]); err != nil {
			return fmt.Errorf("operand %d: %w", i, err)
		}
	}
	return nil
}

// checkBuffer compares a buffer with the type that it is to have.
func checkBuffer(t graph.Type, b graph.Binding, x *buffer.Buffer) error {
	shape, err := t.Shape(b)
	if err != nil {
		return err
	}
	switch {
	case x == nil:
		return fmt.Errorf("no value given for %v", t)
	case t.Sparse && x.Pattern == nil:
		return fmt.Errorf("a dense value was given for %v", t)
	case t.Sparse:
		if p := x.Pattern; !slices.Equal(shape, []int{p.Rows, p.Cols, p.NNZ()}) {
			return fmt.Errorf("a %d x %d pattern with %d entries was given for %v, which is %v", p.Rows, p.Cols, p.NNZ(), t, shape)
		}
	case x.Pattern != nil:
		return fmt.Errorf("a pattern was given for %v", t)
	case x.DType != t.DType || !slices.Equal(shape, x.Shape):
		return fmt.Errorf("%v%v was given for %v, which is %v%v", x.DType, x.Shape, t, t.DType, shape)
	}
	return nil
}
