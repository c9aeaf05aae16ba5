package gorgonia

import (
	"errors"
	"fmt"

	"graft/graph"
	"graft/runtime/buffer"

	G "gorgonia.org/gorgonia"
)

// crossEntropy is sum(rows * log(sum(exp(logits)))) - sum(target * logits), where rows holds the rows' weights over their
// total, and target the same at each row's label.
func (f *forward) crossEntropy(n *graph.Node, _ []int, args []*G.Node) (*G.Node, error) {
	x := args[0]
	shape := x.Shape()
	classes := shape[len(shape)-1]
	count := buffer.Size(shape[:len(shape)-1])
	label, err := f.value(n.Args[1])
	if err != nil {
		return nil, err
	}
	weights, total := make([]float64, count), 0.0
	for r := range weights {
		weights[r] = 1
	}
	if len(n.Args) > 2 {
		if f.carries[n.Args[2]] {
			return nil, errors.New("the weights carry no gradient: detach them")
		}
		given, err := f.value(n.Args[2])
		if err != nil {
			return nil, err
		}
		for r := range weights {
			weights[r] = given.At(r)
		}
	}
	for _, w := range weights {
		total += w
	}
	if n.Str("reduce") == "sum" {
		total = 1
	}
	dt := n.Args[0].Type.DType
	rows, target := buffer.New(dt, count), buffer.New(dt, count, classes)
	for r, w := range weights {
		rows.Put(r, w/total)
		l := int(label.I32[r])
		if w == 0 {
			continue
		}
		if l < 0 || l >= classes {
			return nil, fmt.Errorf("label %d of row %d is not in [0, %d)", l, r, classes)
		}
		target.Put(r*classes+l, w/total)
	}
	var c chain
	name := f.names[n.Results[0]]
	x = c.do(reshaped(x, []int{count, classes}))
	sums := c.do1(func(x *G.Node) (*G.Node, error) { return G.Sum(x, 1) }, c.do1(G.Exp, x))
	all := c.do2(G.HadamardProd, c.do1(G.Log, sums), f.constant(rows, name+" rows"))
	hit := c.do2(G.HadamardProd, x, f.constant(target, name+" target"))
	sum := func(x *G.Node) (*G.Node, error) { return G.Sum(x) }
	return c.do2(G.Sub, c.do1(sum, all), c.do1(sum, hit)), c.err
}

// sigmoidCrossEntropy is the sum or mean of log(1 + exp(logits)) - target * logits.
func (f *forward) sigmoidCrossEntropy(n *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	if f.carries[n.Args[1]] {
		return nil, errors.New("the target carries no gradient: detach it")
	}
	reduce := func(x *G.Node) (*G.Node, error) { return G.Sum(x) }
	if n.Str("reduce") == "mean" {
		reduce = func(x *G.Node) (*G.Node, error) { return G.Mean(x) }
	}
	var c chain
	each := c.do2(G.Sub, c.do(G.Softplus(x[0])), c.do(G.HadamardProd(x[1], x[0])))
	return c.do1(reduce, each), c.err
}
