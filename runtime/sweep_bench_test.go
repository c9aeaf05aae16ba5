package runtime

import (
	"context"
	"fmt"
	"testing"
	"time"

	"graft/graph"
)

// encoding is NeRF's positional encoding of points on rays, with 10 frequencies (Mildenhall et al. 2020, equation 4).
func encoding() *graph.Graph {
	g := graph.New("encoding")
	g.Program = true
	x := g.Input("x", graph.F32, "rays", 32, 3)
	g.At(graph.Context{Phase: graph.Forward})
	points := graph.Reshape(x, graph.Sym("rays").Mul(graph.Int(32)), 3)
	parts := []*graph.Value{points}
	for i := range 10 {
		scaled := graph.Scale(points, float64(int(1)<<i))
		parts = append(parts, graph.Apply("sin", scaled), graph.Apply("cos", scaled))
	}
	g.Output("y", g.Add("concat", graph.Attrs{"axis": 1}, parts...)[0])
	return g
}

// chain is elementwise: v*y + x, twenty times over.
func chain() *graph.Graph {
	g := graph.New("chain")
	g.Program = true
	x, y := g.Input("x", graph.F32, "rows", 512), g.Input("y", graph.F32, "rows", 512)
	g.At(graph.Context{Phase: graph.Forward})
	v := x
	for range 20 {
		v = graph.Add(graph.Mul(v, y), x)
	}
	g.Output("v", v)
	return g
}

// BenchmarkSweep runs programs with and without sweeps by turns, on one worker, and reports the fastest step of each.
func BenchmarkSweep(b *testing.B) {
	for _, c := range []struct {
		program *graph.Graph
		binding graph.Binding
	}{
		{encoding(), graph.Binding{"rays": 1024}}, {encoding(), graph.Binding{"rays": 8192}},
		{chain(), graph.Binding{"rows": 512}}, {chain(), graph.Binding{"rows": 32768}},
	} {
		b.Run(fmt.Sprintf("%s/%d", c.program.Name, max(c.binding["rays"], c.binding["rows"])), func(b *testing.B) {
			plain, _ := load(b, c.program, c.binding, Options{})
			e, _ := load(b, swept(b, c.program), c.binding, Options{})
			var fastest [2]time.Duration
			for i := range 2 * b.N {
				run := []*Executable{plain, e}[i%2]
				if i < 2 {
					feedAll(b, run, 1)
				}
				start := time.Now()
				check(b, run.Step(context.Background()))
				if t := time.Since(start); i < 2 || t < fastest[i%2] {
					fastest[i%2] = t
				}
			}
			b.ReportMetric(fastest[0].Seconds()*1e3, "plain-ms")
			b.ReportMetric(fastest[1].Seconds()*1e3, "swept-ms")
			b.ReportMetric(fastest[0].Seconds()/max(1e-9, fastest[1].Seconds()), "speedup")
		})
	}
}
