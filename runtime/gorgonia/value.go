package gorgonia

import (
	"fmt"
	"slices"

	"graft/graph"
	"graft/runtime/buffer"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// toValue returns b as a Gorgonia value; a tensor shares b's memory.
func toValue(b *buffer.Buffer) G.Value {
	if len(b.Shape) > 0 {
		return b.Dense()
	}
	switch b.DType {
	case graph.F32:
		return G.NewF32(b.F32[0])
	case graph.F64:
		return G.NewF64(b.F64[0])
	case graph.I32:
		return G.NewI32(b.I32[0])
	}
	return G.NewB(b.Bool[0])
}

// toBuffer returns v as a buffer of the given shape; it shares a tensor's memory.
func toBuffer(v G.Value, shape []int) (*buffer.Buffer, error) {
	var b *buffer.Buffer
	switch v := v.(type) {
	case *G.F32:
		b = &buffer.Buffer{DType: graph.F32, F32: []float32{float32(*v)}}
	case *G.F64:
		b = &buffer.Buffer{DType: graph.F64, F64: []float64{float64(*v)}}
	case *G.I32:
		b = &buffer.Buffer{DType: graph.I32, I32: []int32{int32(*v)}}
	case *G.B:
		b = &buffer.Buffer{DType: graph.Bool, Bool: []bool{bool(*v)}}
	case *tensor.Dense:
		if v.RequiresIterator() {
			v = v.Materialize().(*tensor.Dense)
		}
		var err error
		if b, err = buffer.FromDense(v); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("a value of type %T cannot be read", v)
	}
	if !slices.Equal(b.Shape, shape) {
		return nil, fmt.Errorf("a value has shape %v instead of %v", b.Shape, shape)
	}
	return b, nil
}

func dtypeOf(dt graph.DType) tensor.Dtype {
	return [...]tensor.Dtype{graph.F32: G.Float32, graph.F64: G.Float64, graph.I32: G.Int32, graph.Bool: G.Bool}[dt]
}

// typeOf returns Gorgonia's type of dense values with the given dtype and number of axes.
func typeOf(dt graph.DType, rank int) hm.Type {
	if rank == 0 {
		return dtypeOf(dt)
	}
	return G.TensorType{Dims: rank, Of: dtypeOf(dt)}
}
