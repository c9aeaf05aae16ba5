// Package passes is the compiler: it rewrites the definition of a model into the program that trains it.
//
// A definition is a symbolic graph with marked feedback points and error sites. A training mode is a [Pipeline], a list of
// passes; [Modes] lists graft's three, and the table in pipelines.go is the place to read first:
//
//	bp       erase-feedback           differentiate  optimizer  simplify  cse  dce  fuse-attention  fuse-head  fuse-table  fuse  sweep
//	dfa      select-points cut graft  differentiate  optimizer  simplify  cse  dce  fuse-attention  fuse-head  fuse-table  fuse  sweep
//	shallow  select-points cut        differentiate  optimizer  simplify  cse  dce  fuse-attention  fuse-head  fuse-table  fuse  sweep
//
// The modes differ before differentiation and nowhere else. What a mode cuts becomes dead code and is dropped: it is not
// masked, and never executed.
//
// # The passes
//
// In the order in which they may run:
//
//	select-outputs  Options.Outputs: what nobody reads is no longer an output
//	retype          Options.F64: single precision becomes double, for gradient checks
//	give-random     Options.GivenRandom: named draws become inputs, others are turned off
//	evaluate        Options.Evaluate, predict, alignment: no dropout, and the model stores nothing
//	erase-feedback  bp and predict: the marks vanish, since backpropagation knows no feedback points
//	select-points   macro granularity keeps only the points after whole blocks
//	cut             a selected point passes no cotangent from its result to its operand
//	graft           the projected cotangent of its error site is delivered to every cut
//	differentiate   from a definition to a program: forward nodes, and the cotangents that parameters need
//	align           takes differentiate's place in alignment programs: cosines between delivered and exact cotangents
//	forward-only    takes its place in predict programs: no cotangents at all
//	optimizer       the update rule is written behind the gradients, so that a gradient dies where it is used
//	simplify        removes identities that rules and layers write without care
//	cse             computes equal nodes once; points that share a matrix share its projection
//	dce             drops what reaches no output and no store
//	hoist           Options.FixedInputs: what full batches and frozen parameters alone decide is computed at the first step only
//	fuse-attention  makes one op of attention's scores, softmax and products, which needs a tile of the scores at a time
//	fuse-head       makes one op of a classifier's last layer, its loss and their gradients, where the classes are many
//	fuse-table      keeps the gradient of a table in the rows that a batch names, where an update and norms alone read it
//	fuse            makes one op of a product and what is done to its elements: a bias, a sum, an activation or its gradient; of the
//	                gradients of a dense layer's weight and bias; and of products of elements and their sums over attention's heads
//	recompute       Options.Recompute: the backward phase computes again what is cheap, behind barriers, instead of keeping it
//	sweep           computes chains of ops on rows block by block, so that what is between them stays in the cache
//
// Where the order of two passes matters, a constraint in pipelines.go says so with its reason. Constraints are checked on every
// pipeline, also on users' own.
//
// # Conventions
//
// A pass is a function from graph to graph that leaves its argument as it is; it rewrites with graph.Copier. It does not lean on
// the order of independent nodes: with Options.ShuffleSeed they change places before every pass. Graphs obey the rules of their
// stage after every pass, which Options.Verify checks (graph.Verify), and always at the end.
//
// differentiate knows nothing of modes. Its seeds are pairs of a value and a cotangent, of which the loss with 1 is one; the
// others are what graft delivered. The cotangent of a value is the sum of its seeds and of its uncut uses, in graph order, and is
// built only where a parameter or an observer needs it. Gradient rules ([VJP]) are values in a table keyed by op: extend a copy
// of [Rules] and pass it in Options.VJPs. A rule builds nodes and returns one cotangent for each operand that needs one.
//
// Every pass preserves results to the bit on the reference kernels, but for the sign of a zero (see tiles), and with two exceptions
// that are the point of a pass: retype, and whatever changes what is computed (evaluate, give-random, the cuts). With the same options the forward section is the same in
// all modes.
//
// # Parts
//
// Options.Part says which program is made: Step, gradients and updates in one; Gradient, whose outputs are "grad/<param>", and
// the Update program that [CompileUpdate] makes for it, which together are the step to the bit (but that native kernels may add up a
// norm in another order where the step has a table's gradient in rows); Predict, the outputs alone, in evaluation; Alignment, with the
// outputs "alignment/<point>" and, below it, "std", "rows" and "skipped".
//
// # Regions, proofs and the report
//
// A region is a connected component of the values that carry a cotangent, once the cut edges are removed; parameters do not
// connect regions. It is computed from the graph and named after its topmost feedback point; the one that holds the loss is
// "head", or "network" where nothing is cut. Every compilation of a training program proves, on the finished program, that
//
//   - the backward part of a region reads no node, value or weight of another region, save a value that a cut hands to it and
//     what the graft section, or a fused projection, delivers;
//   - the graft section reads errors, feedback matrices and fixed operators, but no parameter and no activation;
//   - every parameter with an uncut path to the loss or to a delivered error has exactly one gradient, and every other one is
//     frozen and not updated;
//   - in dfa, no gradient reads a weight of another region, unless Options.AllowTransport.
//
// A copy that recompute makes belongs to the region that reads it, and reads what that region may read; what several regions read
// stays stored. So the proofs hold for programs with copies as well.
//
// The [Report] states points, regions, frozen parameters, bypasses, barriers, weight transport, the work of each phase and the
// critical path of the backward phase.
package passes
