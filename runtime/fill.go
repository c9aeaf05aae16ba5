package runtime

import (
	"fmt"
	"strings"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/rng"
)

// initialise fills b from the stream "init/<name>", or "init/<other>" where init is "<rule> as <other>": leaves that draw as the
// same one start alike. Integers and booleans take the rules that give whole numbers.
func initialise(b *buffer.Buffer, init, name string, seed int32) error {
	if rule, other, ok := strings.Cut(init, " as "); ok {
		init, name = rule, other
	}
	s := rng.New(seed, 0, "init/"+name)
	switch b.DType {
	case graph.F32:
		return rng.Fill(b.F32, init, b.Shape, s)
	case graph.F64:
		return rng.Fill64(b.F64, init, b.Shape, s)
	}
	draws := make([]float64, b.Len())
	if err := rng.Fill64(draws, init, b.Shape, s); err != nil {
		return err
	}
	for i, v := range draws {
		if v != float64(int32(v)) || b.DType == graph.Bool && v != 0 && v != 1 {
			return fmt.Errorf("initialiser %q gives %v, which is no %v", init, v, b.DType)
		}
		b.Put(i, v)
	}
	return nil
}

// fill sets every element of b to v.
func fill(b *buffer.Buffer, v float64) {
	for i := range b.Len() {
		b.Put(i, v)
	}
}
