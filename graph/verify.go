package graph

import (
	"fmt"
	"strings"
)

// VerifyError is a rule of a stage that a graph breaks: which, at which line of the user's code, and how.
type VerifyError struct {
	Rule    string // the rule's name
	Pos     Pos    // where the user made the node
	Msg     string
	Context string // the node between its neighbours in the text form, marked with '>'
}

func (e *VerifyError) Error() string {
	s := fmt.Sprintf("%s: %s", e.Rule, e.Msg)
	if e.Pos.File != "" {
		s = fmt.Sprintf("%v: %s", e.Pos, s)
	}
	if e.Context != "" {
		s += "\n" + e.Context
	}
	return s
}

// Verify checks g against the ops and rules of a stage and returns the first fault, a *VerifyError, or the mistake that was
// made in building g.
func Verify(g *Graph, s Stage) error {
	if err := Check(g); err != nil {
		return err
	}
	if int(s) >= len(stages) {
		return fmt.Errorf("there is no stage %d", s)
	}
	spec := &stages[s]
	for _, r := range spec.rules {
		if f := r.check(g, spec); f != nil {
			e := &VerifyError{Rule: r.name, Msg: fmt.Sprintf("%s (%s)", f.msg, r.why)}
			if f.node != nil {
				e.Pos = f.node.Pos
				e.Context = context(g, f.node)
			}
			return e
		}
	}
	return nil
}

// fault is what a rule finds: the node at fault, or nil for the graph as a whole, and the message.
type fault struct {
	node *Node
	msg  string
}

func faultf(n *Node, format string, args ...any) *fault {
	return &fault{n, fmt.Sprintf(format, args...)}
}

// context shows a node with the lines before and after it.
func context(g *Graph, n *Node) string {
	names := Names(g)
	var b strings.Builder
	for i, m := range g.Nodes {
		if m != n {
			continue
		}
		for j := max(0, i-1); j <= min(i+1, len(g.Nodes)-1); j++ {
			mark := "  "
			if j == i {
				mark = "> "
			}
			fmt.Fprintf(&b, "\n\t%s%s", mark, FormatNode(g.Nodes[j], names))
		}
		break
	}
	return strings.TrimPrefix(b.String(), "\n")
}

// checkNodes finds missing parts and broken links. A fault here has no node, since it could not be printed.
func checkNodes(g *Graph, _ *stage) *fault {
	for i, n := range g.Nodes {
		if n == nil || n.Op == nil || n.Op.Infer == nil {
			return faultf(nil, "node %d has no op", i)
		}
		for j, a := range n.Args {
			if a == nil || a.Node == nil || a.Node.Op == nil {
				return faultf(nil, "operand %d of node %d (%s) is missing", j, i, n.Op.Name)
			}
		}
		for j, r := range n.Results {
			if r == nil || r.Node != n || r.Index != j || r.graph != g {
				return faultf(nil, "result %d of node %d (%s) is not linked to it", j, i, n.Op.Name)
			}
		}
	}
	return nil
}

func checkOrder(g *Graph, _ *stage) *fault {
	listed := map[*Node]bool{}
	for _, n := range g.Nodes {
		listed[n] = true
	}
	seen := map[*Value]bool{}
	visited := map[*Node]bool{}
	for _, n := range g.Nodes {
		if visited[n] {
			return faultf(n, "the node stands in the list twice")
		}
		visited[n] = true
		for i, a := range n.Args {
			switch {
			case seen[a]:
			case listed[a.Node]:
				return faultf(n, "operand %d, %v, is defined after its use", i, a)
			default:
				return faultf(n, "operand %d, %v, is not in this graph", i, a)
			}
		}
		for _, r := range n.Results {
			seen[r] = true
		}
	}
	return nil
}

