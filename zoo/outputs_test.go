package zoo_test

import (
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/buffer"
	"graft/zoo/entry"
)

// TestUnreadOutputs trains every entry for three steps by a program with all outputs and by one with the loss alone. Losses,
// parameters, slots and running statistics must have the same bits: an output only reads.
func TestUnreadOutputs(t *testing.T) {
	smaller := 0
	eachEntry(t, func(t *testing.T, e entry.Entry, def *graph.Graph) {
		w := newWorld(t, def, tinySizes(e.Name))
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			o := passes.Options{Optimizer: decayed(), Feedback: feedback.Options{Granularity: feedback.Micro}, Verify: true}
			all := compile(t, def, mode, o).Program
			o.Outputs = []string{}
			alone := compile(t, def, mode, o).Program
			if n := len(alone.Effects("output")); n != 1 || alone.Result("loss") == nil {
				t.Fatalf("%s: %d outputs are left, want the loss", mode, n)
			}
			if len(alone.Nodes) < len(all.Nodes)-len(def.Effects("output")) {
				smaller++ // more than the outputs themselves is gone
			}
			x, y := load(t, w, all, runtime.Options{}), load(t, w, alone, runtime.Options{})
			for range 3 {
				x.steps(t, 1)
				y.steps(t, 1)
				if a, b := lossOf(t, x), lossOf(t, y); !same(a, b) {
					t.Fatalf("%s: the loss is %v with all outputs and %v without", mode, a.F32, b.F32)
				}
			}
			for _, name := range y.state.Names() {
				if !same(x.state.Buffer(name), y.state.Buffer(name)) {
					t.Errorf("%s: %s depends on the outputs", mode, name)
				}
			}
		}
	})
	if smaller == 0 {
		t.Error("no program has become smaller: dropping outputs leaves what they read")
	}
}

func lossOf(t *testing.T, x trained) *buffer.Buffer {
	t.Helper()
	r, err := x.Result("loss")
	if err != nil {
		t.Fatal(err)
	}
	return &buffer.Buffer{DType: graph.F32, F32: r.Tensor().Float32s()}
}
