package bench

import (
	"fmt"

	"graft/graph"
	"graft/runtime/buffer"
	"graft/runtime/rng"
	"graft/runtime/train"

	"gorgonia.org/tensor"
)

// generate makes the inputs of a definition whose only free size is the number of rows: floating-point inputs are standard normal
// or, where a model expects otherwise, of its range; integers are even over what they index.
func generate(def *graph.Graph, rows int) (train.Batch, error) {
	b := train.Batch{Binding: graph.Binding{}, Tensors: map[string]*tensor.Dense{}}
	symbols := def.Symbols()
	if len(symbols) != 1 {
		return b, fmt.Errorf("%s has the sizes %v: inputs can be generated where there is one, the number of rows", def.Name, symbols)
	}
	b.Binding[symbols[0]] = rows
	users := def.Users()
	for _, v := range def.Leaves("input") {
		if v.Type.IsScalar() {
			continue // seed, step and rate
		}
		shape, err := v.Type.Shape(b.Binding)
		if err != nil {
			return b, fmt.Errorf("%v: %w", v, err)
		}
		name := v.Node.Name()
		buf := buffer.New(v.Type.DType, shape...)
		draws := rng.New(0, 0, "bench/"+name)
		switch v.Type.DType {
		case graph.I32:
			below := bound(v, users)
			if below == 0 {
				return b, fmt.Errorf("what input %v may hold cannot be told from its users", v)
			}
			for i := range buf.I32 {
				buf.I32[i] = int32(uint64(draws.Uint32(i)) * uint64(below) >> 32)
			}
		case graph.F32:
			fill(buf, name, draws)
		default:
			return b, fmt.Errorf("input %v: neither f32 nor i32", v)
		}
		b.Tensors[name] = buf.Dense()
	}
	return b, nil
}

// fill draws a floating-point input. Depths must ascend along a ray, and colours lie between 0 and 1.
func fill(b *buffer.Buffer, name string, draws rng.Stream) {
	switch name {
	case "depth":
		n := b.Shape[1]
		for i := range b.F32 {
			b.F32[i] = 2 + 4*float32(i%n)/float32(n)
		}
	case "color":
		draws.Uniform32(b.F32, 0)
	default:
		draws.Normal32(b.F32, 0)
	}
}

// bound returns the number that the elements of an integer value must be below, as its users demand, or 0.
func bound(v *graph.Value, users map[*graph.Value][]*graph.Node) int {
	least := 0
	for _, n := range users[v] {
		var d graph.Dim
		switch {
		case n.Op.Name == "reshape" || n.Op.Name == "cast":
			if b := bound(n.Results[0], users); b > 0 {
				d = graph.Int(b)
			}
		case n.Op.Name == "gather" && n.Args[1] == v:
			d = n.Args[0].Type.Dims[0]
		case n.Op.Name == "softmax_cross_entropy" && n.Args[1] == v:
			logits := n.Args[0].Type.Dims
			d = logits[len(logits)-1]
		case n.Op.Name == "sigmoid_cross_entropy" && n.Args[1] == v:
			d = graph.Int(2)
		}
		if b, ok := d.Const(); ok && b > 0 && (least == 0 || b < least) {
			least = b
		}
	}
	return least
}
