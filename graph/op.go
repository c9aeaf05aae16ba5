package graph

import (
	"fmt"
	"strings"
)

// Flags are the properties of an op that the compiler may rely on.
type Flags uint16

// The flags. Ops are pure unless they are effects: same operands and attributes, same results. Random ops are pure too: they
// are functions of their key.
const (
	Leaf           Flags = 1 << iota // input, param, state, const
	Mark                             // an identity that means something to the compiler only
	Effect                           // no results, kept alive for what it does
	Elementwise                      // element i of the result depends on element i of the operands
	Commutative                      // the first two operands may be exchanged
	Random                           // takes a key or seed
	Differentiable                   // has a VJP rule
	Variadic                         // the last operand may be repeated
	Optimizer                        // an update rule; allowed in the update phase only
	Fused                            // made by fusion, after differentiation
)

// Op is one entry of the op table: everything that the printer, parser, verifier, CSE, cost model and op reference need to
// know of it. VJP rules, kernels and lowerings are keyed by Name in their own packages.
type Op struct {
	Name  string
	Doc   string
	Group string
	// Operands names the operands in order, separated by commas; a trailing '?' marks an optional one.
	Operands string
	Attrs    []AttrSpec
	Flags    Flags
	// Infer is the shape rule: it returns the types of the results or says what is wrong with the operands.
	Infer func(c *Call) ([]Type, error)
	// FLOPs may be nil for ops that move data only.
	FLOPs func(n *Node) Cost
	// Apart, nil for ops that no sweep can take in, returns the number of leading axes of n's results that the op takes apart: what
	// it computes at a position of those is a function of the operands at that position, and of the whole of operands that are
	// broadcast along them (see Node.RowWise).
	Apart func(n *Node) int
}

// Is reports whether all of the flags are set.
func (op *Op) Is(f Flags) bool { return op.Flags&f == f }

// Arity returns the smallest and largest number of operands; max is -1 when there is no limit.
func (op *Op) Arity() (min, max int) {
	if op.Operands == "" {
		return 0, 0
	}
	for _, name := range strings.Split(op.Operands, ",") {
		max++
		if !strings.HasSuffix(name, "?") {
			min++
		}
	}
	if op.Is(Variadic) {
		max = -1
	}
	return min, max
}

// Call is what a shape rule sees: operand types, attributes and, for leaves, the declared type.
type Call struct {
	Op       *Op
	Args     []Type
	Attrs    Attrs
	Declared *Type
}

// Bool, Int, Float, Str, Ints and DimList return the attribute of that name or its default.
func (c *Call) Bool(name string) bool     { return c.Op.attr(c.Attrs, name).(bool) }
func (c *Call) Int(name string) int       { return c.Op.attr(c.Attrs, name).(int) }
func (c *Call) Float(name string) float64 { return c.Op.attr(c.Attrs, name).(float64) }
func (c *Call) Str(name string) string    { return c.Op.attr(c.Attrs, name).(string) }
func (c *Call) Ints(name string) []int    { return c.Op.attr(c.Attrs, name).([]int) }
func (c *Call) DimList(name string) []Dim { return c.Op.attr(c.Attrs, name).([]Dim) }

// Table is a set of ops. It is a value: a user extends a copy (With) and builds graphs over it; nothing is registered
// globally.
type Table struct {
	ops   map[string]*Op
	order []string
}

// NewTable returns a table of the given ops. A name may be given once.
func NewTable(ops ...*Op) (*Table, error) { return (&Table{}).With(ops...) }

// With returns a copy of t that has the given ops besides.
func (t *Table) With(ops ...*Op) (*Table, error) {
	u := &Table{ops: map[string]*Op{}, order: append([]string(nil), t.order...)}
	for n, op := range t.ops {
		u.ops[n] = op
	}
	for _, op := range ops {
		if !isIdent(op.Name) {
			return nil, fmt.Errorf("op name %q is not an identifier", op.Name)
		}
		if u.ops[op.Name] != nil {
			return nil, fmt.Errorf("op %q is in the table already", op.Name)
		}
		if op.Infer == nil {
			return nil, fmt.Errorf("op %q has no shape rule", op.Name)
		}
		u.ops[op.Name] = op
		u.order = append(u.order, op.Name)
	}
	return u, nil
}

// Lookup returns the op of that name, or nil.
func (t *Table) Lookup(name string) *Op { return t.ops[name] }

// Ops returns the ops in table order.
func (t *Table) Ops() []*Op {
	out := make([]*Op, len(t.order))
	for i, n := range t.order {
		out[i] = t.ops[n]
	}
	return out
}
