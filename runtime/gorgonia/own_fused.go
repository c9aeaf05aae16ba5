package gorgonia

import (
	"fmt"
	"strings"

	"graft/graph"

	G "gorgonia.org/gorgonia"
)

// fusedRules lower fused ops to what they stand for.
func fusedRules() map[string]rule {
	return map[string]rule{
		"bias_act":         biasAct,
		"fused_matmul":     fusedProduct(matmul, 2),
		"fused_matmul_add": fusedProduct(matmul, 3),
		"fused_project":    fusedProduct(project, 2),
		"weight_bias_grad": weightGrad,
	}
}

// furtherRules build the results of ops behind their first ones.
func furtherRules() map[string][]rule {
	return map[string][]rule{"weight_bias_grad": {biasGrad}}
}

func weightGrad(_ *graph.Node, _ []int, x []*G.Node) (*G.Node, error) {
	var c chain
	return c.do2(G.Mul, c.do(permuted(x[0], []int{1, 0})), x[1]), c.err
}

func biasGrad(_ *graph.Node, _ []int, x []*G.Node) (*G.Node, error) { return G.Sum(x[1], 0) }

func biasAct(n *graph.Node, shape []int, x []*G.Node) (*G.Node, error) {
	sum, err := pairwise(G.Add)(n, shape, x)
	if err != nil {
		return nil, err
	}
	return activation(n, sum)
}

// fusedProduct adds to a product the operands before number first, and after them the bias, and applies the activation or its
// gradient.
func fusedProduct(product rule, first int) rule {
	return func(n *graph.Node, shape []int, x []*G.Node) (*G.Node, error) {
		y, err := product(n, shape, x[:2])
		end := len(x)
		gradient := strings.HasSuffix(n.Str("act"), "_grad")
		if gradient {
			end--
		}
		added := append(x[first:end:end], x[2:first]...) // the bias comes first
		for _, z := range added {
			if err == nil {
				y, err = pairwise(G.Add)(n, shape, []*G.Node{y, z})
			}
		}
		switch {
		case err != nil:
			return nil, err
		case gradient:
			return activationGrad(n, y, x[end])
		case n.Str("act") != "none":
			return activation(n, y)
		}
		return y, nil
	}
}

func activation(n *graph.Node, x *G.Node) (*G.Node, error) {
	switch act := n.Str("act"); act {
	case "relu":
		return G.Rectify(x)
	case "sigmoid":
		return G.Sigmoid(x)
	case "tanh":
		return G.Tanh(x)
	case "elu":
		return elu(x, n.Float("alpha"))
	default:
		return nil, fmt.Errorf("there is no activation %q", act)
	}
}

// activationGrad is dy times the derivative of the activation whose result is y.
func activationGrad(n *graph.Node, dy, y *G.Node) (*G.Node, error) {
	var c chain
	above := c.do1(G.Rectify, c.do(G.Sign(y))) // 1 where y > 0, else 0
	one := number(y, 1)
	var slope *G.Node
	switch act := n.Str("act"); act {
	case "relu_grad":
		slope = above
	case "sigmoid_grad":
		slope = c.do2(G.HadamardProd, y, c.do2(G.Sub, one, y))
	case "tanh_grad":
		slope = c.do2(G.Sub, one, c.do(G.Square(y)))
	case "elu_grad":
		rest := c.do2(G.HadamardProd, c.do2(G.Sub, one, above), c.do2(G.Add, y, number(y, n.Float("alpha"))))
		slope = c.do2(G.Add, above, rest)
	default:
		return nil, fmt.Errorf("there is no gradient %q", act)
	}
	return c.do2(G.HadamardProd, dy, slope), c.err
}
