package native

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"graft/graph"
)

// guarded returns a slice of n elements, at its capacity, and a function that reports whether anything around it has changed.
func guarded(n, shift int) (s []float32, intact func() bool) {
	const guard = 40 // more than a tile's width
	canary := float32(-12345.75)
	whole := slices.Repeat([]float32{canary}, n+2*guard+shift)
	s = whole[guard+shift : guard+shift+n : guard+shift+n]
	return s, func() bool {
		changed := func(v float32) bool { return v != canary }
		return !slices.ContainsFunc(whole[:guard+shift], changed) && !slices.ContainsFunc(whole[guard+shift+n:], changed)
	}
}

// TestProduct compares every family with sums in float64, over all transposes and sizes around the edges of tiles and blocks.
// A row of C's memory is wider than C, and what lies between rows and around C must stay as it is.
func TestProduct(t *testing.T) {
	edges := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 25, 31, 32, 33, 36, 37, 47, 48, 49, 63, 64, 65, 70}
	r := rand.New(rand.NewPCG(1, 1))
	pick := func(s []int) int { return s[r.IntN(len(s))] }
	var sizes [][3]int
	for _, e := range edges { // every edge in every place, with others drawn
		for range 4 {
			sizes = append(sizes, [3]int{e, pick(edges), pick(edges)}, [3]int{pick(edges), e, pick(edges)}, [3]int{pick(edges), pick(edges), e})
		}
	}
	for _, k := range []int{depth - 1, depth, depth + 1, 2*depth + 1, 3 * depth} {
		sizes = append(sizes, [3]int{13, 35, k}, [3]int{50, 70, k}, [3]int{1, 70, k})
	}
	for _, n := range []int{breadth - 1, breadth + 1, 2*breadth + 33} {
		sizes = append(sizes, [3]int{5, n, 9}, [3]int{40, n, 400})
	}
	for _, n := range []int{2, 3, 6, 10, 12} { // narrow results
		sizes = append(sizes, [3]int{narrowRows + 5, n, 50}, [3]int{33, n, depth + 7})
	}
	for _, f := range families() {
		for i, size := range sizes {
			for trans := range 4 {
				testProduct(t, f, size[0], size[1], size[2], trans, i%3)
			}
		}
	}
}

func multiply(f *family, m, n, k int, scale float32, a, b matrix, c []float32, rowC int, s *packs) {
	p := f.blocks(m, n, k, &a, &b)
	p.product(m, n, k, scale, &a, &b, c, rowC, nil, s)
}

// from is the part of m that begins with element (i, j).
func (m matrix) from(i, j int) matrix { return matrix{m.x[i*m.down+j*m.right:], m.down, m.right} }

func testProduct(t *testing.T, f *family, m, n, k, trans, gap int) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(m*1000000+n*1000+k), uint64(trans)))
	scale := float32(1)
	if gap == 1 {
		scale = -0.375
	}
	a := randomMatrix(r, m, k, trans&1 != 0)
	b := randomMatrix(r, k, n, trans&2 != 0)
	rowC := n + gap
	c, intact := guarded((m-1)*rowC+n, gap)
	for i := range c {
		c[i] = float32(math.NaN())
	}
	multiply(f, m, n, k, scale, a, b, c, rowC, new(packs))
	for i := range m {
		for j := range rowC {
			if j >= n {
				if i < m-1 && c[i*rowC+j] == c[i*rowC+j] {
					t.Fatalf("%s %dx%dx%d trans %d: wrote beside row %d", f.name, m, n, k, trans, i)
				}
				continue
			}
			want, magnitude := 0.0, 0.0
			for l := range k {
				term := float64(scale) * float64(a.x[i*a.down+l*a.right]) * float64(b.x[l*b.down+j*b.right])
				want += term
				magnitude += math.Abs(term)
			}
			// k roundings of partial sums or products, and that of the scale: see bounds.
			if got := float64(c[i*rowC+j]); !(math.Abs(got-want) <= float64(k+2)*0x1p-24*magnitude) {
				t.Fatalf("%s %dx%dx%d trans %d: element (%d, %d) is %v, want %v", f.name, m, n, k, trans, i, j, got, want)
			}
		}
	}
	if !intact() {
		t.Fatalf("%s %dx%dx%d trans %d: wrote around C", f.name, m, n, k, trans)
	}
}

