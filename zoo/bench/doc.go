// Package bench measures training steps: how long they take, and how long they would have to.
//
// A [Workload] is a model with the sizes and the amount of work that its measurements are about. [Measure] compiles one for a mode,
// feeds it generated inputs (graphs come from a data set), and takes the time of single steps after a warm-up, with the
// allocations and the memory; [Gemm] times matrix products alone.
//
// What a step could at best take is its roofline (Williams et al. 2009), max(F/P, Q/W):
//
//	F  the FLOPs of the step, by the cost model of package graph
//	P  the rate of our own product of 1024 x 1024 matrices on the workers that are used
//	Q  the bytes that must move: feeds and parameters read; where they are trained, parameters and optimizer slots written and
//	   gradients written and read; and every tensor that is kept from the forward to the backward phase, written once and read once
//	W  the rate at which these workers stream memory, the better of a triad and a copy
//
// P and W are measured by [MeasureMachine] in the same process. Whoever has a faster product than ours at hand, such as runtime/bench/peer.py,
// divides by that instead: F and Q are in the results.
//
// All modes of a workload are measured with the recipe of bp, so that they differ in the rewriting alone. The programs declare the
// loss as their only output.
package bench
