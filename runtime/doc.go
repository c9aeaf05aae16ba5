// Package runtime runs compiled programs.
//
// A [State] holds the tensors that outlive a step: parameters, optimizer slots, running statistics. An [Executable] is a
// program, a binding of its dimension symbols and a plan, attached to a State; any number of them may share one. Inputs and
// outputs are handles that are resolved once:
//
//	s := runtime.NewState()
//	err := s.Init(program, binding, seed)
//	e, err := runtime.Load(program, binding, s, runtime.Options{Pool: pool})
//	x, err := e.Feed("x")
//	loss, err := e.Result("loss")
//	for ... {
//		err = x.Set(batch)
//		err = e.Step(ctx)
//		fmt.Println(loss.Float())
//	}
//
// # Meaning of a step
//
// Every read of a leaf sees its value before the step. Stores change their leaves at the end of it, and not at all when the
// step fails. Nodes of phase once run before the first step and again when an input that they read has been set or a leaf has
// changed; a scalar must have another value then, and a pattern be another one. A dense input is to be set again where its memory, which
// is the caller's, has other contents.
//
// The bits of a result depend on program, binding, inputs, state and the kernels' family; not on the number of workers, on
// the reuse of memory or on what else runs at the same time.
//
// # Conventions
//
// Feeds are not copied: the memory of a tensor given to [Feed.Set] is read during every Step until another is set, and must
// not change meanwhile. Results belong to the executable and are valid until its next Step. An executable serves one
// goroutine at a time, and while a program that stores runs, no other may use the State; a [Pool] serves any number of
// goroutines. In steady state Step allocates nothing.
//
// A kernel that can fail belongs to an op that uses integers as positions, or to a user's own op without the flags
// elementwise, random or optimizer; kernels of other ops must not fail, since leaves may be changing when they run.
//
// # How it works
//
// early.go chooses the order of nodes; plan.go decides where every value lives, and arena.go packs those that live for a
// while only; order.go adds the edges that keep a reader of old contents before the writer of new ones; verify.go proves,
// without the planner's bookkeeping, that no value is overwritten before its last read. schedule.go and pool.go run the
// resulting graph of calls on workers.
//
// Nodes that the compiler has joined to a sweep are one call (sweep.go, sweep_run.go), whose parts are blocks of rows. A part calls
// the nodes' kernels for its block, one after the other; what only they read lives in the worker's scratch, which all sweeps share.
// The rows of a block depend on shapes alone, and no kernel's bits depend on them.
package runtime
