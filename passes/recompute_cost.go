package passes

import (
	"fmt"
	"math"
	"strconv"

	"graft/graph"
)

// Recompute says which forward values the backward phase computes again instead of keeping them. The zero value keeps them all.
type Recompute struct {
	// FLOPsPerByte is what a byte is worth that is not kept: a value is computed again if that takes at most so many
	// floating-point operations for each of its bytes. 0 turns recomputation off. Where in the step memory peaks depends on sizes
	// that the compiler does not know: there, copies may lie in memory too, and in a small model that keeps little outweigh what is saved.
	FLOPsPerByte float64
}

// CheapFLOPsPerByte is the work that a processor core does while it moves a byte to memory and back: some 100 GFLOP/s with AVX2
// against 10 GB/s. Chains of elementwise ops, activations, norms and softmaxes cost less for each of their bytes, products more
// unless they have few terms.
const CheapFLOPsPerByte = 10

// ParseRecompute reads "off", "cheap", which is CheapFLOPsPerByte, or another number of operations for each byte.
func ParseRecompute(s string) (Recompute, error) {
	switch s {
	case "off":
		return Recompute{}, nil
	case "cheap":
		return Recompute{CheapFLOPsPerByte}, nil
	}
	work, err := strconv.ParseFloat(s, 64)
	if err != nil || !(work > 0) || math.IsInf(work, 0) {
		return Recompute{}, fmt.Errorf("%q is neither off nor cheap nor a positive number of FLOPs for each byte", s)
	}
	return Recompute{work}, nil
}

// smallest is the least number of bytes that are worth a node of their own.
const smallest = 4096

// pays reports whether a copy saves memory, and enough of it for its work. Costs are compared over the symbols: what holds only
// for some of their values does not count.
func (o Recompute) pays(c *repeat) bool {
	var flops, bytes graph.Cost
	for _, n := range c.nodes {
		flops = flops.Plus(n.FLOPs())
	}
	for _, v := range c.results {
		bytes = bytes.Plus(v.Type.Bytes())
	}
	if b, err := bytes.Bind(nil); err == nil && b < smallest {
		return false
	}
	// Between its readers other nodes must run than those of the copy, or the memory is never used for anything else.
	return c.read-c.forward > len(c.nodes)+1 && flops.AtMost(o.FLOPsPerByte, bytes)
}

// Recomputed says what the backward phase computes again: forward values that are no longer kept for it, their storage, and the
// work that is done instead.
type Recomputed struct {
	Values int        `json:"values"`
	Bytes  graph.Cost `json:"-"`
	FLOPs  graph.Cost `json:"-"`
}

// compareKept holds a program against itself with copies.
func compareKept(before, after *graph.Graph) *Recomputed {
	a, b := keptOf(before), keptOf(after)
	return &Recomputed{a.Values - b.Values, a.Bytes.Minus(b.Bytes), b.FLOPs.Minus(a.FLOPs)}
}

// keptOf returns the forward values that are kept for the backward phase alone, and the work of that phase.
func keptOf(g *graph.Graph) (k Recomputed) {
	kept := map[*graph.Value]bool{}
	for _, n := range g.Effects("output") {
		kept[n.Args[0]] = true
	}
	for _, n := range g.Nodes {
		if n.Phase != graph.Backward || n.Op.Is(graph.Effect) {
			continue
		}
		k.FLOPs = k.FLOPs.Plus(n.FLOPs())
		for _, a := range n.Args {
			if a.Node.Phase == graph.Forward && !kept[a] {
				kept[a] = true
				k.Values++
				k.Bytes = k.Bytes.Plus(a.Type.Bytes())
			}
		}
	}
	return k
}
