package runtime

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"graft/graph"
	"graft/passes"
	"graft/runtime/native"
)

// swept returns g with the sweeps that the compiler finds.
func swept(t testing.TB, g *graph.Graph) *graph.Graph {
	t.Helper()
	mode := passes.Modes()[0].Passes
	i := slices.IndexFunc(mode, func(p passes.Pass) bool { return p.Name == "sweep" })
	out, err := mode[i].Run(g, &passes.Options{})
	check(t, err)
	check(t, graph.Verify(out, graph.Planned))
	return out
}

// rowProgram draws a program of about n nodes that work on rows: over values of n rows of some shapes, with products and sums over
// rows in between, and outputs of all that nobody reads and of some that is read.
func rowProgram(seed uint64, n int) *graph.Graph {
	r := rand.New(rand.NewPCG(seed, 3))
	g := graph.New(fmt.Sprintf("rows-%d", seed))
	g.Program = true
	x, bias, gamma := g.Input("x", graph.F32, "n", 12), g.Param("bias", "normal(0.5)", 12), g.Param("gamma", "ones", 12)
	square, rate := g.Param("square", "normal(0.3)", 12, 12), g.Scalar("rate", graph.F32)
	half := g.Const(0.5, graph.Tensor(graph.F32, graph.Dims("n", 12)...))
	g.At(graph.Context{Phase: graph.Forward})
	graph.Dropout(x, 0.5, "first")
	g.Output("first", g.Nodes[len(g.Nodes)-1].Results[0])
	values, used := []*graph.Value{x, half}, map[*graph.Value]bool{}
	pick := func() *graph.Value { // rather a recent one, so that chains are long
		i := r.IntN(len(values))
		if r.IntN(3) > 0 {
			i = max(i, len(values)-1-r.IntN(4))
		}
		used[values[i]] = true
		return values[i]
	}
	shaped := func(dims ...any) *graph.Value { return graph.Reshape(pick(), dims...) }
	add := func(op string, attrs graph.Attrs, args ...*graph.Value) *graph.Value {
		return g.Add(op, attrs, args...)[0]
	}
	for i := range n {
		if i == n/2 {
			g.At(graph.Context{Phase: graph.Backward, Label: "network"})
		}
		name := fmt.Sprint("stream", i)
		var v *graph.Value
		switch r.IntN(19) {
		case 0, 1, 2:
			v = graph.Apply([]string{"relu", "tanh", "sigmoid", "sin", "square"}[r.IntN(5)], pick())
		case 3, 4:
			v = add([]string{"add", "sub", "mul", "tanh_grad"}[r.IntN(4)], nil, pick(), pick())
		case 5:
			v = graph.Add(pick(), bias)
		case 6:
			v = graph.Mul(rate, pick())
		case 7:
			v = graph.Mul(shaped("n", 4, 3), graph.Reshape(graph.Sum(shaped("n", 4, 3), 2), "n", 4, 1))
		case 8:
			v = add("concat", graph.Attrs{"axis": 1}, add("slice", graph.Attrs{"axis": 1, "start": 1, "size": 5}, pick()), add("slice", graph.Attrs{"axis": 1, "size": 7}, pick()))
		case 9:
			v = add("pad", graph.Attrs{"axis": 2, "before": 1}, add("slice", graph.Attrs{"axis": 2, "start": 1, "size": 3}, shaped("n", 3, 4)))
		case 10:
			rows := []graph.Dim{graph.Sym("n"), graph.Sym("n").Mul(graph.Int(3))}[r.IntN(2)]
			width, _ := graph.Sym("n").Mul(graph.Int(12)).Div(rows)
			v = add([]string{"cumsum", "softmax", "cumprod_exclusive", "sort"}[r.IntN(4)], nil, shaped(rows, width))
		case 11:
			v = add("layer_norm", nil, pick(), gamma, bias)
		case 12:
			v = graph.Dropout(pick(), 0.4, name)
		case 13:
			v = add([]string{"random_uniform", "random_normal"}[r.IntN(2)], graph.Attrs{"shape": graph.Dims(graph.Sym("n").Mul(graph.Int(2)), 6), "stream": name}, g.Key())
		case 14:
			v = add("transpose", graph.Attrs{"perm": []int{0, 2, 1}}, shaped("n", 3, 4))
		case 15:
			v = graph.MatMul(pick(), square)
		case 16:
			v = graph.Add(pick(), graph.Mean(pick(), 0))
		case 17:
			v = add("spread", graph.Attrs{"shape": graph.Dims("n", 12, 1)}, graph.Reshape(graph.Sum(pick(), 1), "n", 1, 1))
		default:
			v = add("bias_act", graph.Attrs{"act": "elu"}, pick(), bias)
		}
		if v.Type.Rank() != 2 || v.Type.Dims[0] != graph.Sym("n") {
			v = graph.Reshape(v, "n", 12)
		}
		values = append(values, v)
	}
	for i, v := range values[2:] {
		if !used[v] || r.IntN(8) == 0 {
			g.Output(fmt.Sprintf("y%d", i), v)
		}
	}
	return g
}

