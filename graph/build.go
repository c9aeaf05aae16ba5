package graph

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
)

// BuildError is a mistake in building a graph: what is wrong with which call, and where the user made it.
type BuildError struct {
	Pos Pos
	Msg string
}

func (e *BuildError) Error() string { return fmt.Sprintf("%v: %s", e.Pos, e.Msg) }

// fail keeps the first mistake.
func (g *Graph) fail(pos Pos, format string, args ...any) {
	if g.err == nil {
		g.err = &BuildError{pos, fmt.Sprintf(format, args...)}
	}
}

// Helper marks the calling function as one that builds on behalf of its caller, as testing.T.Helper does: mistakes and nodes
// made in it carry the position of the call to it.
func (g *Graph) Helper() {
	pc := make([]uintptr, 1)
	if runtime.Callers(2, pc) == 1 {
		f, _ := runtime.CallersFrames(pc).Next()
		g.helpers[f.Function] = true
	}
}

const pkgPath = "graft/graph."

// callerPos returns the line of the nearest caller outside this package's own code and outside functions marked as helpers.
func (g *Graph) callerPos() Pos {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		inside := strings.HasPrefix(f.Function, pkgPath) && !strings.HasSuffix(f.File, "_test.go")
		if !inside && !g.helpers[f.Function] {
			return Pos{shortFile(f.File), f.Line}
		}
		if !more {
			return Pos{}
		}
	}
}

// shortFile keeps the last two elements of a path: enough to find the file, and equal on every machine.
func shortFile(path string) string {
	parts := strings.Split(path, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

// Add appends a node and returns its results. Builder functions are preferred where there is one; Add serves passes and ops
// of users' own tables. A mistake is kept in Err, and the results are then invalid values.
func (g *Graph) Add(op string, attrs Attrs, args ...*Value) []*Value {
	def := g.table.Lookup(op)
	switch {
	case def == nil:
		g.fail(g.callerPos(), "there is no op %q%s", op, suggest(op, g.table.order))
	case def.Is(Leaf):
		g.fail(g.callerPos(), "%s is a leaf: declare it with the graph's own method", op)
	default:
		if n := g.add(def, nil, attrs, args); n != nil {
			return n.Results
		}
	}
	invalid := make([]*Value, maxResults)
	for i := range invalid {
		invalid[i] = &Value{graph: g, Index: i}
	}
	return invalid
}

// maxResults is the largest number of results that an op may have: what Add returns of a mistaken call can be indexed as if it had
// been right.
const maxResults = 8

// add checks the call and appends the node, or keeps the mistake and returns nil.
func (g *Graph) add(op *Op, declared *Type, attrs Attrs, args []*Value) *Node {
	for _, a := range args {
		if a != nil && a.Node == nil {
			return nil // the mistake that made this operand invalid has been kept
		}
	}
	pos := g.ctx.Pos
	if pos.File == "" {
		pos = g.callerPos()
	}
	types, norm, err := g.check(op, declared, attrs, args)
	if err != nil {
		g.fail(pos, "%s: %v%s", op.Name, err, operandList(args))
		return nil
	}
	n := &Node{Op: op, Args: args, Attrs: norm, Phase: g.ctx.Phase, Label: g.ctx.Label, Region: g.ctx.Region, Pos: pos}
	for i, t := range types {
		n.Results = append(n.Results, &Value{Node: n, Index: i, Type: t, graph: g})
	}
	if op.Is(Leaf) {
		n.Phase, n.Label, n.Region = NoPhase, "", ""
		g.leaves[n.Name()] = n.Results[0]
	}
	g.Nodes = append(g.Nodes, n)
	return n
}

// check applies the rules of the graph and the op's table entry to a call.
func (g *Graph) check(op *Op, declared *Type, attrs Attrs, args []*Value) ([]Type, Attrs, error) {
	if err := op.checkArity(len(args)); err != nil {
		return nil, nil, err
	}
	for i, a := range args {
		if a == nil {
			return nil, nil, fmt.Errorf("operand %d is nil", i)
		}
		if a.graph != g {
			return nil, nil, fmt.Errorf("operand %d, %v, belongs to another graph", i, a)
		}
	}
	if op.Is(Leaf) {
		switch name, _ := attrs["name"].(string); {
		case !isName(name):
			return nil, nil, fmt.Errorf("name %q must be letters, digits and any of _ - . / without //, and not a number", name)
		case g.leaves[name] != nil:
			return nil, nil, fmt.Errorf("the name %q is taken by %v", name, g.leaves[name])
		case !declared.valid():
			return nil, nil, fmt.Errorf("%q: %v is too large or has a dimension that is not positive", name, *declared)
		}
	}
	return op.infer(declared, attrs, args)
}

// infer applies the op's table entry to a call: it returns the types of the results, and the attributes without defaults.
func (op *Op) infer(declared *Type, attrs Attrs, args []*Value) ([]Type, Attrs, error) {
	if err := op.checkArity(len(args)); err != nil {
		return nil, nil, err
	}
	call := &Call{Op: op, Declared: declared, Args: make([]Type, len(args))}
	for i, a := range args {
		call.Args[i] = a.Type
	}
	name, named := attrs["name"]
	if op.Is(Leaf) { // the name of a leaf is kept with its attributes, but is none
		attrs = maps.Clone(attrs)
		delete(attrs, "name")
	}
	norm, err := op.normalizeAttrs(attrs)
	if err != nil {
		return nil, nil, err
	}
	call.Attrs = norm
	types, err := op.Infer(call)
	if len(types) > maxResults {
		return nil, nil, fmt.Errorf("%d results, an op has %d at most", len(types), maxResults)
	}
	for _, t := range types {
		if err == nil && !t.valid() {
			err = fmt.Errorf("the result would be %v, which is too large or has a dimension that is not positive", t)
		}
	}
	if named {
		norm["name"] = name
	}
	return types, norm, err
}

func (op *Op) checkArity(n int) error {
	if lo, hi := op.Arity(); n < lo || hi >= 0 && n > hi {
		return fmt.Errorf("%d operands given, %s wanted", n, arityText(op))
	}
	return nil
}

func arityText(op *Op) string {
	if op.Operands == "" {
		return "none"
	}
	s := strings.ReplaceAll(op.Operands, ",", ", ")
	if op.Is(Variadic) {
		s += ", ..."
	}
	return s
}

func operandList(args []*Value) string {
	var b strings.Builder
	for i, a := range args {
		if i == 16 {
			fmt.Fprintf(&b, "\n\tand %d more", len(args)-i)
			break
		}
		if a != nil {
			fmt.Fprintf(&b, "\n\toperand %d: %v", i, a)
		}
	}
	return b.String()
}

// isName accepts what may stand behind % in the text form for a leaf: letters, digits and _ - . /, not a plain number, and
// without //, which begins a comment.
func isName(s string) bool {
	digits := true
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
		case r == '_' || r == '-' || r == '.' || r == '/' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
			digits = false
		default:
			return false
		}
	}
	return s != "" && !digits && !strings.Contains(s, "//")
}

// Invalid returns a value that stands for a mistake of the caller's own, which is kept like any other.
func (g *Graph) Invalid(format string, args ...any) *Value {
	g.fail(g.callerPos(), format, args...)
	return &Value{graph: g}
}

// Check returns g's first mistake, or an error when g is nil. Entry points that take a graph begin with it.
func Check(g *Graph) error {
	if g == nil {
		return errors.New("no graph given")
	}
	return g.err
}
