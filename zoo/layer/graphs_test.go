package layer_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
	"graft/zoo/layer"
)

// The sizes of the graph that layers are run on.
const nodes, width = 6, 8

// bench runs a layer on random leaves and keeps them, as dense matrices in row-major order.
type bench struct {
	t        *testing.T
	g        *graph.Graph
	sizes    graph.Binding
	patterns map[string]*buffer.Pattern
	values   map[string][]float64
}

func newBench(t *testing.T) *bench {
	return &bench{t, graph.New("layer"), graph.Binding{"nodes": nodes}, map[string]*buffer.Pattern{}, map[string][]float64{}}
}

// sparse declares a random sparse matrix over the nodes, whose row 2 is empty.
func (b *bench) sparse(name string, cols int) layer.Sparse {
	b.t.Helper()
	r := rand.New(rand.NewPCG(2, uint64(len(name))))
	var row, col []int32
	for i := range int32(nodes) {
		for j := range int32(cols) {
			if i != 2 && r.IntN(2) == 0 {
				row, col = append(row, i), append(col, j)
			}
		}
	}
	p, _, err := buffer.NewPattern(nodes, cols, row, col)
	if err != nil {
		b.t.Fatal(err)
	}
	b.patterns[name], b.sizes[name] = p, p.NNZ()
	var columns any = "nodes"
	if cols != nodes {
		columns = cols
	}
	pattern, entries := b.g.Sparse(name, "nodes", columns, name)
	return layer.Sparse{Pattern: pattern, Entries: entries}
}

// run returns the elements of y.
func (b *bench) run(y *graph.Value) []float64 {
	b.t.Helper()
	b.g.Output("y", y)
	if err := b.g.Err(); err != nil {
		b.t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	leaves := map[string]*buffer.Buffer{}
	for _, n := range b.g.Nodes {
		if !n.Op.Is(graph.Leaf) || n.Op.Name == "const" {
			continue
		}
		name, typ := n.Name(), n.Results[0].Type
		if p := b.patterns[name]; p != nil {
			leaves[name] = &buffer.Buffer{Shape: []int{p.Rows, p.Cols, p.NNZ()}, Pattern: p}
			continue
		}
		shape, err := typ.Shape(b.sizes)
		if err != nil {
			b.t.Fatal(err)
		}
		buf := buffer.New(typ.DType, shape...)
		x := make([]float64, buf.Len())
		for i := range buf.F32 {
			buf.F32[i] = float32(r.NormFloat64())
			x[i] = float64(buf.F32[i])
		}
		leaves[name], b.values[name] = buf, x
	}
	values, err := native.Reference().Interpret(b.g, b.sizes, leaves)
	if err != nil {
		b.t.Fatal(err)
	}
	out := make([]float64, 0, nodes)
	for _, v := range values[y].F32 {
		out = append(out, float64(v))
	}
	return out
}

// dense writes a sparse leaf out.
func (b *bench) dense(name string) []float64 {
	p := b.patterns[name]
	out := make([]float64, p.Rows*p.Cols)
	for k, x := range b.values[name+"/entries"] {
		out[int(p.Row[k])*p.Cols+int(p.Col[k])] = x
	}
	return out
}

// times returns a [m, k] times b [k, n], where m and n follow from k.
func times(a, b []float64, k int) []float64 {
	m, n := len(a)/k, len(b)/k
	out := make([]float64, m*n)
	for i := range m {
		for j := range n {
			for l := range k {
				out[i*n+j] += a[i*k+l] * b[l*n+j]
			}
		}
	}
	return out
}

// plus adds vectors of the length of the first; shorter ones are repeated.
func plus(x []float64, more ...[]float64) []float64 {
	out := append([]float64(nil), x...)
	for _, y := range more {
		for i := range out {
			out[i] += y[i%len(y)]
		}
	}
	return out
}

func nearly(t *testing.T, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d elements, want %d", len(got), len(want))
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 2e-5*(1+math.Abs(want[i])) {
			t.Fatalf("element %d is %v, want %v", i, got[i], want[i])
		}
	}
}

// TestConvolutions compares the convolutions that are sums of products with those products of dense matrices.
func TestConvolutions(t *testing.T) {
	const out = 3
	plane := width * out
	for name, c := range map[string]struct {
		build func(b *bench, p, q layer.Sparse, x layer.Matrix) *graph.Value
		want  func(b *bench, p, q, x []float64) []float64
	}{
		"graph": {
			func(_ *bench, p, _ layer.Sparse, x layer.Matrix) *graph.Value { return layer.GraphConv(p, x, "c", out) },
			func(b *bench, p, _, x []float64) []float64 {
				return plus(times(p, times(x, b.values["c/weight"], width), nodes), b.values["c/bias"])
			},
		},
		"Chebyshev": {
			func(_ *bench, p, _ layer.Sparse, x layer.Matrix) *graph.Value { return layer.ChebConv(p, x, "c", out) },
			func(b *bench, p, _, x []float64) []float64 {
				w := b.values["c/weight"]
				return plus(times(x, w[:plane], width), times(p, times(x, w[plane:], width), nodes), b.values["c/bias"])
			},
		},
		"spline": {
			func(_ *bench, p, q layer.Sparse, x layer.Matrix) *graph.Value {
				return layer.SplineConv([2]layer.Sparse{p, q}, x, "c", out)
			},
			func(b *bench, p, q, x []float64) []float64 {
				w := b.values["c/weight"]
				return plus(times(p, times(x, w[:plane], width), nodes), times(q, times(x, w[plane:], width), nodes),
					times(x, b.values["c/root"], width), b.values["c/bias"])
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			got := b.run(c.build(b, b.sparse("p", nodes), b.sparse("qq", nodes), b.sparse("x", width)))
			nearly(t, got, c.want(b, b.dense("p"), b.dense("qq"), b.dense("x")))
			b = newBench(t)
			got = b.run(c.build(b, b.sparse("p", nodes), b.sparse("qq", nodes), layer.Full{Value: b.g.Input("x", graph.F32, "nodes", width)}))
			nearly(t, got, c.want(b, b.dense("p"), b.dense("qq"), b.values["x"]))
		})
	}
}

