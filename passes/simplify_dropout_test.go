package passes

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/native"
)

const droppedRelu = `graft-ir 1

program p mode=bp part=gradient {
  %h = input : TYPE
  %d = input : TYPE
  %u = input : TYPE
  %key = input : i32[2]
  %other = input : i32[2]
  forward {
    %0 = FORWARD : TYPE
    output "y" %0
  }
  backward "network" {
    %1 = BACKWARD : TYPE
    %2 = relu_grad %1, %h : TYPE
    output "dh" %2REST
  }
}
`

// TestUndropped checks which gradients of a dropped relu read what the dropout has left, and that they keep all bits: for every pair
// of values on the edges of a float, dropped and not.
func TestUndropped(t *testing.T) {
	for _, c := range []struct {
		forward, backward, rest string
		changed                 bool
	}{
		{`dropout %h, %key {rate=0.1, stream="a"}`, `dropout %d, %key {rate=0.1, stream="a"}`, "", true},
		{`dropout %h, %key {rate=0.5, stream="a"}`, `dropout %d, %key {rate=0.5, stream="a"}`, "", true},
		{`dropout_given %h, %u {rate=0.7}`, `dropout_given %d, %u {rate=0.7}`, "", true},
		{`dropout %h, %key {rate=0.1, stream="a"}`, `dropout %d, %key {rate=0.1, stream="b"}`, "", false},
		{`dropout %h, %key {rate=0.1, stream="a"}`, `dropout %d, %key {rate=0.2, stream="a"}`, "", false},
		{`dropout %h, %key {rate=0.1, stream="a"}`, `dropout %d, %other {rate=0.1, stream="a"}`, "", false},
		{`dropout %u, %key {rate=0.1, stream="a"}`, `dropout %d, %key {rate=0.1, stream="a"}`, "", false},
		{`dropout %h, %key {rate=0.1, stream="a"}`, `dropout %d, %key {rate=0.1, stream="a"}`, "\n    output \"dropped\" %1", false},
		{`dropout %h, %key {rate=0.0, stream="a"}`, `dropout %d, %key {rate=0.0, stream="a"}`, "", false},
	} {
		edges := map[graph.DType][]float64{
			graph.F32: {math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 0x1p-149, -0x1p-149, math.MaxFloat32, -math.MaxFloat32, 1, -3},
			graph.F64: {math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 0x1p-1074, -0x1p-1074, math.MaxFloat64, -math.MaxFloat64, 1, -3},
		}
		for dt, values := range edges {
			const times = 20 // so that each pair is dropped and kept
			pairs := len(values) * len(values)
			n := times * pairs
			src := strings.NewReplacer("TYPE", fmt.Sprintf("%v[%d]", dt, n), "FORWARD", c.forward, "BACKWARD", c.backward, "REST", c.rest).Replace(droppedRelu)
			g, err := graph.Parse("p", []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			simple, err := simplify.Run(g, nil)
			if err != nil {
				t.Fatal(err)
			}
			if changed := simple.Result("dh").Node.Op.Name == "scale"; changed != c.changed {
				t.Errorf("%s, %s: changed: %v, want %v", c.forward, c.backward, changed, c.changed)
			}
			leaves := map[string]*buffer.Buffer{}
			for _, l := range g.Leaves("input") {
				shape, _ := l.Type.Shape(nil)
				leaves[l.Node.Name()] = buffer.New(l.Type.DType, shape...)
			}
			leaves["other"].I32[0] = 5
			for i := range n {
				leaves["h"].Put(i, values[i%len(values)])
				leaves["d"].Put(i, values[i/len(values)%len(values)])
				leaves["u"].Put(i, float64(i/pairs)/times)
			}
			for _, kernels := range []native.Table{native.Reference(), native.Kernels()} {
				want, err := kernels.Interpret(g, nil, leaves)
				if err != nil {
					t.Fatal(err)
				}
				got, err := kernels.Interpret(simple, nil, leaves)
				if err != nil {
					t.Fatal(err)
				}
				for i := range n {
					a, b := want[g.Result("dh")].At(i), got[simple.Result("dh")].At(i)
					if math.Float64bits(a) != math.Float64bits(b) && (a == a || b == b) {
						t.Fatalf("%v, %s: of h = %v and d = %v comes %v, want %v", dt, c.forward, leaves["h"].At(i), leaves["d"].At(i), b, a)
					}
				}
			}
		}
	}
}