func checkTypes(g *Graph, _ *stage) *fault {
	for _, n := range g.Nodes {
		if g.table.Lookup(n.Op.Name) != n.Op {
			return faultf(n, "the graph's op table does not have this op %q", n.Op.Name)
		}
		var declared *Type
		if n.Op.Is(Leaf) {
			if len(n.Results) != 1 || !n.Results[0].Type.valid() {
				return faultf(n, "a leaf has one result, of a sensible type")
			}
			declared = &n.Results[0].Type
		}
		types, attrs, err := n.Op.infer(declared, n.Attrs, n.Args)
		if err != nil {
			return faultf(n, "%s: %v", n.Op.Name, err)
		}
		if len(types) != len(n.Results) {
			return faultf(n, "%s has %s, the node has %d", n.Op.Name, plural(len(types), "result"), len(n.Results))
		}
		for i, t := range types {
			if !t.Equal(n.Results[i].Type) {
				return faultf(n, "result %d of %s is %v, the node has %v", i, n.Op.Name, t, n.Results[i].Type)
			}
		}
		for name, v := range n.Attrs {
			switch w, ok := attrs[name]; {
			case !ok:
				return faultf(n, "attribute %s has its default and must be left out", name)
			case !attrEqual(v, w):
				return faultf(n, "attribute %s is a %T, not a %T", name, v, w)
			}
		}
	}
	return nil
}

func checkLeaves(g *Graph, _ *stage) *fault {
	for _, n := range g.Nodes {
		if n.Op.Is(Leaf) && (!isName(n.Name()) || g.leaves[n.Name()] != n.Results[0]) {
			return faultf(n, "%q is not the name of this leaf alone", n.Name())
		}
	}
	return nil
}

func checkHeader(g *Graph, s *stage) *fault {
	switch {
	case s.program && !g.Program:
		return faultf(nil, "%q is a definition, not a program as the stage %q has", g.Name, s.name)
	case !s.program && g.Program:
		return faultf(nil, "%q is a program, not a definition as the stage %q has", g.Name, s.name)
	}
	if !isName(g.Name) {
		return faultf(nil, "%q is not a name", g.Name)
	}
	for _, f := range g.header() {
		switch {
		case *f.value != "" && !g.Program:
			return faultf(nil, "%q is a definition and has no %s, %q", g.Name, f.key, *f.value)
		case *f.value != "" && !isName(*f.value):
			return faultf(nil, "the %s of %q, %q, is not a name", f.key, g.Name, *f.value)
		}
	}
	return nil
}

func checkRelations(g *Graph, _ *stage) *fault {
	sums := map[string]bool{}
	for _, r := range g.Relations {
		if err := r.check(); err != nil {
			return faultf(nil, "%v", err)
		}
		if sums[r.Sum] {
			return faultf(nil, "relation %v: %s is the sum of another relation already", r, r.Sum)
		}
		sums[r.Sum] = true
	}
	return nil
}

func checkOps(g *Graph, s *stage) *fault {
	for _, n := range g.Nodes {
		if because := s.refuses(n.Op); because != "" {
			return faultf(n, "%s has no place in a graph at the stage %q: %s", n.Op.Name, s.name, because)
		}
	}
	return nil
}

func checkOutputs(g *Graph, _ *stage) *fault {
	first := map[string]*Node{}
	for _, n := range g.Effects("output") {
		if m := first[n.Name()]; m != nil {
			return faultf(n, "there is an output %q already, made at %v", n.Name(), m.Pos)
		}
		first[n.Name()] = n
	}
	return nil
}

func checkStores(g *Graph, _ *stage) *fault {
	first := map[string]*Node{}
	for _, n := range g.Effects("store") {
		leaf := g.Leaf(n.Name())
		switch {
		case leaf == nil:
			return faultf(n, "there is no param or state %q", n.Name())
		case !leaf.Is("param") && !leaf.Is("state"):
			return faultf(n, "%v cannot be stored: only a param or a state can", leaf)
		case !leaf.Type.Equal(n.Args[0].Type):
			return faultf(n, "%v cannot take a %v", leaf, n.Args[0].Type)
		case first[n.Name()] != nil:
			return faultf(n, "%q is stored already, at %v", n.Name(), first[n.Name()].Pos)
		case g.Program && n.Phase != Update && (n.Phase != Forward || leaf.Is("param")):
			return faultf(n, "%v is stored in the phase %q: a param is stored in update, a state there or in forward", leaf, n.Phase)
		}
		first[n.Name()] = n
	}
	return nil
}
