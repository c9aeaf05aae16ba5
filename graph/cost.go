package graph

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// Cost is a polynomial over the dimension symbols: a sum of monomials, kept sorted with like terms merged. The zero Cost
// is nothing at all.
type Cost []Dim

// CostOf returns the sum of the given monomials.
func CostOf(terms ...Dim) Cost { return Cost(nil).Plus(terms) }

// Plus returns c + e.
func (c Cost) Plus(e Cost) Cost {
	sums := map[string]int64{}
	for _, t := range c {
		sums[t.syms] += t.coef
	}
	for _, t := range e {
		sums[t.syms] += t.coef
	}
	out := Cost{}
	for s, k := range sums {
		if k != 0 {
			out = append(out, Dim{k, s})
		}
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := len(out[i].Symbols()), len(out[j].Symbols())
		if a != b {
			return a > b
		}
		return out[i].syms < out[j].syms
	})
	return out
}

// Minus returns c - e, whose terms may be negative.
func (c Cost) Minus(e Cost) Cost {
	minus := make(Cost, len(e))
	for i, t := range e {
		minus[i] = Dim{-t.coef, t.syms}
	}
	return c.Plus(minus)
}

// Times returns c multiplied by the monomial d.
func (c Cost) Times(d Dim) Cost {
	out := make(Cost, len(c))
	for i, t := range c {
		out[i] = t.Mul(d)
	}
	return CostOf(out...)
}

// AtMost reports whether c is at most times e whatever the symbols stand for, because that holds for the terms of every product of
// symbols by themselves. When it does not, c may still be smaller for some values of the symbols.
func (c Cost) AtMost(times float64, e Cost) bool {
	limit := map[string]float64{}
	for _, t := range e {
		limit[t.syms] += times * float64(t.coef)
	}
	for _, t := range c {
		limit[t.syms] -= float64(t.coef)
	}
	for _, left := range limit {
		if left < 0 {
			return false
		}
	}
	return true
}

// Bind evaluates c; every symbol must have a value. Costs may be larger than any dimension: a step of a language model takes
// more than 2^40 operations.
func (c Cost) Bind(b Binding) (int64, error) {
	var sum int64
	for _, t := range c {
		n, err := t.bind(b, math.MaxInt64)
		if err != nil {
			return 0, err
		}
		if sum > math.MaxInt64-n {
			return 0, fmt.Errorf("cost %v is too large", c)
		}
		sum += n
	}
	return sum, nil
}

func (c Cost) String() string {
	if len(c) == 0 {
		return "0"
	}
	s := make([]string, len(c))
	for i, t := range c {
		s[i] = t.String()
	}
	return strings.Join(s, " + ")
}

// FLOPs returns the floating-point operations of one execution of n: multiplications, additions and comparisons count one
// each, transcendental functions eight.
func (n *Node) FLOPs() Cost {
	if n.Op.FLOPs == nil {
		return nil
	}
	return n.Op.FLOPs(n)
}

// Traffic returns the bytes that each node of g moves between memory and the processor in one execution: [Node.Bytes], but for the nodes
// of a sweep. What stays inside of one is neither written nor read, and what several of its nodes read counts for the first of them.
func (g *Graph) Traffic() map[*Node]Cost {
	out := map[*Node]Cost{}
	for _, n := range g.Nodes {
		out[n] = n.Bytes()
	}
	inner := g.Inner()
	for _, nodes := range g.Sweeps() {
		seen := map[*Value]bool{}
		for _, n := range nodes {
			var c Cost
			for _, v := range slices.Concat(n.Args, n.Results) {
				if !inner[v] && !seen[v] {
					seen[v] = true
					c = c.Plus(v.Type.Bytes())
				}
			}
			out[n] = c
		}
	}
	return out
}

// Bytes returns the memory traffic of one execution of n by itself, when every operand is read once and every result is written once.
func (n *Node) Bytes() Cost {
	if n.Op.Is(Leaf) || n.Op.Is(Effect) || n.Op.Is(Mark) {
		return nil
	}
	var c Cost
	for _, a := range n.Args {
		c = c.Plus(a.Type.Bytes())
	}
	for _, r := range n.Results {
		c = c.Plus(r.Type.Bytes())
	}
	return c
}

// perElement costs k operations for every element of the first result.
func perElement(k int) func(*Node) Cost {
	return func(n *Node) Cost { return CostOf(product(n.Results[0].Type.Dims).Mul(Int(k))) }
}

// perOperand costs k operations for every element of operand i.
func perOperand(i, k int) func(*Node) Cost {
	return func(n *Node) Cost { return CostOf(product(n.Args[i].Type.Dims).Mul(Int(k))) }
}
