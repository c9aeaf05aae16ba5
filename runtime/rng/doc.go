// Package rng is the counter-based random number generator that all random ops and initialisers share.
//
// Element i of a [Stream] is a function of (seed, step, stream name, i) and of nothing else: no state moves, so draws may
// be made in any order, in any pieces, on any number of goroutines, again after a resume, or twice, and are the same bits.
//
// Conventions. The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2,
// 3", SC 2011). Its 64-bit key is (seed, step); its 128-bit counter is the block number i/4 in the low half and the
// FNV-1a hash of the stream's name in the high half; element i is word i%4 of its block. Two streams share numbers only
// if their names' 64-bit hashes collide. Indices are not negative.
//
// Long runs of uniform float32 draws, and of elements that they drop, are made many blocks at a time by assembly, which the module native/avo generates.
//
// Draws are made in float32: the float64 fillers and initialisers give the very same numbers, converted, so that a model
// retyped to f64 sees the masks, the noise and the initial weights of its f32 original. Integers and uniform draws are
// the same on every platform; normal draws use math.Log and math.Sincos and may differ in their last bit between
// processor architectures.
package rng