// TestSweeps holds random programs with sweeps against the same programs without: all bits are equal, for rows that fill no block,
// one or many, on the reference and the fast kernels, whatever the number of workers.
func TestSweeps(t *testing.T) {
	pools := []*Pool{nil, NewPool(2), NewPool(4)}
	for _, p := range pools[1:] {
		defer p.Close()
	}
	programs := 120
	if testing.Short() {
		programs = 24
	}
	var joined, inPlace int
	for seed := range uint64(programs) {
		g := rowProgram(seed, 6+int(seed)%50)
		check(t, g.Err())
		s := swept(t, g)
		for _, n := range s.Nodes {
			if n.Joined {
				joined++
			}
		}
		for i, rows := range []int{1, []int{2, 17, 150, 333}[seed%4], []int{701, 1024, 2500}[seed%3]} {
			o := Options{Pool: pools[(int(seed)+i)%3], eager: true, NoReuse: seed%7 == 0}
			if i < 2 && seed%2 == 0 {
				o.Kernels = parted()
			}
			inPlace += holdSweeps(t, g, s, rows, seed, o)
		}
	}
	if joined < 5*programs || inPlace == 0 {
		t.Errorf("the programs are too simple: %d nodes are joined, %d in place", joined, inPlace)
	}
}

// holdSweeps checks that a program and itself with sweeps have the same bits, for two steps, and returns the results in place.
func holdSweeps(t testing.TB, g, swept *graph.Graph, rows int, seed uint64, o Options) (inPlace int) {
	t.Helper()
	b := graph.Binding{"n": rows}
	plain, _ := load(t, g, b, Options{Kernels: o.Kernels})
	e, _ := load(t, swept, b, o)
	for k := range 2 {
		feedAll(t, plain, seed+uint64(k))
		feedAll(t, e, seed+uint64(k))
		step(t, plain)
		step(t, e)
		for name, want := range plain.results {
			same(t, fmt.Sprintf("program %d, %d rows, step %d, %s", seed, rows, k, name), e.results[name].buf, want.buf)
		}
	}
	return e.Report().InPlace
}

// FuzzSweeps looks for programs and numbers of rows that TestSweeps has not. There is at least one: symbols are positive.
func FuzzSweeps(f *testing.F) {
	pool := NewPool(2)
	f.Cleanup(pool.Close)
	f.Add(uint64(1), byte(20), uint16(0))
	f.Add(uint64(2), byte(40), uint16(31))
	f.Add(uint64(3), byte(60), uint16(1023))
	f.Fuzz(func(t *testing.T, seed uint64, nodes byte, rows uint16) {
		g := rowProgram(seed, 1+int(nodes)%80)
		check(t, g.Err())
		o := Options{Pool: pool, eager: true, NoReuse: seed%7 == 0}
		if seed%2 == 0 {
			o.Kernels = parted()
		}
		holdSweeps(t, g, swept(t, g), 1+int(rows)%3000, seed, o)
	})
}

// TestSweepsAllocateNothing runs sweeps of several blocks on several workers.
func TestSweepsAllocateNothing(t *testing.T) {
	for _, workers := range []int{1, 3} {
		pool := NewPool(workers)
		defer pool.Close()
		e, _ := load(t, swept(t, rowProgram(5, 40)), graph.Binding{"n": 3000}, Options{Pool: pool, eager: true})
		feedAll(t, e, 1)
		if n := testing.AllocsPerRun(20, func() { check(t, e.Step(context.Background())) }); n != 0 {
			t.Errorf("%d workers: %v allocations per step", workers, n)
		}
	}
}

// TestLongSums sums rows so long and few that the kernel divides the sums of the whole, which a block of one row must do alike.
func TestLongSums(t *testing.T) {
	g := graph.New("long")
	g.Program = true
	x := g.Input("x", graph.F32, "n", 40000)
	g.At(graph.Context{Phase: graph.Forward})
	// What cancels leaves the roundings of the sums, of numbers so different that even float64 has some.
	y := graph.Apply("exp", graph.Scale(x, 50))
	y = g.Add("concat", graph.Attrs{"axis": 1}, y, graph.Apply("neg", y))[0]
	g.Output("y", graph.Sum(graph.Reshape(y, "n", 40000, 2), 1))
	for i, n := range g.Nodes {
		n.Joined = i > 1 && len(n.Results) > 0
	}
	check(t, graph.Verify(g, graph.Planned))
	for _, rows := range []int{1, 3, 9} {
		b := graph.Binding{"n": rows}
		plain := graph.NewCopier(g)
		for _, n := range g.Nodes {
			plain.Copy(n).Joined = false
		}
		e, _ := load(t, g, b, Options{Kernels: native.Kernels()})
		p, _ := load(t, plain.New, b, Options{Kernels: native.Kernels()})
		feedAll(t, e, 1)
		feedAll(t, p, 1)
		step(t, e)
		step(t, p)
		same(t, fmt.Sprint(rows, " rows"), e.results["y"].buf, p.results["y"].buf)
	}
}
