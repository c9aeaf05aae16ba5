package bench

import (
	"time"

	"graft/graph"
)

// Machine is what a machine can do at best, on the workers that were measured.
type Machine struct {
	FLOPS     float64 // a second: P
	Bandwidth float64 // bytes a second: W
}

// Need is what a step needs of it.
type Need struct {
	FLOPs int64 // F
	Bytes int64 // Q
}

// Roofline returns the least time that a machine could meet a need in: max(F/P, Q/W).
func (m Machine) Roofline(n Need) time.Duration {
	return time.Duration(1e9 * max(float64(n.FLOPs)/m.FLOPS, float64(n.Bytes)/m.Bandwidth))
}

// NeedOf returns what one step of a program needs, as the package's doc defines it.
func NeedOf(p *graph.Graph, b graph.Binding) (Need, error) {
	stored := map[string]bool{}
	for _, n := range p.Effects("store") {
		stored[n.Name()] = true
	}
	var flops, bytes graph.Cost
	users, kept := p.Users(), map[*graph.Value]bool{}
	for _, n := range p.Nodes {
		if n.Phase != graph.Once {
			flops = flops.Plus(n.FLOPs())
		}
		for _, v := range n.Results {
			root := memoryOf(v)
			switch size := bytesOf(v); {
			case n.Op.Name == "const" || len(users[v]) == 0:
			case stored[n.Name()] && n.Op.Name == "param":
				bytes = bytes.Plus(size.Times(graph.Int(4))) // it and its gradient, both ways
			case stored[n.Name()] && n.Op.Name == "state":
				bytes = bytes.Plus(size.Times(graph.Int(2)))
			case n.Op.Is(graph.Leaf):
				bytes = bytes.Plus(readOf(v, users[v], b))
			case n.Phase == graph.Once:
				bytes = bytes.Plus(size)
			case root.Node.Phase == graph.Forward && !kept[root] && readLater(users[v]):
				kept[root] = true
				bytes = bytes.Plus(bytesOf(root).Times(graph.Int(2)))
			}
		}
	}
	f, err := flops.Bind(b)
	if err != nil {
		return Need{}, err
	}
	q, err := bytes.Bind(b)
	return Need{f, q}, err
}

// memoryOf looks through reshapes, which need no memory of their own.
func memoryOf(v *graph.Value) *graph.Value {
	for v.Is("reshape") {
		v = v.Arg(0)
	}
	return v
}

// readLater reports whether some of the nodes come after the forward phase.
func readLater(nodes []*graph.Node) bool {
	for _, n := range nodes {
		if n.Phase > graph.Forward && !n.Op.Is(graph.Effect) {
			return true
		}
	}
	return false
}

// readOf returns what is read of a leaf that does not change: of a table, no more than the rows that are gathered.
func readOf(v *graph.Value, users []*graph.Node, b graph.Binding) graph.Cost {
	var rows graph.Cost
	for _, n := range users {
		if n.Op.Name != "gather" || n.Args[0] != v {
			return bytesOf(v)
		}
		rows = rows.Plus(bytesOf(n.Results[0]))
	}
	gathered, err := rows.Bind(b)
	whole, err2 := bytesOf(v).Bind(b)
	if err == nil && err2 == nil && gathered < whole {
		return rows
	}
	return bytesOf(v)
}

// bytesOf returns the size of a value; a pattern holds the column of every entry and the start of every row.
func bytesOf(v *graph.Value) graph.Cost {
	t := v.Type
	if t.Sparse {
		return graph.CostOf(t.Dims[2].Mul(graph.Int(4)), t.Dims[0].Mul(graph.Int(4)))
	}
	size := graph.Int(int(t.DType.Bytes()))
	for _, d := range t.Dims {
		size = size.Mul(d)
	}
	return graph.CostOf(size)
}
