package runtime

import (
	"math"

	"graft/runtime/buffer"

	"gorgonia.org/tensor"
)

// Result is the handle of an output. What it gives belongs to the executable and is valid until its next Step.
type Result struct {
	buf   *buffer.Buffer
	dense *tensor.Dense // the same memory
}

// Tensor returns the output.
func (r *Result) Tensor() *tensor.Dense { return r.dense }

// Float returns the only element of the output as a float64; NaN when it has not exactly one.
func (r *Result) Float() float64 {
	if r.buf.Len() != 1 {
		return math.NaN()
	}
	return r.buf.At(0)
}

// Int returns the only element of the output truncated to an integer; 0 when it has not exactly one.
func (r *Result) Int() int32 {
	if r.buf.Len() != 1 {
		return 0
	}
	return int32(r.buf.At(0))
}
