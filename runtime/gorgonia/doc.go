// Package gorgonia runs compiled programs on Gorgonia: a second opinion on what the native kernels compute.
//
// A program is lowered to a gorgonia.ExprGraph and run by Gorgonia's tape machine. The ops of the table in own.go become
// Gorgonia's own ops; every other op runs its reference kernel behind the same node type (op.go). [Share] says which part of
// a program's floating-point work is Gorgonia's own: only above 80 % does its agreement mean much.
//
// [Grad] differentiates a definition by Gorgonia's symbolic differentiation, which shares nothing with package passes. No kernel
// stands where a cotangent passes: what Gorgonia has no op for is composed of its ops (grad_ops.go). It agrees with
// backpropagation on every model of the zoo but those of graphs, whose sparse products it has not, to the last digits of float64.
//
// # Conventions
//
// The lowered graph is made of one gorgonia.Op, op, which wraps what does the work. That is how Gorgonia's known faults are
// kept away from users:
//
//   - Its register planner lets an op write its result over an operand whose value is still to be read from outside. op
//     offers neither in-place nor preallocated execution, so every result is fresh memory.
//   - It merges nodes whose 32-bit hashes are equal, and hashes the bounds of slices modulo 256. op's hashes are numbers, and
//     Load makes sure that no two nodes have the same.
//   - It runs ops on a goroutine of its own, where a panic over a shape would end the process. op turns panics into errors
//     that show the graft node and the user's line.
//
// Scalars are Gorgonia's scalars, other dense values its tensors, of float32, float64, int32 and bool. Patterns are no
// Gorgonia values: kernels read them straight from their leaves. Gorgonia computes in the values' own precision and in an
// order of its own, so its results differ from the reference kernels' by rounding.
package gorgonia
