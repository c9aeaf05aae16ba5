package graph

import (
	"fmt"
	"maps"
	"strings"
)

// Phase says when a node of a compiled program runs. Leaves, and all nodes of a definition, have none.
type Phase uint8

// The phases in the order in which they run. Graft is the part of the backward phase that delivers projected errors.
const (
	NoPhase Phase = iota
	Once          // before the first step, and again only when what it reads has changed
	Forward
	Backward
	Graft
	Update
)

var phaseNames = [...]string{"", "once", "forward", "backward", "graft", "update"}

func (p Phase) String() string { return phaseNames[p] }

// Pos is a place in a source file.
type Pos struct {
	File string
	Line int
}

func (p Pos) String() string {
	if p.File == "" {
		return "?"
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Node is one operation of a graph. Nodes are made by the builder, the parser and the passes, and not changed afterwards.
type Node struct {
	Op      *Op
	Args    []*Value
	Attrs   Attrs
	Results []*Value
	Phase   Phase
	// Label names the section of a node of the backward phase: its region, or the error site of a graft.
	Label string
	// Region is the region whose cotangents the node's results carry in the forward phase; empty when they carry none.
	// It is what the proofs are made on and no part of the text form.
	Region string
	// Joined says that the node is computed in one sweep over rows together with the node before it.
	Joined bool
	Pos    Pos
}

// Value is one result of a node.
type Value struct {
	Node  *Node // nil for the result of a mistaken call
	Index int
	Type  Type
	// ReadBy lists the regions that read the value through a cut. Like Node.Region, it is for the proofs.
	ReadBy []string
	graph  *Graph
}

// Graph is a list of nodes in topological order: a definition, or a program.
type Graph struct {
	Name string
	// Program says that the graph is compiled. Mode, Granularity and Part are printed in the header of a program; Part is
	// the piece of a training program that it is: step, gradient, update, predict or alignment.
	Program                 bool
	Mode, Granularity, Part string
	Relations               []Relation
	Nodes                   []*Node

	table   *Table
	leaves  map[string]*Value
	helpers map[string]bool
	ctx     Context
	err     error
}

// Relation states that the symbol Sum stands for the sum of Terms. It is checked when a graph is bound.
type Relation struct {
	Sum   string
	Terms []Dim
}

func (r Relation) String() string {
	s := make([]string, len(r.Terms))
	for i, t := range r.Terms {
		s[i] = t.String()
	}
	return r.Sum + " = " + strings.Join(s, " + ")
}

// Context is what nodes made by Add take over.
type Context struct {
	Phase  Phase
	Label  string
	Region string
	Pos    Pos // when unset, the line of the user's call
}

// New starts an empty definition over graft's op table.
func New(name string) *Graph { return NewWith(name, Standard()) }

// NewWith starts an empty definition over the given op table.
func NewWith(name string, t *Table) *Graph {
	g := &Graph{Name: name, table: t, leaves: map[string]*Value{}, helpers: map[string]bool{}}
	if !isName(name) {
		g.fail(g.callerPos(), "graph name %q must be letters, digits and any of _ - . /", name)
	}
	return g
}

// Ops returns the table that the graph is built over.
func (g *Graph) Ops() *Table { return g.table }

// Err returns the first mistake made in building g, with the file and line of the user's call, or nil.
func (g *Graph) Err() error { return g.err }

// At sets what the nodes that are added from now on take over, and returns what was set before.
func (g *Graph) At(c Context) Context {
	old := g.ctx
	g.ctx = c
	return old
}

// Leaf returns the input, param, state or const of that name, or nil.
func (g *Graph) Leaf(name string) *Value { return g.leaves[name] }

// Leaves returns the leaves with the given op in graph order.
func (g *Graph) Leaves(op string) []*Value {
	var out []*Value
	for _, n := range g.Nodes {
		if n.Op.Name == op && n.Op.Is(Leaf) {
			out = append(out, n.Results[0])
		}
	}
	return out
}

// Effects returns the effect nodes (loss, seed, output, store) with the given op in graph order.
func (g *Graph) Effects(op string) []*Node {
	var out []*Node
	for _, n := range g.Nodes {
		if n.Op.Name == op {
			out = append(out, n)
		}
	}
	return out
}

// Result returns the value declared as the output of that name, or nil.
func (g *Graph) Result(name string) *Value {
	for _, n := range g.Effects("output") {
		if n.Name() == name {
			return n.Args[0]
		}
	}
	return nil
}

// LossValue returns the value declared as the loss, or nil.
func (g *Graph) LossValue() *Value {
	if l := g.Effects("loss"); len(l) == 1 {
		return l[0].Args[0]
	}
	return nil
}

// Bool, Int, Float, Str, Ints and DimList return the attribute of that name or its default.
func (n *Node) Bool(name string) bool     { return n.Op.attr(n.Attrs, name).(bool) }
func (n *Node) Int(name string) int       { return n.Op.attr(n.Attrs, name).(int) }
func (n *Node) Float(name string) float64 { return n.Op.attr(n.Attrs, name).(float64) }
func (n *Node) Str(name string) string    { return n.Op.attr(n.Attrs, name).(string) }
func (n *Node) Ints(name string) []int    { return n.Op.attr(n.Attrs, name).([]int) }
func (n *Node) DimList(name string) []Dim { return n.Op.attr(n.Attrs, name).([]Dim) }

// Name returns the name of a leaf, an output or a store, and "" for other nodes.
func (n *Node) Name() string {
	s, _ := n.Attrs["name"].(string)
	return s
}

// Is reports whether v is the result of the named op.
func (v *Value) Is(op string) bool { return v.Node != nil && v.Node.Op.Name == op }

// Arg returns operand i of the node that made v.
func (v *Value) Arg(i int) *Value { return v.Node.Args[i] }

// String names v for messages: a leaf by its name, others by op and place.
func (v *Value) String() string {
	if v.Node == nil {
		return "an invalid value"
	}
	if v.Node.Op.Is(Leaf) {
		return fmt.Sprintf("%s %q : %v", v.Node.Op.Name, v.Node.Name(), v.Type)
	}
	return fmt.Sprintf("%s at %v : %v", v.Node.Op.Name, v.Node.Pos, v.Type)
}

// Users returns, for every value, the nodes that read it, in graph order. A node that reads it twice is listed twice.
func (g *Graph) Users() map[*Value][]*Node {
	u := map[*Value][]*Node{}
	for _, n := range g.Nodes {
		for _, a := range n.Args {
			u[a] = append(u[a], n)
		}
	}
	return u
}

// Copier makes a new graph out of an old one, node by node. It is how passes rewrite: a pass decides for each node of Old
// whether to Copy it, to build something else in New, or to drop it, and says with Map what stands for the old values.
type Copier struct {
	Old, New *Graph
	to       map[*Value]*Value
	before   map[*Node]*Node // the node before each joined node of Old
	last     *Node           // of Old, the one whose copy New ends with, if it does
	end      int             // the length of New then
}

// NewCopier starts a copy of g that has the same header and no nodes.
func NewCopier(g *Graph) *Copier {
	out := NewWith(g.Name, g.table)
	out.Program, out.Mode, out.Granularity, out.Part = g.Program, g.Mode, g.Granularity, g.Part
	out.Relations = append([]Relation(nil), g.Relations...)
	out.err = g.err
	c := &Copier{Old: g, New: out, to: map[*Value]*Value{}, before: map[*Node]*Node{}}
	for i, n := range g.Nodes {
		if n != nil && n.Joined && i > 0 {
			c.before[n] = g.Nodes[i-1]
		}
	}
	return c
}

// Map lets new stand for old.
func (c *Copier) Map(old, new *Value) { c.to[old] = new }

// Value returns what stands for old, or nil.
func (c *Copier) Value(old *Value) *Value { return c.to[old] }

// Values returns what stands for each of the old values.
func (c *Copier) Values(old []*Value) []*Value {
	out := make([]*Value, len(old))
	for i, v := range old {
		out[i] = c.to[v]
	}
	return out
}

// Copy adds a copy of an old node whose operands have been mapped, keeping its phase, region and position. It stays joined where it
// stands behind the copy of the node that it is joined to.
func (c *Copier) Copy(n *Node) *Node { return c.CopyAs(n, n.Attrs, c.Values(n.Args)...) }

// CopyAs adds a node like n with other attributes and operands (of New), and maps n's results to its results.
func (c *Copier) CopyAs(n *Node, attrs Attrs, args ...*Value) *Node {
	old := c.New.At(Context{n.Phase, n.Label, n.Region, n.Pos})
	defer c.New.At(old)
	var t *Type
	if n.Op.Is(Leaf) {
		t = &n.Results[0].Type
	}
	m := c.New.add(n.Op, t, maps.Clone(attrs), args)
	if m == nil {
		return nil
	}
	m.Joined = n.Joined && c.last != nil && c.last == c.before[n] && c.end == len(c.New.Nodes)-1
	c.last, c.end = n, len(c.New.Nodes)
	for i, r := range n.Results {
		m.Results[i].ReadBy = r.ReadBy
		c.to[r] = m.Results[i]
	}
	return m
}
