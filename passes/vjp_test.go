package passes_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"

	"graft/graph"
	"graft/passes"
)

// withoutRule says of every op that has no gradient rule, by name or group, why it needs none.
var withoutRule = map[string]string{
	"leaves":     "gradients end there",
	"marks":      "differentiate itself knows what they mean",
	"effects":    "they have no results",
	"optimizers": "they come after differentiation",
	"fused":      "they come after differentiation",

	"relu_grad": second, "elu_grad": second, "leaky_relu_grad": second, "abs_grad": second, "sigmoid_grad": second, "tanh_grad": second,
	"softmax_grad": second, "log_softmax_grad": second, "softmax_cross_entropy_grad": second, "sigmoid_cross_entropy_grad": second,
	"batch_norm_grad": second, "layer_norm_grad": second, "segment_softmax_grad": second, "cumprod_exclusive_grad": second, "history_attention_grad": second, "grouped_matmul_grad": second, "history_spread": second,
	"equal": whole, "argmax": whole, "key": whole,
	"random_uniform": drawn, "random_normal": drawn, "feedback_matrix": drawn,
	"project": delivery, "project_generated": delivery,
	"row_cosine": "it compares cotangents, after differentiation",

	"positions":   "it has no operands",
	"sort":        "the published method samples without gradient: what is sorted is detached",
	"inverse_cdf": "the published method samples without gradient: the fine samples do not train the coarse network",
}

const (
	delivery = "it delivers errors in the graft section, behind every cut"

	second = "a gradient is not differentiated again"
	whole  = "a whole number has no cotangent"
	drawn  = "a draw depends on nothing that is trained"
)

// TestEveryOpHasRule checks that table, rules and the cases of TestVJP name the same ops.
func TestEveryOpHasRule(t *testing.T) {
	rules := passes.Rules()
	for _, op := range graph.Standard().Ops() {
		reason := withoutRule[op.Name] + withoutRule[op.Group]
		switch differentiable := op.Is(graph.Differentiable); {
		case differentiable && rules[op.Name] == nil:
			t.Errorf("%s is differentiable and has no rule", op.Name)
		case differentiable && len(vjpCases[op.Name]) == 0:
			t.Errorf("%s has a rule and no case in this test", op.Name)
		case differentiable && reason != "":
			t.Errorf("%s is differentiable and has a reason not to be: %s", op.Name, reason)
		case !differentiable && rules[op.Name] != nil:
			t.Errorf("%s has a rule and is not flagged differentiable", op.Name)
		case !differentiable && reason == "":
			t.Errorf("%s has no rule, and nothing says why", op.Name)
		}
	}
	for op := range rules {
		if graph.Standard().Lookup(op) == nil {
			t.Errorf("there is a rule for %s and no such op", op)
		}
	}
	for op := range vjpCases {
		if rules[op] == nil {
			t.Errorf("there are cases for %s and no rule", op)
		}
	}
}

// TestVJP compares every rule with central differences in f64: with all operands trainable, and with each of them alone, so
// that what is not needed is left out.
func TestVJP(t *testing.T) {
	for op, cases := range vjpCases {
		t.Run(op, func(t *testing.T) {
			for i, build := range cases {
				for only, operandCount := -1, 0; only < operandCount; only++ {
					w := newWorld(graph.Binding{})
					o := &operands{t: t, g: graph.New("vjp"), w: w, only: only}
					weighted(o.g, build(o))
					if o.n > 1 { // one operand alone is all of them
						operandCount = o.n
					}
					if !slices.ContainsFunc(o.g.Nodes, func(n *graph.Node) bool { return n.Op.Name == op }) {
						t.Fatalf("case %d does not use the op", i)
					}
					checkGradient(t, fmt.Sprintf("case %d, only %d", i, only), o.g, w)
				}
			}
		})
	}
}

// weighted makes the loss: y itself, or its product with fixed weights, summed, so that every element has its own cotangent.
func weighted(g *graph.Graph, y *graph.Value) {
	if !y.Type.IsScalar() {
		axes := make([]int, y.Type.Rank())
		for i := range axes {
			axes[i] = i
		}
		y = graph.Sum(graph.Mul(y, g.InputOf("fixed", y.Type)), axes...)
	}
	g.Loss(y)
}

// tolerance is what central differences of losses of size about 10 can be trusted with in f64: at fd's step of 6e-6, rounding
// leaves 1e-16*10/6e-6 and truncation 6e-6 squared times the third derivative, both below 1e-9. A wrong rule is off by 1e-2.
const tolerance = 1e-7

// checkGradient compares the gradients that backpropagation gives with central differences of the definition's loss.
func checkGradient(t *testing.T, what string, def *graph.Graph, w *world) {
	t.Helper()
	c := compile(t, def, "bp", passes.Options{Part: passes.Gradient, F64: true, Verify: true})
	got, double := w.run(t, c.Program), inF64(t, def)
	for _, p := range double.Leaves("param") {
		name := p.Node.Name()
		want := w.differences(t, p, func() float64 { return w.run(t, double)["loss"][0] })
		near(t, what+": gradient of "+name, got["grad/"+name], want)
	}
}

// differences returns the central differences of f by the values of a leaf.
func (w *world) differences(t *testing.T, leaf *graph.Value, f func() float64) []float64 {
	t.Helper()
	x := w.leaf(t, leaf)
	name := leaf.Node.Name()
	defer func() { w.values[name] = x }()
	return fd.Gradient(nil, func(y []float64) float64 {
		w.values[name] = y
		return f()
	}, x, &fd.Settings{Formula: fd.Central})
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: element %d is %.9g, want %.9g", what, i, got[i], want[i])
		}
	}
}

// TestCastGradient checks casts that change the dtype, which f64 programs do not have: the cotangent is cast back. Through a
// whole number none flows.
func TestCastGradient(t *testing.T) {
	g := graph.New("cast")
	x := g.Param("x", "zeros", 3)
	y := graph.Cast(graph.Mul(graph.Cast(x, graph.F64), g.Input("k", graph.F64, 3)), graph.F32)
	z := graph.Cast(graph.Cast(g.Param("rounded", "zeros", 3), graph.I32), graph.F32)
	g.Loss(graph.Sum(graph.Add(y, z), 0))
	w := newWorld(graph.Binding{})
	c := compile(t, g, "bp", passes.Options{Part: passes.Gradient})
	got := w.run(t, c.Program)
	near(t, "gradient of x", got["grad/x"], w.values["k"])
	if dt := c.Program.Result("grad/x").Type.DType; dt != graph.F32 {
		t.Errorf("the gradient of an f32 parameter is %v", dt)
	}
	if _, ok := got["grad/rounded"]; ok || !slices.Equal(c.Report.Frozen, []string{"rounded"}) {
		t.Errorf("frozen: %v, want the parameter behind a whole number", c.Report.Frozen)
	}
}
