package passes

import (
	"slices"

	"graft/graph"
)

// recompute lets the backward phase compute values again that forward would otherwise keep for it. Ops are pure, draws included,
// so the copy has the same bits. It stands right before its first reader, and a barrier on what it is made from keeps CSE from
// merging it with the forward value again.
//
// A copy belongs to the region that reads it. What several regions read stays stored: one copy would connect them, and one for
// each would be paid for several times to free the same memory once.
//
// It lowers the peak where that is the end of the forward phase, as in bp. In dfa projected errors lie in memory beside what is
// kept, and the peak may be at a weight gradient that reads a copy: the position encoding of nerf-tiny, as large as what was not
// kept. Then nothing is saved; and what the copy is made from would come on top, if it did not stay inside of a sweep.
var recompute = Pass{
	Name: "recompute",
	Why:  "what is cheap to compute again need not lie in memory until the backward phase reads it",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		r := newRecomputation(g, o.Recompute)
		for _, n := range g.Nodes {
			r.consider(n)
		}
		w := &rewriting{r, graph.NewCopier(g), map[*graph.Value]*graph.Value{}}
		for _, n := range g.Nodes {
			args := w.Values(n.Args)
			for i, a := range n.Args {
				if c := r.chosen[a.Node]; c != nil && c.replaces(a, n) {
					args[i] = w.copyOf(a, c)
				}
			}
			if w.CopyAs(n, n.Attrs, args...) == nil {
				break
			}
		}
		return w.New, w.New.Err()
	},
}

// recomputation chooses the nodes that are computed again. Places are those of nodes in the graph.
type recomputation struct {
	*graph.Graph
	options  Recompute
	at       map[*graph.Node]int
	readings map[*graph.Value]reading
	weights  map[*graph.Value][]string // the regions that each parameter belongs to
	chosen   map[*graph.Node]*repeat
}

// reading says where a value is read.
type reading struct {
	forward     int // the last place in the forward phase, at first where it is computed
	first, last int // the places in the backward phase; past the end and before the start when there are none
	region      string
	kept        bool // others than one region read it, and find it stored
}

// repeat is a forward node that the backward phase of a region runs again, for the results that the region reads there.
type repeat struct {
	region  string
	results []*graph.Value
	nodes   []*graph.Node // what has to run, itself last
	from    []*repeat     // the other copies that it is made from
	// forward is the last place where forward reads a result, read the first where backward does. The copy is made at place
	// made: at read, or before when another is made from it.
	forward, read, made int
}

func newRecomputation(g *graph.Graph, o Recompute) *recomputation {
	r := &recomputation{g, o, map[*graph.Node]int{}, map[*graph.Value]reading{}, weightRegions(g), map[*graph.Node]*repeat{}}
	for i, n := range g.Nodes {
		r.at[n] = i
	}
	users := g.Users()
	for _, n := range g.Nodes {
		for _, v := range n.Results {
			r.readings[v] = r.readingOf(v, users[v])
		}
	}
	return r
}

func (r *recomputation) readingOf(v *graph.Value, users []*graph.Node) reading {
	d := reading{forward: r.at[v.Node], first: len(r.Nodes), last: -1}
	for _, u := range users {
		at := r.at[u]
		switch {
		case u.Op.Is(graph.Effect) || u.Phase == graph.Update || u.Phase == graph.Graft || u.Label == sharedLabel:
			d.kept = true
			if u.Phase != graph.Forward {
				d.last = max(d.last, at)
			} else if u.Op.Name == "output" { // which has memory of its own in any case
				d.last = len(r.Nodes)
			}
		case u.Phase == graph.Backward:
			d.kept = d.kept || d.first < len(r.Nodes) && u.Label != d.region
			d.first, d.last, d.region = min(d.first, at), max(d.last, at), u.Label
		default:
			d.forward = max(d.forward, at)
		}
	}
	return d
}

// consider chooses n if a copy of it pays. Nodes come in graph order: what n is made from has been decided on.
func (r *recomputation) consider(n *graph.Node) {
	c := r.candidate(n)
	if c == nil || !r.chain(n, c) || !r.options.pays(c) {
		return
	}
	r.chosen[n] = c
	for _, d := range c.from {
		d.move(c.made)
	}
}

// candidate returns the results of n that are kept for the backward phase of a region alone, or nil.
func (r *recomputation) candidate(n *graph.Node) *repeat {
	if !repeatable(n) {
		return nil
	}
	var c *repeat
	for _, v := range n.Results {
		d := r.readings[v]
		if d.kept || d.first == len(r.Nodes) || c != nil && d.region != c.region {
			continue
		}
		if c == nil {
			c = &repeat{region: d.region, forward: d.forward, read: d.first}
		}
		c.results = append(c.results, v)
		c.forward, c.read = max(c.forward, d.forward), min(c.read, d.first)
	}
	if c != nil {
		c.made = c.read
	}
	return c
}

