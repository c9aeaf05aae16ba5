package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"

	"gorgonia.org/tensor"
)

func load(t testing.TB, g *graph.Graph, b graph.Binding, o Options) (*Executable, *State) {
	t.Helper()
	check(t, g.Err())
	s := NewState()
	check(t, s.Init(g, b, 7))
	e, err := Load(g, b, s, o)
	check(t, err)
	return e, s
}

// TestStep checks a hand-written training step against the interpreter.
func TestStep(t *testing.T) {
	g, b := mlp(5, 4, 2), graph.Binding{"batch": 6}
	for _, o := range []Options{{Kernels: native.Reference()}, {Kernels: native.Reference(), NoReuse: true}, {}} {
		e, s := load(t, g, b, o)
		kernels := o.Kernels
		if kernels == nil {
			kernels = native.Kernels()
		}
		m := newModel(g, b, kernels, s)
		for i := range 5 {
			fed := feedAll(t, e, uint64(i))
			out := m.step(t, fed)
			step(t, e)
			compare(t, fmt.Sprint("step ", i), e, s, m, out)
		}
	}
}

// TestWorkers checks that the number of workers changes no bit.
func TestWorkers(t *testing.T) {
	g, b := mlp(5, 4, 2), graph.Binding{"batch": 6}
	var want *State
	for _, workers := range []int{1, 2, 4} {
		pool := NewPool(workers)
		defer pool.Close()
		e, s := load(t, g, b, Options{Pool: pool, Kernels: parted(), eager: true})
		for i := range 20 {
			feedAll(t, e, uint64(i))
			step(t, e)
		}
		if want == nil {
			want = s
		}
		for _, name := range s.Names() {
			same(t, fmt.Sprintf("%d workers: %s", workers, name), s.Buffer(name), want.Buffer(name))
		}
	}
}

// TestRandomPrograms checks planned execution of random programs against the interpreter.
func TestRandomPrograms(t *testing.T) {
	pools := []*Pool{nil, NewPool(1), NewPool(2), NewPool(4)}
	for _, p := range pools[1:] {
		defer p.Close()
	}
	programs := 300
	if testing.Short() {
		programs = 50
	}
	var inPlace, edges, copies int
	for seed := range uint64(programs) {
		g := randomProgram(seed, 5+int(seed)%60)
		o := Options{Kernels: parted(), NoReuse: seed%5 == 0, Pool: pools[seed%4], eager: true}
		e, s := load(t, g, nil, o)
		r := e.Report()
		inPlace, edges, copies = inPlace+r.InPlace, edges+r.Edges, copies+r.Copies
		if o.NoReuse && (r.InPlace > 0 || r.ArenaBytes != r.TotalBytes) {
			t.Fatalf("program %d: memory is reused: %+v", seed, r)
		}
		m := newModel(g, nil, o.Kernels, s)
		for i := range 3 {
			out := m.step(t, feedAll(t, e, seed+uint64(i)))
			step(t, e)
			compare(t, fmt.Sprintf("program %d, step %d", seed, i), e, s, m, out)
		}
	}
	if inPlace == 0 || edges == 0 || copies == 0 {
		t.Errorf("the programs are too simple: %d in place, %d edges, %d copies", inPlace, edges, copies)
	}
}

