package passes

import (
	"fmt"
	"slices"
	"strings"

	"graft/graph"
)

// differentiate turns a definition into a program: forward nodes, and in reverse mode the cotangents that parameters need. It
// knows nothing of modes. Its seeds are pairs of a value and a cotangent, of which the loss with 1 is one; a cut or detach
// passes nothing on.
var differentiate = Pass{
	Name: "differentiate",
	Why:  "reverse-mode gradients of every parameter that a seed reaches",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		d, err := newDifferentiator(g, o.VJPs, false)
		if err != nil {
			return nil, err
		}
		d.forward()
		for _, p := range g.Leaves("param") {
			if grad := d.cotangent(p); grad != nil {
				d.output("grad/"+p.Node.Name(), grad)
			}
		}
		if o.Observe {
			d.observe()
		}
		return d.finish()
	},
}

// differentiator builds the program of one definition. Cotangents are built on demand and once, so that values are visited in
// reverse topological order of the graph with the edges from each error site to its points added.
type differentiator struct {
	c     *graph.Copier
	rules VJPs
	// ignoreCuts makes cuts and seeds invisible: what remains is backpropagation.
	ignoreCuts bool
	// silent builds no effects: another differentiator has built them in the same program.
	silent  bool
	users   map[*graph.Value][]*graph.Node
	grafted map[*graph.Node]string // nodes that depend on a cotangent placeholder, with its site
	regions regions

	cots  map[*graph.Value]*graph.Value
	local map[*graph.Node][]*graph.Value
	path  []string // what is being visited, to report cycles
	open  map[*graph.Value]bool
	err   error
}

func newDifferentiator(g *graph.Graph, rules VJPs, ignoreCuts bool) (*differentiator, error) {
	if err := graph.Check(g); err != nil {
		return nil, err
	}
	if g.LossValue() == nil {
		return nil, fmt.Errorf("graph %q declares no loss: there is nothing to differentiate", g.Name)
	}
	if rules == nil {
		rules = Rules()
	}
	d := &differentiator{
		c: graph.NewCopier(g), rules: rules, ignoreCuts: ignoreCuts, users: g.Users(), grafted: map[*graph.Node]string{},
		cots: map[*graph.Value]*graph.Value{}, local: map[*graph.Node][]*graph.Value{}, open: map[*graph.Value]bool{},
	}
	d.c.New.Program = true
	for _, n := range g.Nodes {
		if n.Op.Name == "cotangent" {
			d.grafted[n] = n.Str("site")
		}
		for _, a := range n.Args {
			if site, ok := d.grafted[a.Node]; ok {
				d.grafted[n] = site
			}
		}
	}
	d.regions = findRegions(g, d)
	return d, nil
}

// stops reports whether no cotangent passes from n's results to its operands.
func (d *differentiator) stops(n *graph.Node) bool {
	_, grafted := d.grafted[n]
	return grafted || n.Op.Name == "detach" || n.Op.Name == "cut" && !d.ignoreCuts
}

// forward copies everything that does not depend on a cotangent. Marks vanish: what they mark stands for them.
func (d *differentiator) forward() {
	once := map[*graph.Node]bool{}
	for _, n := range d.c.Old.Nodes {
		if _, ok := d.grafted[n]; ok {
			continue
		}
		switch {
		case n.Op.Is(graph.Leaf):
			if leaf := d.c.New.Leaf(n.Name()); leaf != nil {
				d.c.Map(n.Results[0], leaf)
			} else {
				d.c.Copy(n)
			}
		case d.silent && n.Op.Is(graph.Effect):
		case n.Op.Is(graph.Mark):
			v := d.c.Value(n.Args[0])
			d.c.Map(n.Results[0], v)
			if v != nil && d.stops(n) {
				v.ReadBy = append(slices.Clone(v.ReadBy), d.regions.readers(n.Results[0])...)
			}
		case n.Op.Name == "loss":
			d.output("loss", d.c.Value(n.Args[0]))
		case n.Op.Name == "seed": // cotangents are built on demand
		default:
			phase := graph.Forward
			if n.Op.Name == "feedback_matrix" || len(n.Args) == 0 {
				once[n], phase = true, graph.Once
			}
			d.in(graph.Context{Phase: phase, Region: d.regions.of(n), Pos: n.Pos}, func() {
				m := d.c.New.Add(n.Op.Name, n.Attrs, d.c.Values(n.Args)...)
				for i, r := range n.Results {
					d.c.Map(r, m[i])
				}
			})
		}
	}
}

// in runs build with the new nodes' context set.
func (d *differentiator) in(ctx graph.Context, build func()) {
	old := d.c.New.At(ctx)
	build()
	d.c.New.At(old)
}

// output declares a result of the program in the phase of what it reads.
func (d *differentiator) output(name string, v *graph.Value) {
	if v == nil || v.Node == nil {
		return
	}
	ctx := graph.Context{Phase: v.Node.Phase, Label: v.Node.Label, Pos: v.Node.Pos}
	if v.Node.Op.Is(graph.Leaf) {
		ctx.Phase = graph.Forward
	}
	d.in(ctx, func() { d.c.New.Output(name, v) })
}

