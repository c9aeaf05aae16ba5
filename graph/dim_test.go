package graph_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"graft/graph"
)

// randomDim draws a monomial of up to four symbols.
func randomDim(r *rand.Rand) graph.Dim {
	d := graph.Int(1 + r.IntN(1000))
	for range r.IntN(5) {
		d = d.Mul(graph.Sym([]string{"batch", "tokens", "n", "n_2"}[r.IntN(4)]))
	}
	return d
}

func TestDimAlgebra(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	bind := graph.Binding{"batch": 2, "tokens": 3, "n": 5, "n_2": 7}
	value := func(d graph.Dim) int {
		n, err := d.Bind(bind)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 2000 {
		a, b, c := randomDim(r), randomDim(r), randomDim(r)
		if a.Mul(b) != b.Mul(a) {
			t.Errorf("(%v)*(%v) does not commute", a, b)
		}
		if a.Mul(b).Mul(c) != a.Mul(b.Mul(c)) {
			t.Errorf("(%v)*(%v)*(%v) does not associate", a, b, c)
		}
		if a.Mul(graph.Int(1)) != a {
			t.Errorf("1 is not neutral for %v", a)
		}
		if q, ok := a.Mul(b).Div(b); !ok || q != a {
			t.Errorf("%v / %v = %v, %v, not %v", a.Mul(b), b, q, ok, a)
		}
		if q, ok := a.Div(b); ok && q.Mul(b) != a {
			t.Errorf("%v / %v = %v, which times %v is %v", a, b, q, b, q.Mul(b))
		}
		if value(a)*value(b) != value(a.Mul(b)) {
			t.Errorf("binding (%v)*(%v) is no product", a, b)
		}
	}
}

func TestDimDivExact(t *testing.T) {
	n, m := graph.Sym("n"), graph.Sym("m")
	for _, c := range []struct{ a, b graph.Dim }{
		{graph.Int(7), graph.Int(2)}, {n, m}, {n, n.Mul(n)}, {graph.Int(7), n}, {n, graph.Int(2)}, {n, graph.Dim{}},
	} {
		if q, ok := c.a.Div(c.b); ok {
			t.Errorf("%v / %v = %v", c.a, c.b, q)
		}
	}
}

func TestDimValid(t *testing.T) {
	for _, d := range []graph.Dim{
		{}, graph.Int(0), graph.Int(-1), graph.Sym(""), graph.Sym("a*b"), graph.Sym("2a"), graph.Sym("a b"), graph.Int(1 << 41),
		graph.Int(1 << 40).Mul(graph.Int(1 << 40)), graph.Int(math.MaxInt).Mul(graph.Sym("n").Mul(graph.Int(2))),
		graph.Dims(3.5)[0],
	} {
		if d.Valid() {
			t.Errorf("%v is valid", d)
		}
	}
	for _, d := range graph.Dims(1, 1<<40, "n", graph.Sym("n").Mul(graph.Int(3))) {
		if !d.Valid() {
			t.Errorf("%v is not valid", d)
		}
	}
}

func TestDimBind(t *testing.T) {
	d := graph.Int(8).Mul(graph.Sym("n")).Mul(graph.Sym("n"))
	if n, err := d.Bind(graph.Binding{"n": 3}); n != 72 || err != nil {
		t.Errorf("8*3*3 = %v, %v", n, err)
	}
	for want, b := range map[string]graph.Binding{
		`symbol "n" has no value`:                           {},
		"dimension 8*n*n is too large at n = 1000000":       {"n": 1000000},
		"dimension 8*n*n is too large at n = -1":            {"n": -1},
		"dimension 8*n*n is too large at n = 4611686018427": {"n": 4611686018427},
	} {
		if _, err := d.Bind(b); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestCostAlgebra(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	bind := graph.Binding{"batch": 2, "tokens": 3, "n": 5, "n_2": 7}
	value := func(c graph.Cost) int64 {
		n, err := c.Bind(bind)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 1000 {
		var a, b graph.Cost
		for range r.IntN(4) {
			a, b = a.Plus(graph.CostOf(randomDim(r))), b.Plus(graph.CostOf(randomDim(r)))
		}
		d := randomDim(r)
		if a.Plus(b).String() != b.Plus(a).String() {
			t.Errorf("(%v) + (%v) does not commute", a, b)
		}
		if got, want := a.Plus(b).Times(d).String(), a.Times(d).Plus(b.Times(d)).String(); got != want {
			t.Errorf("%v does not distribute over (%v) + (%v): %s, %s", d, a, b, got, want)
		}
		if value(a.Plus(b)) != value(a)+value(b) || value(a.Times(d)) != value(a)*value(graph.CostOf(d)) {
			t.Errorf("binding %v, %v, %v is not linear", a, b, d)
		}
	}
	n := graph.Sym("n")
	if got := graph.CostOf(n, graph.Int(3), n.Mul(n), n).String(); got != "n*n + 2*n + 3" {
		t.Errorf("like terms are not merged, or not in order: %s", got)
	}
	if got := graph.CostOf().String(); got != "0" {
		t.Errorf("no cost prints as %s", got)
	}
	if _, err := graph.CostOf(n).Bind(nil); err == nil || !strings.Contains(err.Error(), `"n"`) {
		t.Errorf("binding without n: %v", err)
	}
}