// repeatable reports whether a node may run in the backward phase. What can fail, because it uses integers as positions or is a
// user's own, may not: no parameter is updated before all that can fail has been run.
func repeatable(n *graph.Node) bool {
	if n.Phase != graph.Forward || n.Op.Is(graph.Effect) || graph.Standard().Lookup(n.Op.Name) != n.Op {
		return false
	}
	return n.Op.Is(graph.Random) || n.Op.Is(graph.Elementwise) ||
		!slices.ContainsFunc(n.Args, func(a *graph.Value) bool {
			return a.Type.DType == graph.I32 && !a.Type.Sparse && !a.Type.IsScalar()
		})
}

// chain adds to c what has to run for a copy of n: down to leaves, values that are kept anyway for as long as c needs them, and
// other copies. It reports whether that can be done.
func (r *recomputation) chain(n *graph.Node, c *repeat) bool {
	if slices.Contains(c.nodes, n) {
		return true
	}
	for _, a := range n.Args {
		d := r.chosen[a.Node]
		switch {
		case !r.readable(a, c.region):
			return false
		case d != nil && d.region == c.region && slices.Contains(d.results, a):
			if !d.movable(c.made) {
				return false
			}
			c.from = append(c.from, d)
		case r.stored(a, c.made):
		case !repeatable(a.Node) || !r.chain(a.Node, c):
			return false
		}
	}
	c.nodes = append(c.nodes, n)
	return true
}

// readable reports whether the backward part of a region may read v, as the proofs have it.
func (r *recomputation) readable(v *graph.Value, region string) bool {
	if v.Is("param") {
		return slices.Contains(r.weights[v], region)
	}
	return v.Node.Region == "" || v.Node.Region == region || slices.Contains(v.ReadBy, region)
}

// stored reports whether v is in memory at a place of the backward phase, whatever is computed again.
func (r *recomputation) stored(v *graph.Value, at int) bool {
	d, c := r.readings[v], r.chosen[v.Node]
	return v.Node.Op.Is(graph.Leaf) || v.Node.Phase == graph.Once || d.last >= at && (c == nil || !slices.Contains(c.results, v))
}

// replaces reports whether n reads the copy of v.
func (c *repeat) replaces(v *graph.Value, n *graph.Node) bool {
	return n.Phase == graph.Backward && n.Label == c.region && slices.Contains(c.results, v)
}

// movable reports whether the copy may be made at a place. It must stay out of memory for three quarters of the time between its
// readers: of a long chain of values made one from the other, the first would otherwise be back as soon as the last is read, which is
// half of its time, and nothing gained.
func (c *repeat) movable(to int) bool {
	return c.made <= to || 4*(to-c.forward) >= 3*(c.read-c.forward) && !slices.ContainsFunc(c.from, func(d *repeat) bool { return !d.movable(to) })
}

// move makes the copy, and those that it is made from, at a place if they are not there by then.
func (c *repeat) move(to int) {
	if to < c.made {
		c.made = to
		for _, d := range c.from {
			d.move(to)
		}
	}
}

// rewriting writes the program with its copies.
type rewriting struct {
	*recomputation
	*graph.Copier
	copies map[*graph.Value]*graph.Value
}

// copyOf returns the copy of v, which is made here unless it is there.
func (w *rewriting) copyOf(v *graph.Value, c *repeat) *graph.Value {
	if w.copies[v] == nil {
		made := map[*graph.Value]*graph.Value{} // for this chain alone
		for _, n := range c.nodes {
			args := make([]*graph.Value, len(n.Args))
			for i, a := range n.Args {
				if made[a] == nil {
					made[a] = w.operand(a, n, c)
				}
				args[i] = made[a]
			}
			for i, out := range w.add(n, n.Op.Name, n.Attrs, c.region, args...) {
				made[n.Results[i]] = out
			}
		}
		for _, result := range c.results {
			w.copies[result] = made[result]
		}
	}
	return w.copies[v]
}

// operand returns what the copy of n in c's chain reads for a value that the chain does not make. A node is kept apart by one barrier;
// leaves are read as they are where there is another operand to put it on.
func (w *rewriting) operand(a *graph.Value, n *graph.Node, c *repeat) *graph.Value {
	computed := func(v *graph.Value) bool { return !v.Node.Op.Is(graph.Leaf) }
	d := w.chosen[a.Node]
	switch {
	case d != nil && d.region == c.region && slices.Contains(d.results, a):
		return w.copyOf(a, d)
	case a.Type.Sparse || !computed(a) && slices.ContainsFunc(n.Args, computed):
		return w.Value(a)
	}
	return w.add(a.Node, "barrier", nil, c.region, w.Value(a))[0]
}

// add makes a node of the backward phase where n was made.
func (w *rewriting) add(n *graph.Node, op string, attrs graph.Attrs, region string, args ...*graph.Value) []*graph.Value {
	defer w.New.At(w.New.At(graph.Context{Phase: graph.Backward, Label: region, Pos: n.Pos}))
	return w.New.Add(op, attrs, args...)
}
