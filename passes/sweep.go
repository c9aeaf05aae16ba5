package passes

import (
	"slices"

	"graft/graph"
)

// sweep joins chains of ops that can be computed block by block of rows, so that a block of what is between them stays in the
// cache and never is in memory as a whole.
var sweep = Pass{
	Name: "sweep",
	Why:  "what lies between ops on rows stays in the cache, instead of passing through memory",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		c := graph.NewCopier(g)
		users := g.Users()
		for nodes := g.Nodes; len(nodes) > 0; {
			n := runLength(nodes)
			for _, u := range newSweeper(nodes[:n], users).units() {
				for i, m := range u {
					if copied := c.Copy(m); copied != nil {
						copied.Joined = i > 0
					}
				}
			}
			nodes = nodes[n:]
		}
		return c.New, c.New.Err()
	},
}

// runLength returns the number of nodes at the front that stand together in a section; 1 where none can be joined. Within a run
// nodes may change places, and a path that leaves it does not come back.
func runLength(nodes []*graph.Node) int {
	first, n := nodes[0], 1
	if first.Phase != graph.Forward && first.Phase != graph.Backward && first.Phase != graph.Graft {
		return 1
	}
	for n < len(nodes) && nodes[n].Phase == first.Phase && nodes[n].Label == first.Label {
		n++
	}
	return n
}

// sweeper finds the sweeps of a run of nodes.
type sweeper struct {
	nodes []*graph.Node
	at    map[*graph.Node]int // places in the run
	users map[*graph.Value][]*graph.Node
	in    map[*graph.Node]*group // the group of every node of the run
}

// group is a node, or several that are to be computed in one sweep of the given rows.
type group struct {
	members []*graph.Node // in graph order
	rows    graph.Dim
}

// maxRow bounds the bytes of all values of a sweep that belong to one row. Blocks of less than a few rows are no blocks.
const maxRow = 32 << 10

func newSweeper(nodes []*graph.Node, users map[*graph.Value][]*graph.Node) *sweeper {
	s := &sweeper{nodes, map[*graph.Node]int{}, users, map[*graph.Node]*group{}}
	for i, n := range nodes {
		s.at[n] = i
		s.in[n] = &group{members: []*graph.Node{n}}
	}
	for _, n := range nodes {
		for _, a := range n.Args {
			if from := s.in[a.Node]; from != nil && from != s.in[n] {
				s.join(from, s.in[n])
			}
		}
	}
	for _, n := range nodes {
		if k := s.in[n]; len(k.members) > 1 && k.members[0] == n {
			s.peel(k)
			if len(k.members) < 2 || !s.pays(k) {
				for len(k.members) > 0 {
					s.leave(k, k.members[0])
				}
			}
		}
	}
	return s
}

// leave takes a member out of a group.
func (s *sweeper) leave(k *group, n *graph.Node) {
	k.members = slices.DeleteFunc(k.members, func(m *graph.Node) bool { return m == n })
	s.in[n] = &group{members: []*graph.Node{n}}
}

// peel takes reshapes at the border out of a group: outside they can be done in their operand's memory, and in a sweep are a copy.
// One that begins a sweep has to be the only reader of its operand for that.
func (s *sweeper) peel(k *group) {
	member := func(n *graph.Node) bool { return s.in[n] == k }
	for i := 0; i < len(k.members); i++ {
		n := k.members[i]
		if n.Op.Name != "reshape" {
			continue
		}
		x := n.Args[0]
		first := !member(x.Node) && !x.Node.Op.Is(graph.Leaf) && len(s.users[x]) == 1
		last := member(x.Node) && !slices.ContainsFunc(s.users[n.Results[0]], member)
		if first || last {
			s.leave(k, n)
			i = -1 // there may be another behind it
		}
	}
}

// join makes one group of two if that can be computed in a sweep.
func (s *sweeper) join(a, b *group) {
	k := &group{members: slices.Concat(a.members, b.members)}
	slices.SortFunc(k.members, func(m, n *graph.Node) int { return s.at[m] - s.at[n] })
	var ok bool
	if k.rows, ok = graph.SweepRows(k.members); !ok || k.bytes(func(*graph.Value) bool { return true }) > maxRow || s.waits(k) {
		return
	}
	for _, m := range k.members {
		s.in[m] = k
	}
}

// bytes returns those of the group's values that fit, for a row. Where the size of a row depends on a symbol, it is taken for too
// large.
func (k *group) bytes(fit func(v *graph.Value) bool) (sum int) {
	seen := map[*graph.Value]bool{}
	for _, n := range k.members {
		for _, v := range slices.Concat(n.Args, n.Results) {
			size, cut := v.Type.RowSize(k.rows)
			if !cut || seen[v] || !fit(v) {
				continue
			}
			seen[v] = true
			elements, ok := size.Const()
			if !ok {
				return maxRow + 1
			}
			sum += elements * int(v.Type.DType.Bytes())
		}
	}
	return sum
}

// waits reports whether a member of the group needs what is made of another one outside of it: then they cannot be computed
// together. Other groups are seen as wholes.
func (s *sweeper) waits(k *group) bool {
	seen := map[*group]bool{}
	member := func(n *graph.Node) bool { return slices.Contains(k.members, n) }
	var reaches func(n *graph.Node) bool
	reaches = func(n *graph.Node) bool {
		for _, r := range n.Results {
			for _, u := range s.users[r] {
				other := s.in[u]
				if other == nil || seen[other] && !member(u) {
					continue // it belongs to a later run, or has been looked at
				}
				if member(u) {
					if !member(n) {
						return true
					}
					continue
				}
				seen[other] = true
				if slices.ContainsFunc(other.members, reaches) {
					return true
				}
			}
		}
		return false
	}
	return slices.ContainsFunc(k.members, reaches)
}

// pays reports whether a sweep keeps more out of memory than it keeps in memory for longer: it runs where its last node stands,
// and what its first ones read must last until then.
func (s *sweeper) pays(k *group) bool {
	outside := func(n *graph.Node) bool { return s.in[n] != k }
	inner := k.bytes(func(v *graph.Value) bool {
		return s.in[v.Node] == k && !slices.ContainsFunc(s.users[v], outside)
	})
	end := s.at[k.members[len(k.members)-1]]
	longer := k.bytes(func(v *graph.Value) bool {
		if s.in[v.Node] == k || v.Node.Op.Is(graph.Leaf) {
			return false
		}
		last := 0
		for _, u := range s.users[v] {
			at, here := s.at[u]
			if !here {
				return false // a later section reads it in any case
			}
			last = max(last, at)
		}
		return last < end && slices.ContainsFunc(s.nodes[last:end], outside)
	})
	return inner > longer
}

// units returns the nodes of the run in their new order: groups together, each where its last member stood, unless something
// there needs it earlier.
func (s *sweeper) units() [][]*graph.Node {
	var out [][]*graph.Node
	placed := map[*group]bool{}
	var place func(k *group)
	place = func(k *group) {
		if placed[k] {
			return
		}
		placed[k] = true
		for _, m := range k.members {
			for _, a := range m.Args {
				if from := s.in[a.Node]; from != nil && from != k {
					place(from)
				}
			}
		}
		out = append(out, k.members)
	}
	for _, n := range s.nodes {
		if k := s.in[n]; k.members[len(k.members)-1] == n {
			place(k)
		}
	}
	return out
}