// randomMatrix returns a rows x cols matrix, stored transposed if so asked, in memory that ends with its last element and
// has NaN around it.
func randomMatrix(r *rand.Rand, rows, cols int, trans bool) matrix {
	const guard = 40
	nan := float32(math.NaN())
	whole := slices.Repeat([]float32{nan}, rows*cols+2*guard)
	x := whole[guard : guard+rows*cols : guard+rows*cols]
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	if trans {
		return matrix{x, 1, rows}
	}
	return matrix{x, cols, 1}
}

// TestProductBitsOfRows checks that an element's bits are those of its row times its column alone, as a product of size 1 x n or
// m x 1 makes them: where an element lies in a tile, how wide the product is and whether a factor is packed make no difference.
func TestProductBitsOfRows(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	const m, n, k = 53, 99, 2*depth + 5
	for _, f := range families() {
		for trans := range 4 {
			a, b := randomMatrix(r, m, k, trans&1 != 0), randomMatrix(r, k, n, trans&2 != 0)
			s := new(packs)
			whole, piece := make([]float32, m*n), make([]float32, m*n)
			multiply(f, m, n, k, 0.3, a, b, whole, n, s)
			for _, size := range [][2]int{{1, n}, {m, 1}, {3, 40}, {13, 33}, {7, 2}, {m, 9}} {
				for i := 0; i < m; i += size[0] {
					for j := 0; j < n; j += size[1] {
						multiply(f, min(size[0], m-i), min(size[1], n-j), k, 0.3, a.from(i, 0), b.from(0, j), piece[i*n+j:], n, s)
					}
				}
				if !slices.Equal(whole, piece) {
					t.Errorf("%s trans %d: in pieces of %v other bits than at once", f.name, trans, size)
				}
			}
		}
	}
}

// TestFamiliesAgree checks what follows from the order of sums: the families that fuse multiplications with additions have the same
// bits, and so have those that do not.
func TestFamiliesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, size := range [][3]int{{1, 1, 1}, {12, 32, 400}, {61, 67, 900}, {130, 600, 70}} {
		m, n, k := size[0], size[1], size[2]
		a, b := randomMatrix(r, m, k, false), randomMatrix(r, k, n, true)
		first := map[bool]*family{}
		results := map[bool][]float32{}
		for _, f := range families() {
			fuses := f.name == "avx512" || f.name == "avx2" || f.name != "sse" && compilerFuses()
			c := make([]float32, m*n)
			multiply(f, m, n, k, 1.5, a, b, c, n, new(packs))
			if first[fuses] == nil {
				first[fuses], results[fuses] = f, c
			} else if !slices.Equal(c, results[fuses]) {
				t.Errorf("%v: %s and %s differ", size, first[fuses].name, f.name)
			}
		}
	}
}

// compilerFuses reports whether the compiler makes one operation of a multiplication and an addition, as it does on arm64.
func compilerFuses() bool {
	x, z := float32(1+0x1p-23), float32(-1)
	return mulAdd(x, x, z) != float32(x*x)+z // the square's last bit is lost in rounding
}

//go:noinline
func mulAdd(x, y, z float32) float32 { return x*y + z }

// TestProductFollowsIEEE: one NaN or infinity spoils its row or column, also against 0, and nothing else.
func TestProductFollowsIEEE(t *testing.T) {
	const m, n, k = 29, 50, 21
	for _, f := range families() {
		for trans := range 4 {
			for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
				zero := func(rows, cols int, trans bool) matrix {
					x := randomMatrix(rand.New(rand.NewPCG(0, 0)), rows, cols, trans)
					clear(x.x)
					return x
				}
				a, b := zero(m, k, trans&1 != 0), zero(k, n, trans&2 != 0)
				a.from(17, 20).x[0], b.from(3, 49).x[0] = bad, bad
				c := make([]float32, m*n)
				multiply(f, m, n, k, 1, a, b, c, n, new(packs))
				for i := range m {
					for j := range n {
						if isNaN := c[i*n+j] != c[i*n+j]; isNaN != (i == 17 || j == 49) {
							t.Fatalf("%s trans %d: element (%d, %d) is %v", f.name, trans, i, j, c[i*n+j])
						}
					}
				}
			}
		}
	}
}