// TestOnce checks when nodes of phase once run.
func TestOnce(t *testing.T) {
	g := graph.New("once")
	g.Program = true
	seed := g.Scalar("seed", graph.I32)
	given := g.State("given", "zeros", graph.Tensor(graph.F32, graph.Int(2)))
	x := g.Input("x", graph.F32, 2)
	g.At(graph.Context{Phase: graph.Once})
	b := g.Add("feedback_matrix", graph.Attrs{"shape": graph.Dims(2, 2), "stream": "B"}, seed)[0]
	twice := graph.Add(given, given)
	g.At(graph.Context{Phase: graph.Forward})
	g.Output("y", graph.Add(graph.Add(x, twice), b))

	kernels, runs := native.Reference(), 0
	counted := kernels["feedback_matrix"]
	run := counted.Run
	counted.Run = func(c *native.Call, part, parts int) error {
		runs++
		return run(c, part, parts)
	}
	kernels["feedback_matrix"] = counted
	e, s := load(t, g, nil, Options{Kernels: kernels})
	other, err := Load(g, nil, s, Options{Kernels: kernels})
	check(t, err)
	fed := feedAll(t, e, 1)
	f, err := e.Feed("seed")
	check(t, err)
	expect := func(what string, want int) {
		t.Helper()
		m := newModel(g, nil, native.Reference(), s)
		out := m.step(t, fed)
		step(t, e)
		compare(t, what, e, s, m, out)
		if runs != want {
			t.Errorf("%s: ran %d times in all, want %d", what, runs, want)
		}
	}
	expect("first step", 1)
	expect("second step", 1)
	check(t, f.SetInt(9))
	fed["seed"] = &buffer.Buffer{DType: graph.I32, Shape: []int{}, I32: []int32{9}}
	expect("new seed", 2)
	expect("same seed", 2)
	check(t, s.Set("given", tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}))))
	expect("state set", 3)
	check(t, s.CopyFrom(s.Clone()))
	expect("state copied", 4)
	feedAll(t, other, 1)
	step(t, other)
	expect("another executable ran", 5)
}

// TestOnceOfInputs checks that what is computed once of an input and a parameter is computed again when either is set.
func TestOnceOfInputs(t *testing.T) {
	g := graph.New("once")
	g.Program = true
	x, w := g.Input("x", graph.F32, 2), g.Param("w", "ones", 2)
	p, e := g.Sparse("p", 2, 2, "links")
	g.At(graph.Context{Phase: graph.Once})
	y := graph.SpMM(p, e, graph.Reshape(graph.Mul(x, w), 2, 1))
	g.At(graph.Context{Phase: graph.Forward})
	g.Output("y", graph.Scale(y, 2))

	kernels, runs := native.Reference(), 0
	counted := kernels["spmm"]
	run := counted.Run
	counted.Run = func(c *native.Call, part, parts int) error {
		runs++
		return run(c, part, parts)
	}
	kernels["spmm"] = counted
	exec, s := load(t, g, graph.Binding{"links": 2}, Options{Kernels: kernels})
	feed := func(name string) *Feed {
		f, err := exec.Feed(name)
		check(t, err)
		return f
	}
	vector := func(v ...float32) *tensor.Dense { return tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(v)) }
	pattern := func(col ...int32) *buffer.Pattern {
		p, _, err := buffer.NewPattern(2, 2, []int32{0, 1}, col)
		check(t, err)
		return p
	}
	expect := func(what string, want int, values ...float32) {
		t.Helper()
		step(t, exec)
		r, err := exec.Result("y")
		check(t, err)
		if got := r.Tensor().Float32s(); !slices.Equal(got, values) || runs != want {
			t.Errorf("%s: %v after %d runs, want %v after %d", what, got, runs, values, want)
		}
	}
	given, straight := vector(1, 2), pattern(0, 1)
	check(t, feed("x").Set(given))
	check(t, feed("p/entries").Set(vector(1, 1)))
	check(t, feed("p").SetPattern(straight))
	expect("first step", 1, 2, 4)
	check(t, feed("p").SetPattern(straight))
	expect("the same pattern", 1, 2, 4)
	check(t, feed("p").SetPattern(pattern(1, 0)))
	expect("another pattern", 2, 4, 2)
	given.Float32s()[0] = 5
	check(t, feed("x").Set(given))
	expect("other elements", 3, 4, 10)
	check(t, s.Set("w", vector(1, 10)))
	expect("other weights", 4, 40, 10)
}

// TestFailedStep checks that an error names the node and leaves the state alone.
func TestFailedStep(t *testing.T) {
	g, b := mlp(5, 4, 2), graph.Binding{"batch": 6}
	for _, workers := range []int{1, 3} {
		pool := NewPool(workers)
		defer pool.Close()
		e, s := load(t, g, b, Options{Pool: pool, Kernels: parted(), eager: true})
		feedAll(t, e, 1)
		f, err := e.Feed("label")
		check(t, err)
		check(t, f.Set(tensor.New(tensor.WithBacking([]int32{0, 1, 2, 0, 0, 0}))))
		before := s.Clone()
		err = e.Step(context.Background())
		if err == nil || !strings.Contains(err.Error(), "softmax_cross_entropy") ||
			!strings.Contains(err.Error(), "%label") || !strings.Contains(err.Error(), "programs_test.go:") {
			t.Fatalf("error %v", err)
		}
		for _, name := range s.Names() {
			same(t, name, s.Buffer(name), before.Buffer(name))
		}
		feedAll(t, e, 1)
		step(t, e)
	}
}