// cotangent returns the cotangent of an old value, or nil when none flows there. Its terms are the seeds and then the uses, in
// graph order.
func (d *differentiator) cotangent(v *graph.Value) *graph.Value {
	if c, ok := d.cots[v]; ok {
		return c
	}
	if d.open[v] {
		d.fail("the cotangent of %v depends on itself, through %s", v, strings.Join(d.path, " <- "))
		return nil
	}
	d.open[v] = true
	d.path = append(d.path, v.String())
	defer func() { d.path = d.path[:len(d.path)-1]; delete(d.open, v) }()

	var terms []*graph.Value
	if !d.ignoreCuts {
		for _, n := range d.users[v] {
			if n.Op.Name == "seed" && n.Args[0] == v {
				terms = append(terms, d.graftValue(n.Args[1]))
			}
		}
	}
	seen := map[*graph.Node]bool{}
	for _, n := range d.users[v] {
		switch {
		case n.Op.Name == "loss":
			terms = append(terms, d.c.New.Const(1, v.Type))
		case n.Op.Is(graph.Effect) || d.stops(n) || seen[n]:
		case n.Op.Is(graph.Mark):
			if n.Args[0] == v {
				terms = append(terms, d.cotangent(n.Results[0]))
			}
		default:
			seen[n] = true
			for i, c := range d.operandCotangents(n) {
				if n.Args[i] == v {
					terms = append(terms, c)
				}
			}
		}
	}
	sum := d.sum(v, terms)
	d.cots[v] = sum
	return sum
}

// sum adds the terms in order. A weight that several regions use gets its sum in a section of its own.
func (d *differentiator) sum(v *graph.Value, terms []*graph.Value) *graph.Value {
	terms = slices.DeleteFunc(terms, func(t *graph.Value) bool { return t == nil })
	if len(terms) == 0 {
		return nil
	}
	label := d.regions.of(v.Node)
	if label == "" {
		label = commonLabel(terms)
	}
	total := terms[0]
	d.in(graph.Context{Phase: graph.Backward, Label: label, Pos: v.Node.Pos}, func() {
		for _, t := range terms[1:] {
			total = graph.Add(total, t)
		}
	})
	return total
}

// sharedLabel is the section of sums over several regions.
const sharedLabel = "shared"

func commonLabel(vs []*graph.Value) string {
	for _, v := range vs[1:] {
		if v.Node != nil && vs[0].Node != nil && v.Node.Label != vs[0].Node.Label {
			return sharedLabel
		}
	}
	if vs[0].Node == nil {
		return ""
	}
	return vs[0].Node.Label
}

// operandCotangents applies the rule of a forward node once and keeps the result.
func (d *differentiator) operandCotangents(n *graph.Node) []*graph.Value {
	if out, ok := d.local[n]; ok {
		return out
	}
	out := make([]*graph.Value, len(n.Args))
	d.local[n] = out
	l := &Local{Node: n, In: d.c.Values(n.Args), Out: d.c.Values(n.Results), Need: make([]bool, len(n.Args)), g: d.c.New}
	wanted := false
	for i, a := range n.Args {
		l.Need[i] = d.regions.carries[a]
		wanted = wanted || l.Need[i]
	}
	if !wanted {
		return out
	}
	flows := false
	for _, r := range n.Results {
		c := d.cotangent(r)
		l.Dy = append(l.Dy, c)
		flows = flows || c != nil
	}
	if !flows || d.err != nil || d.c.New.Err() != nil {
		return out
	}
	rule := d.rules[n.Op.Name]
	if rule == nil {
		d.fail("%v: %s has no gradient rule, but a parameter reaches the loss through it; detach its operand if that is meant", n.Pos, n.Op.Name)
		return out
	}
	label := d.regions.of(n)
	if label == "" { // a value made of weights alone: its cotangent stays where it came from
		label = commonLabel(slices.DeleteFunc(slices.Clone(l.Dy), func(c *graph.Value) bool { return c == nil }))
	}
	d.in(graph.Context{Phase: graph.Backward, Label: label, Pos: n.Pos}, func() {
		for i, c := range rule(l) {
			if i < len(out) && (l.Need[i] || c != nil && c.Node == nil) {
				out[i] = c
			}
		}
	})
	return out
}

// graftValue copies what delivers a projected error, resolving the placeholder to the cotangent of its site.
func (d *differentiator) graftValue(v *graph.Value) *graph.Value {
	if got := d.c.Value(v); got != nil {
		return got
	}
	n := v.Node
	if n.Op.Name == "cotangent" {
		c := d.cotangent(n.Args[0])
		if c == nil {
			d.fail("%v: error site %q has no cotangent: the loss does not depend on it", n.Pos, n.Str("site"))
			return nil
		}
		d.c.Map(v, c)
		return c
	}
	args := make([]*graph.Value, len(n.Args))
	for i, a := range n.Args {
		if args[i] = d.graftValue(a); args[i] == nil {
			return nil
		}
	}
	d.in(graph.Context{Phase: graph.Graft, Label: d.grafted[n], Pos: n.Pos}, func() {
		for i, r := range d.c.New.Add(n.Op.Name, n.Attrs, args...) {
			if i < len(n.Results) {
				d.c.Map(n.Results[i], r)
			}
		}
	})
	return d.c.Value(v)
}

// observe declares the cotangents of points and sites as outputs: at a point what was delivered, or in backpropagation what
// arrives at it.
func (d *differentiator) observe() {
	for _, n := range d.c.Old.Nodes {
		switch n.Op.Name {
		case "seed":
			d.output("cotangent/"+n.Str("point"), d.graftValue(n.Args[1]))
		case "feedback":
			d.output("cotangent/"+n.Str("point"), d.cotangent(n.Results[0]))
		case "error":
			d.output("error/"+n.Str("site"), d.cotangent(n.Results[0]))
		}
	}
}

func (d *differentiator) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

// finish lays the program out.
func (d *differentiator) finish() (*graph.Graph, error) {
	if d.err != nil {
		return nil, d.err
	}
	return layout(d.c.New)
}
