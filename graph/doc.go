// Package graph is the intermediate representation: what models are defined in, what the compiler's passes rewrite, and
// what the runtime executes.
//
// # Graphs
//
// A [Graph] is a list of nodes in topological order. A [Node] has an [Op], operands, attributes and results; each result is a
// [Value] with a [Type]. A graph is a definition, built by a user and without phases, or a program, compiled from one, in
// which every node but the leaves has a [Phase]. Everything that is known of an op stands in one entry of an op [Table]:
// printer, parser, verifier, cost model and op reference read it. A table is a value. To add an op, extend a copy of
// [Standard] and start graphs with [NewWith].
//
// # Building
//
// Leaves are declared by methods ([Graph.Input], [Graph.Param], [Graph.State], [Graph.Const]), other nodes are made by
// functions on values ([MatMul], [Relu], ...) or, for any op, by [Graph.Add]. Errors are sticky: the first mistake is kept
// with the file and line of the user's call and the names and shapes of the operands, what is called on its result does
// nothing, and [Graph.Err] returns it, as does every entry point that takes a graph. A function that builds on behalf of its
// caller says so with [Graph.Helper].
//
// # Conventions
//
//   - Leaves are inputs (fed at every step), params (trained), states (optimizer slots, running statistics, given matrices)
//     and consts. Every read of a leaf sees its value before the step. A program changes params and states only by store,
//     at the end of the step and at most once each. What varies from step to step, such as a learning rate, is an operand
//     and never an attribute.
//   - The phases run in the order once, forward, backward, update; graft is the part of backward that delivers projected
//     errors. A node reads only what has been computed in its own phase or before.
//   - Every op is pure but for the effects: loss, seed, output and store. Random ops are pure too: element i of a draw depends
//     on the seed, the step, the op's stream and i alone, so that equal streams give equal draws.
//   - Marks are identities that mean something to the compiler: error sites, feedback points, detach. None is left in a
//     program, save barriers, which keep what the backward phase computes again apart from what forward has computed.
//   - A dimension ([Dim]) is a monomial over named symbols, such as 8*batch*tokens. Symbols get their numbers from a
//     [Binding] when an executable is made. Sums are fresh symbols with a [Relation], which [Graph.CheckBinding] checks.
//   - A sparse matrix is two values: a pattern, the positions of its stored entries, and the entries, an ordinary array with
//     one element for each position. Cotangents flow to the entries.
//   - A node may be joined to the one before it ([Node].Joined): they are computed in one sweep over rows, block by block, so that
//     what is between them stays in the cache. This changes nothing of what is computed. The nodes of a sweep stand in one
//     section and have rows in common ([SweepRows]); what an op can do by rows says its Apart.
//
// # Adding an op
//
// A new op of graft's own touches six files, one less if it has no gradient rule; tests that go through the table fail until it has them:
//
//   - an ops_*.go of this package: its entry, which is shape rule, attributes, cost and doc. Nothing else here knows it; a function
//     on values is for ops that definitions often use.
//   - a reference_*.go of runtime/native: its kernel for f32 and f64, and
//   - a cases*_test.go there, conformance cases (TestEveryOpHasAKernel). A faster kernel, or a line in fast.go that divides the
//     reference into parts, is optional. In conformance_test.go stand the error that results may have, where it is more than a few
//     roundings, and which ops are never divided.
//   - a vjp_*.go of passes: its gradient rule, and
//   - a vjp*_cases_test.go there, which compares it with differences; or, of an op that is not [Differentiable], the reason why, in
//     vjp_test.go (TestEveryOpHasRule). Fused ops and optimizers have one reason as groups.
//   - ops_test.go of runtime/gorgonia, a case (TestEveryOp). The reference kernel serves there; what Gorgonia computes itself has a
//     rule in own*.go.
//
// An op that fusion makes also stands in a fuse*.go of passes, with a case in testdata/fuse, and one that delivers errors in proof.go.
// A user's own op needs no change of graft: see [Table.With].
//
// # Text form
//
// [Graph.Write] writes a graph in a canonical text form, which [Parse] reads back to an equal one:
//
//	file     = "graft-ir 1" header { relation | node | section } "}" .
//	header   = "graph" name "{" | "program" name { ( "mode" | "granularity" | "part" ) "=" name } "{" .
//	relation = "relation" symbol "=" dim { "+" dim } .
//	section  = phase [ string ] "{" { node } "}" .
//	phase    = "once" | "forward" | "backward" | "graft" | "update" .
//	node     = [ "|" ] [ values "=" ] op [ string ] [ values ] [ "{" [ attrs ] "}" ] [ ":" type { "," type } ] .
//	values   = "%" name { "," "%" name } .
//	attrs    = attr { "," attr } .
//	attr     = word [ "=" ( "true" | "false" | number | word | string | list ) ] .
//	list     = "[" [ ( number | dim ) { "," ( number | dim ) } ] "]" .
//	type     = dtype "[" [ dim { "," dim } ] "]" | "pattern" "[" dim "," dim ";" dim "]" .
//	dtype    = "f32" | "f64" | "i32" | "bool" .
//	dim      = factor { "*" factor } .
//	factor   = symbol | number .
//
// Headers, relations, nodes and closing braces take a line each; within a line white space is free, and // begins a comment.
// A name is made of letters, digits and _ - . / without //; a symbol or word is an identifier. The string behind an op is the
// name of an output or a store. A leaf takes its name from the left side, declares its type, and stands outside of the
// sections. Every type is written, and must be the one that the op's shape rule infers; attributes that have their default
// are left out. Any name will do for a value that is no leaf; Write numbers them in order.
//
// A bar says that the node is joined to the one before it.
//
// Source positions, [Node].Region and [Value].ReadBy are no part of the text form, nor of equality ([Graph.Equal], [Diff]).
//
// # Folding
//
// [Graph.WriteFolded] writes the text form for reading. The update section and the states become a line that counts them. A
// block of lines, within a section or of whole sections, that repeats itself is written once, with a line behind it that stands
// for the copies. What repeats lines that stand further up, of its own section or another, has such a line in its place:
//
//	... the 40 lines above 5 times more, with block0 -> block1 to block5; %5 to %48 + 44; %4 -> %46, then + 44
//	... the 9 lines from %23 once more, with dim 64 -> 192; %23 to %54 + 108; %21 + 109
//
// Lines are counted as they are written: a line among them that stands for copies is one, and is repeated with its copies. Those
// from %23 begin with the line that makes %23. A copy is the block but for what the line says, all at once, and only blocks that are
// the same in everything else (ops, types, attributes, and which result each operand is) are folded:
//
//	block0 -> block1 to block5   in every name, block0 between slashes is block1 in the first copy, block2 in the second ...
//	dim 64 -> 192                in every type, and in attributes that are integers or lists, the factor 64 is 192
//	by=2.0 -> 4.0, 8.0           for every attribute by=2.0, the first copy has by=4.0, the second by=8.0
//	by=2.0 -> 4.0, then * 2      and here by=4.0, by=8.0, by=16.0 ...; + 3, - 3 and * 1/2 likewise, all of them also for dim
//	%5 to %48 + 44               the block's own values are numbered on: by 44 in the first copy, 88 in the second ...
//	%89, %91 - 44                so are these, made outside of the block
//	%4 -> %46, %91               for %4, made outside, the first copy has %46, the second %91
//	%4 -> %46, then + 44         and here %46, %90, %134 ...: what one copy makes, the next one reads
//
// So a fold loses nothing of the copies, but Parse does not read it back.
//
// # Verifying
//
// [Verify] checks a graph against the [Stage] that it has reached. A stage is a table of the ops that it refuses and the rules
// that hold there; a [VerifyError] names the rule, shows the node between its neighbours, and gives the line of the user's
// code that made it. [Shuffle] reorders what is independent, to show that no pass leans on incidental order.
package graph