func TestContext(t *testing.T) {
	e, _ := load(t, mlp(5, 4, 2), graph.Binding{"batch": 6}, Options{})
	feedAll(t, e, 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Step(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestAllocations checks that a step allocates nothing.
func TestAllocations(t *testing.T) {
	for _, workers := range []int{1, 2} {
		pool := NewPool(workers)
		defer pool.Close()
		e, _ := load(t, mlp(5, 4, 2), graph.Binding{"batch": 6}, Options{Pool: pool, Kernels: parted(), eager: true})
		feedAll(t, e, 1)
		lr, err := e.Feed("lr")
		check(t, err)
		ctx := context.Background()
		if n := testing.AllocsPerRun(100, func() {
			check(t, lr.SetFloat(0.1))
			check(t, e.Step(ctx))
		}); n != 0 {
			t.Errorf("%d workers: %v allocations per step", workers, n)
		}
	}
}

// TestLeafOutputsAndStores covers stores that exchange leaves, stores of one value to two, and outputs of leaves.
func TestLeafOutputsAndStores(t *testing.T) {
	g := graph.New("leaves")
	g.Program = true
	kind := graph.Tensor(graph.F32, graph.Int(3))
	a, b := g.Param("a", "uniform(1)", 3), g.Param("b", "uniform(1)", 3)
	g.State("c", "zeros", kind)
	g.State("d", "zeros", kind)
	g.State("e", "zeros", kind)
	x := g.Input("x", graph.F32, 3)
	g.At(graph.Context{Phase: graph.Update})
	sum := graph.Add(a, x)
	g.Output("a", a)
	g.Output("again", a)
	g.Output("x", x)
	g.Output("sum", sum)
	g.Store("a", b)
	g.Store("b", a)
	g.Store("c", sum)
	g.Store("d", sum)
	g.Store("e", x)
	for _, o := range []Options{{}, {NoReuse: true}} {
		e, s := load(t, g, nil, o)
		m := newModel(g, nil, native.Kernels(), s)
		for i := range 3 {
			out := m.step(t, feedAll(t, e, uint64(i)))
			step(t, e)
			compare(t, fmt.Sprint("step ", i), e, s, m, out)
		}
	}
}

// TestConcurrentSteps runs several executables on one pool from several goroutines.
func TestConcurrentSteps(t *testing.T) {
	pool := NewPool(3)
	defer pool.Close()
	g, b := mlp(5, 4, 2), graph.Binding{"batch": 6}
	done := make(chan *State)
	const runs = 4
	for range runs {
		e, s := load(t, g, b, Options{Pool: pool, Kernels: parted(), eager: true})
		feedAll(t, e, 3)
		go func() {
			for range 50 {
				if err := e.Step(context.Background()); err != nil {
					t.Error(err)
				}
			}
			done <- s
		}()
	}
	var first *State
	for range runs {
		s := <-done
		if first == nil {
			first = s
		}
		for _, name := range s.Names() {
			same(t, name, s.Buffer(name), first.Buffer(name))
		}
	}
}

// TestClosedPool checks that the caller finishes alone.
func TestClosedPool(t *testing.T) {
	pool := NewPool(3)
	e, _ := load(t, mlp(5, 4, 2), graph.Binding{"batch": 6}, Options{Pool: pool, eager: true})
	feedAll(t, e, 3)
	step(t, e)
	pool.Close()
	pool.Close()
	step(t, e)
}

func TestHandles(t *testing.T) {
	e, _ := load(t, mlp(5, 4, 2), graph.Binding{"batch": 6}, Options{})
	feed := func(name string) *Feed {
		f, err := e.Feed(name)
		check(t, err)
		return f
	}
	_, noFeed := e.Feed("y")
	_, noResult := e.Result("y")
	for _, c := range []struct {
		err  error
		want string
	}{
		{noFeed, `mlp has no input "y"; there are label, lr, x`},
		{noResult, `mlp has no output "y"; there are logits, loss`},
		{e.Step(context.Background()), "missing: x, label, lr"},
		{feed("x").Set(tensor.New(tensor.WithShape(5, 6), tensor.Of(tensor.Float32))), "given f32[5 6], want f32[6 5]"},
		{feed("x").Set(tensor.New(tensor.WithShape(6, 5), tensor.Of(tensor.Float64))), "given f64[6 5], want f32[6 5]"},
		{feed("x").Set(nil), "no tensor"},
		{feed("x").SetPattern(&buffer.Pattern{}), "not a pattern"},
		{feed("x").SetFloat(1), "not a floating-point scalar"},
		{feed("lr").SetInt(1), "not an i32"},
		{feed("lr").Set(tensor.New(tensor.FromScalar(float32(1)))), ""},
		{feed("lr").SetFloat(1), ""},
	} {
		if c.want == "" {
			check(t, c.err)
		} else if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("error %v; want one that says %q", c.err, c.want)
		}
	}
	feedAll(t, e, 1)
	step(t, e)
	loss, err := e.Result("loss")
	check(t, err)
	logits, err := e.Result("logits")
	check(t, err)
	if loss.Float() != float64(loss.Tensor().Float32s()[0]) || loss.Float() == 0 || logits.Float() == logits.Float() {
		t.Errorf("loss %v, logits %v", loss.Float(), logits.Float())
	}
	if got := fmt.Sprint(logits.Tensor().Shape()); got != "(6, 2)" {
		t.Errorf("logits of shape %s", got)
	}
}

// TestScalarFeedKeepsTensors checks that a scalar set by value writes into no tensor that was set before.
func TestScalarFeedKeepsTensors(t *testing.T) {
	e, _ := load(t, mlp(5, 4, 2), graph.Binding{"batch": 6}, Options{})
	f, err := e.Feed("lr")
	check(t, err)
	mine := tensor.New(tensor.FromScalar(float32(1)))
	check(t, f.Set(mine))
	check(t, f.SetFloat(2))
	if v := mine.Float32s()[0]; v != 1 {
		t.Errorf("the tensor now holds %v", v)
	}
}

func TestLoadRefuses(t *testing.T) {
	b := graph.Binding{"batch": 6}
	ready := NewState()
	check(t, ready.Init(mlp(5, 4, 2), b, 1))
	definition := mlp(5, 4, 2)
	definition.Program = false
	kernels := native.Reference()
	delete(kernels, "matmul")
	for _, c := range []struct {
		g     *graph.Graph
		b     graph.Binding
		s     *State
		table native.Table
		want  string
	}{
		{nil, b, ready, nil, "no graph"},
		{definition, b, ready, nil, "compile it"},
		{mlp(5, 4, 2), nil, ready, nil, `"batch"`},
		{mlp(5, 4, 2), b, nil, nil, "no state"},
		{mlp(5, 4, 2), b, NewState(), nil, `the state holds no param "w0"`},
		{mlp(5, 3, 2), b, ready, nil, `param "w0" : f32[5, 3]: the state holds f32[5 4], want f32[5 3]`},
		{mlp(5, 4, 2), b, ready, kernels, "no kernel for matmul at runtime/programs_test.go:"},
	} {
		_, err := Load(c.g, c.b, c.s, Options{Kernels: c.table})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v; want one that says %q", err, c.want)
		}
	}
}

// TestSparseFeed runs a product with a fed sparse matrix.
func TestSparseFeed(t *testing.T) {
	g := graph.New("sparse")
	g.Program = true
	p, entries := g.Sparse("a", "n", "n", "nnz")
	x := g.Input("x", graph.F32, "n", 3)
	g.At(graph.Context{Phase: graph.Forward})
	g.Output("y", graph.SpMM(p, entries, x))
	b := graph.Binding{"n": 4, "nnz": 7}
	e, s := load(t, g, b, Options{})
	f, err := e.Feed("a")
	check(t, err)
	small, _, err := buffer.NewPattern(2, 2, nil, nil)
	check(t, err)
	if err := f.SetPattern(small); err == nil || !strings.Contains(err.Error(), "want pattern[4, 4; 7]") {
		t.Errorf("error %v", err)
	}
	m := newModel(g, b, native.Kernels(), s)
	out := m.step(t, feedAll(t, e, 1))
	step(t, e)
	compare(t, "step", e, s, m, out)
}
