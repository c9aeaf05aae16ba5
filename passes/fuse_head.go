package passes

import (
	"slices"

	"graft/graph"
)

// fuseHead makes one node of a classifier's last layer, its cross-entropy and their gradients, where the classes are many and
// nothing else reads the logits. Its kernel makes them for some rows at a time, so that neither they nor their gradient, the
// largest values of a language model's step, are ever held whole.
//
// The node makes the loss with the gradients and stands in the backward phase, since what it hands down is a cotangent: errors
// are read from there by the graft section, which reads nothing of the forward phase. An output of the loss moves along. In a
// program without gradients the loss alone is fused, where it stands.
var fuseHead = Pass{
	Name: "fuse-head",
	Why:  "logits over many classes, and their gradient, are made and used a few rows at a time, and never held whole",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		heads := findHeads(g)
		at := map[*graph.Node]*fusedHead{}
		taken := map[*graph.Node]bool{}
		for _, h := range heads {
			at[h.last] = h
			for _, n := range h.nodes {
				taken[n] = true
			}
		}
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			if h := at[n]; h != nil {
				h.build(c)
			} else if !taken[n] {
				c.Copy(n)
			}
		}
		return c.New, c.New.Err()
	},
}

// manyClasses is where a head is worth fusing. Logits over fewer are no larger than the hidden values of the layers below, so
// that they do not decide how much memory a step takes; and products with fewer columns leave workers little to share.
const manyClasses = 1024

// fusedHead is what one node will compute.
type fusedHead struct {
	product, loss *graph.Node
	bias          *graph.Value // or nil
	gradient      *graph.Node  // of the logits, or nil in a program without
	dw, db, dx    *graph.Node  // or nil
	nodes         []*graph.Node
	outputs       []*graph.Node // of the loss, if they move to the backward phase
	last          *graph.Node   // of the nodes, in whose place the new one stands
}

func findHeads(g *graph.Graph) []*fusedHead {
	f := newFusion(g)
	var heads []*fusedHead
	for _, n := range g.Nodes {
		if n.Op.Name == "softmax_cross_entropy" {
			if h := f.head(n); h != nil {
				heads = append(heads, h)
			}
		}
	}
	return heads
}

// head returns what can be computed together with a loss, or nil where the logits are few or read by others.
func (f *fusion) head(loss *graph.Node) *fusedHead {
	h := &fusedHead{loss: loss, nodes: []*graph.Node{loss}, last: loss}
	logits := loss.Args[0]
	classes, known := logits.Type.Dims[logits.Type.Rank()-1].Const()
	if !known || classes < manyClasses || !f.findProduct(h, logits) {
		return nil
	}
	switch readers := f.users[logits]; {
	case len(readers) == 1:
		return h
	case len(readers) == 2 && f.findGradients(h, readers):
		return h
	}
	return nil
}

// findProduct goes from the logits up to the product that they are made of, through a bias and reshapes that nothing else reads.
func (f *fusion) findProduct(h *fusedHead, v *graph.Value) bool {
	for {
		n := v.Node
		if n.Region != h.loss.Region || n.Phase != h.loss.Phase || v.Type.DType != h.loss.Results[0].Type.DType {
			return false
		}
		h.nodes = append(h.nodes, n)
		switch {
		case n.Op.Name == "matmul":
			h.product = n
			return v.Type.Rank() == 2 && !n.Bool("transA")
		case n.Op.Name == "reshape":
			v = n.Args[0]
		case n.Op.Name == "add" && h.bias == nil:
			if v, h.bias = biasOf(n); v == nil {
				return false
			}
		default:
			return false
		}
		if f.onlyReader(v) != n {
			return false
		}
	}
}

// findGradients finds the gradient of the logits among their two readers, and what it is used for. The weights' is wanted, and
// the bias's if there is one; x's need not be.
func (f *fusion) findGradients(h *fusedHead, readers []*graph.Node) bool {
	n := readers[0]
	if n == h.loss {
		n = readers[1]
	}
	if n.Op.Name != "softmax_cross_entropy_grad" || n.Args[1] != h.loss.Args[0] || !slices.Equal(n.Args[2:], h.loss.Args[1:]) ||
		n.Str("reduce") != h.loss.Str("reduce") || n.Label != h.loss.Region {
		return false
	}
	for _, u := range f.users[h.loss.Results[0]] {
		if u.Op.Name != "output" {
			return false
		}
		h.outputs = append(h.outputs, u)
	}
	h.gradient, h.last = n, n
	h.nodes = append(append(h.nodes, n), h.outputs...)
	d := n.Results[0]
	for r := f.onlyReader(d); r != nil && r.Op.Name == "reshape"; r = f.onlyReader(d) {
		h.nodes = append(h.nodes, r)
		d = r.Results[0]
	}
	for _, u := range f.users[d] {
		if !h.use(u, d) {
			return false
		}
		h.nodes = append(h.nodes, u)
	}
	return h.dw != nil && (h.db != nil) == (h.bias != nil)
}

// use notes that n makes one of the gradients of d, that of the logits; or reports that it does not.
func (h *fusedHead) use(n *graph.Node, d *graph.Value) bool {
	x, w, trans := h.product.Args[0], h.product.Args[1], h.product.Bool("transB")
	is := func(a, b *graph.Value, transA, transB bool) bool {
		return n.Op.Name == "matmul" && n.Args[0] == a && n.Args[1] == b && n.Bool("transA") == transA && n.Bool("transB") == transB
	}
	var to **graph.Node
	switch {
	case n.Phase != h.gradient.Phase || n.Label != h.gradient.Label:
		return false
	case is(d, w, false, !trans):
		to = &h.dx
	case trans && is(d, x, true, false), !trans && is(x, d, true, false):
		to = &h.dw
	case n.Op.Name == "sum" && d.Type.Rank() == 2 && n.Results[0].Type.Rank() == 1 && slices.Equal(n.Ints("axes"), []int{0}):
		to = &h.db
	default:
		return false
	}
	if *to != nil {
		return false
	}
	*to = n
	return true
}

// build makes the node, and behind it the outputs of its loss.
func (h *fusedHead) build(c *graph.Copier) {
	loss, stands := h.loss, h.last
	attrs := graph.Attrs{"transB": h.product.Bool("transB"), "reduce": loss.Str("reduce"), "weighted": len(loss.Args) > 2}
	args := slices.Concat(h.product.Args, loss.Args[1:2])
	if h.bias != nil {
		args = append(args, h.bias)
	}
	args = append(args, loss.Args[2:]...)
	op, results := "linear_cross_entropy", []*graph.Node{loss}
	if h.gradient != nil {
		op, args = "linear_cross_entropy_grad", slices.Concat(h.gradient.Args[:1], args)
		results = append(results, h.dw)
		if h.db != nil {
			results = append(results, h.db)
		}
		attrs["dx"] = h.dx != nil
		if h.dx != nil {
			results = append(results, h.dx)
		}
	}
	c.New.At(graph.Context{Phase: stands.Phase, Label: stands.Label, Region: loss.Region, Pos: loss.Pos})
	made := c.New.Add(op, attrs, c.Values(args)...)
	for i, n := range results {
		made[i].ReadBy = n.Results[0].ReadBy
		c.Map(n.Results[0], made[i])
	}
	for _, n := range h.outputs {
		c.New.At(graph.Context{Phase: stands.Phase, Label: stands.Label, Pos: n.Pos})
		c.New.Output(n.Name(), c.Value(n.Args[0]))
	}
}