// TestMatmulFamilies runs the ops themselves, on every family: conformance, parts in reverse and together, and no allocation.
func TestMatmulFamilies(t *testing.T) {
	for _, f := range families() {
		table := kernelsOf(f)
		for _, tc := range productCases() {
			inOrder, reverse, want := tc.call(t, graph.F32), tc.call(t, graph.F32), tc.call(t, graph.F64)
			mustRun(t, tc, Reference(), want)
			k, parts := prepared(t, table, inOrder)
			run := func() {
				for p := range parts {
					_ = k.Run(inOrder, p, parts)
				}
			}
			if n := testing.AllocsPerRun(1, run); n != 0 {
				t.Errorf("%s, %v: %v allocations", f.name, tc, n)
			}
			prepared(t, table, reverse)
			for p := range parts {
				_ = k.Run(reverse, parts-1-p, parts)
			}
			if err := sameBits(inOrder.Out, reverse.Out); err != nil {
				t.Errorf("%s, %v: in order and in reverse: %v", f.name, tc, err)
			}
			bound := bounds(t, tc, want, graph.F32)
			for i, got := range inOrder.Out[0].F32 {
				if w := want.Out[0].F64[i]; !(math.Abs(float64(got)-w) <= bound(0, i)) {
					t.Fatalf("%s, %v: element %d is %v, want %v", f.name, tc, i, got, w)
				}
			}
		}
	}
}

// productCases are products large enough for several parts, and batches of small ones.
func productCases() []testCase {
	var cs []testCase
	for _, s := range [][4]int{{1, 530, 40, 220}, {1, 530, 530, 70}, {1, 600, 33, 900}, {1, 520, 600, 400}, {1, 100, 700, 130}, {700, 5, 9, 40}, {3, 1, 700, 600}, {3, 700, 1, 600}, {2, 3, 4, 0}, {1, 30, 40, 9000}, {1, 7, 1, 1 << 17}} {
		batch, m, n, k := s[0], s[1], s[2], s[3]
		for trans := range 4 {
			ta, tb := trans&1 != 0, trans&2 != 0
			a, b := normals(batch, m, k), normals(batch, k, n)
			if ta {
				a = normals(batch, k, m)
			}
			if tb {
				b = normals(batch, n, k)
			}
			cs = append(cs, testCase{"matmul", graph.Attrs{"transA": ta, "transB": tb}, []operand{a, b}})
		}
	}
	return append(cs, testCase{"project", graph.Attrs{"scale": 0.25}, []operand{normals(520, 30), normals(30, 300)}})
}

// TestSharedGrid checks that pieces that share B cover the rows, and that there are enough for workers to end together.
func TestSharedGrid(t *testing.T) {
	for _, s := range [][3]int{{512, 512, 512}, {1024, 1024, 1024}, {8192, 2048, 512}, {65536, 256, 256}, {196608, 128, 128}} {
		p := &productShape{batch: 1, m: s[0], n: s[1], k: s[2], tail: plain}
		p.grid = newGrid(p)
		if !p.shares() {
			t.Errorf("%v: the pieces do not share B", s)
		}
		g := sharedGrid(p)
		if (g.down-1)*g.rows >= p.m || g.down*g.rows < p.m || g.cols != p.n || g.depth != p.k || g.rows < pieceRows || g.down < 3 {
			t.Errorf("%v: %+v", s, g)
		}
	}
}

// TestGrid checks that the pieces of a product cover it without overlap, and that there are pieces to share.
func TestGrid(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {1024, 1024, 1024}, {65536, 256, 256}, {256, 256, 65536}, {1, 100000, 5000}, {100000, 1, 5000}, {513, 300, 4000}} {
		m, n, k := s[0], s[1], s[2]
		g := newGrid(&productShape{batch: 1, m: m, n: n, k: k, tail: plain})
		if n == 1 {
			m, n = n, m
		}
		for _, d := range [][3]int{{m, g.down, g.rows}, {n, g.across, g.cols}, {k, g.deep, g.depth}} {
			size, pieces, each := d[0], d[1], d[2]
			if (pieces-1)*each >= size || pieces*each < size {
				t.Errorf("%v: %d pieces of %d for %d", s, pieces, each, size)
			}
		}
		if work := m * n * k; work > 1<<25 && g.down*g.across*g.deep < 4 {
			t.Errorf("%v: %d pieces", s, g.down*g.across*g.deep)
		}
	}
}
