package runtime

// Report says how a program will be run. Bytes count what the planner decides on, that is the values computed at every
// step other than outputs and what never leaves a sweep; leaves, outputs and values computed once have memory of their own in any case.
type Report struct {
	Backend    string
	Nodes      int   // kernel calls, sweeps and copies of one step
	OnceNodes  int   // kernel calls of phase once
	Parts      int   // pieces into which the calls of one step can be shared among workers
	InPlace    int   // results that take over the memory of an operand, or are written straight into the leaf they are stored to
	Copies     int   // stores and outputs that need a copy
	Edges      int   // dependences that exist for the sake of memory only
	ArenaBytes int64 // memory planned
	PeakBytes  int64 // memory of the values alive at the worst moment, the least that this order of nodes can do with
	TotalBytes int64 // memory without any reuse
	// ScratchBytes is memory beside all that: what kernels keep for their calls from load on, such as the logits of a chunk of a fused
	// head, and the blocks of sweeps for every worker. Backends that have none of these leave it 0.
	ScratchBytes int64
}