// TestGATConv compares graph attention with its formula, node by node and head by head.
func TestGATConv(t *testing.T) {
	const heads, out = 2, 3
	b := newBench(t)
	p := b.sparse("p", nodes)
	x := b.g.Input("x", graph.F32, "nodes", width)
	got := b.run(layer.GATConv(p.Pattern, layer.Full{Value: x}, "c", layer.Attention{Heads: heads, Width: out}))
	z := times(b.values["x"], b.values["c/lin/weight"], width)
	score := func(end string, v, h int) (s float64) {
		for k := range out {
			s += z[(v*heads+h)*out+k] * b.values["c/att_"+end][h*out+k]
		}
		return s
	}
	want := make([]float64, nodes*heads*out)
	pattern := b.patterns["p"]
	for i := range nodes {
		for h := range heads {
			sources := pattern.Col[pattern.RowPtr[i]:pattern.RowPtr[i+1]]
			weight, total := make([]float64, len(sources)), 0.0
			for n, j := range sources {
				e := score("i", i, h) + score("j", int(j), h)
				if e < 0 {
					e *= 0.2
				}
				weight[n] = math.Exp(e)
				total += weight[n]
			}
			for n, j := range sources {
				for k := range out {
					want[(i*heads+h)*out+k] += weight[n] / total * z[(int(j)*heads+h)*out+k]
				}
			}
		}
	}
	nearly(t, got, plus(want, b.values["c/bias"]))
}

// TestDNAConv compares dynamic neighbourhood aggregation with its formula, edge by edge, head by head and layer by layer.
func TestDNAConv(t *testing.T) {
	const heads, groups = 2, 4
	for _, layers := range []int{1, 3} {
		b := newBench(t)
		p := b.sparse("p", nodes)
		history := make([]*graph.Value, layers)
		name := func(l int) string { return "h" + string(rune('0'+l)) }
		for l := range history {
			history[l] = b.g.Input(name(l), graph.F32, "nodes", width)
		}
		got := b.run(layer.DNAConv(p, history, "c", layer.Jumps{Heads: heads, Groups: groups}))
		// linear applies a projection to one node: output o mixes the inputs of its group.
		linear := func(which string, h []float64, v int) []float64 {
			w, y := b.values["c/multi_head/lin_"+which+"/weight"], append([]float64(nil), b.values["c/multi_head/lin_"+which+"/bias"]...)
			const n = width / groups
			for o := range y {
				for i := range n {
					y[o] += h[v*width+o/n*n+i] * w[o/n*n*n+i*n+o%n]
				}
			}
			return y
		}
		const n = width / heads
		want := make([]float64, nodes*width)
		for k, norm := range b.values["p/entries"] {
			i, j := int(b.patterns["p"].Row[k]), int(b.patterns["p"].Col[k])
			q := linear("q", b.values[name(layers-1)], i)
			for h := range heads {
				weight, total := make([]float64, layers), 1.0 // the score 0 that is left out
				for l := range layers {
					s, key := 0.0, linear("k", b.values[name(l)], j)
					for d := range n {
						s += q[h*n+d] * key[h*n+d]
					}
					weight[l] = math.Exp(s / math.Sqrt(n))
					total += weight[l]
				}
				for l := range layers {
					value := linear("v", b.values[name(l)], j)
					for d := range n {
						want[i*width+h*n+d] += norm * weight[l] / total * value[h*n+d]
					}
				}
			}
		}
		nearly(t, got, want)
	}
}

// TestNegativeLogLikelihood compares the loss with its definition.
func TestNegativeLogLikelihood(t *testing.T) {
	b := newBench(t)
	logp, label, weight := b.g.Input("logp", graph.F32, "nodes", 3), b.g.Input("label", graph.I32, "nodes"), b.g.Input("weight", graph.F32, "nodes")
	got := b.run(layer.NegativeLogLikelihood(logp, label, weight)) // all labels are 0
	sum, total := 0.0, 0.0
	for i, w := range b.values["weight"] {
		sum, total = sum-w*b.values["logp"][3*i], total+w
	}
	nearly(t, got, []float64{sum / total})
}
