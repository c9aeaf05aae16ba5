package rng

import "math"

// Stream is an unlimited sequence of random numbers, one for each index i >= 0. It is a small value without state: copy
// it and use it from any number of goroutines.
type Stream struct {
	seed, step uint32
	name       uint64 // FNV-1a hash
}

// New returns the stream of that name for a seed and a training step.
func New(seed, step int32, stream string) Stream {
	h := uint64(0xcbf29ce484222325) // FNV-1a, 64 bits
	for i := range len(stream) {
		h = (h ^ uint64(stream[i])) * 0x100000001b3
	}
	return Stream{uint32(seed), uint32(step), h}
}

// block returns elements 4*b to 4*b+3.
func (s Stream) block(b uint64) (u0, u1, u2, u3 uint32) {
	return philox(uint32(b), uint32(b>>32), uint32(s.name), uint32(s.name>>32), s.seed, s.step)
}

// Uint32 returns element i: 32 uniformly distributed bits.
func (s Stream) Uint32(i int) uint32 {
	u0, u1, u2, u3 := s.block(uint64(i) / 4)
	return [4]uint32{u0, u1, u2, u3}[i%4]
}

// Uniform32 sets dst[j] to element first+j as a multiple of 2^-24 in [0, 1).
func (s Stream) Uniform32(dst []float32, first int) {
	head := min(len(dst), -first&3) // up to the next block
	fill(s, dst[:head], first, uniform)
	done := head + s.bulk(dst[head:], uint64(first+head)/4)
	fill(s, dst[done:], first+done, uniform)
}

// Drop32 sets dst[j] to scale*x[j] where element first+j, as Uniform32 draws it, is not below rate, and else to 0. dst may be x, which
// has as many elements. A rate is from 0 to 1.
func (s Stream) Drop32(dst, x []float32, first int, rate float64, scale float32) {
	below := int32(math.Ceil(rate*(1<<24))) - 1
	head := min(len(dst), -first&3)
	s.drop(dst[:head], x, first, below, scale)
	done := head + s.dropBulk(dst[head:], x[head:], uint64(first+head)/4, below, scale)
	s.drop(dst[done:], x[done:], first+done, below, scale)
}

func (s Stream) drop(dst, x []float32, first int, below int32, scale float32) {
	for len(dst) > 0 {
		u0, u1, u2, u3 := s.block(uint64(first) / 4)
		skip := first % 4
		u := [4]uint32{u0, u1, u2, u3}
		n := min(len(dst), 4-skip)
		for j, bits := range u[skip : skip+n] {
			v := scale * x[j]
			if int32(bits>>8) <= below {
				v = 0
			}
			dst[j] = v
		}
		dst, x, first = dst[n:], x[n:], first+n
	}
}

// Uniform64 is [Stream.Uniform32] with the same draws as float64.
func (s Stream) Uniform64(dst []float64, first int) { fill(s, dst, first, uniform) }

// Normal32 sets dst[j] to element first+j of the stream's standard normal draws, by Box and Muller's transform: elements
// 2k and 2k+1 are made of the bits of elements 2k and 2k+1. No draw exceeds 6.77 in magnitude.
func (s Stream) Normal32(dst []float32, first int) { fill(s, dst, first, normal) }

// Normal64 is [Stream.Normal32] with the same draws as float64.
func (s Stream) Normal64(dst []float64, first int) { fill(s, dst, first, normal) }

// fill computes the blocks that [first, first+len(dst)) touches, whole ones straight into dst.
func fill[T float32 | float64](s Stream, dst []T, first int, draw func(u0, u1, u2, u3 uint32) (v0, v1, v2, v3 float32)) {
	b, skip := uint64(first)/4, first%4
	for len(dst) > 0 {
		v0, v1, v2, v3 := draw(s.block(b))
		if skip == 0 && len(dst) >= 4 {
			dst[0], dst[1], dst[2], dst[3] = T(v0), T(v1), T(v2), T(v3)
			dst = dst[4:]
		} else {
			v := [4]T{T(v0), T(v1), T(v2), T(v3)}
			dst = dst[copy(dst, v[skip:]):]
			skip = 0
		}
		b++
	}
}

// uniform keeps the upper 24 bits: as many as a float32 holds for every multiple of 2^-24 below 1.
func uniform(u0, u1, u2, u3 uint32) (v0, v1, v2, v3 float32) {
	const unit = 0x1p-24
	return float32(u0>>8) * unit, float32(u1>>8) * unit, float32(u2>>8) * unit, float32(u3>>8) * unit
}

// normal transforms the two pairs of a block.
func normal(u0, u1, u2, u3 uint32) (v0, v1, v2, v3 float32) {
	v0, v1 = boxMuller(u0, u1)
	v2, v3 = boxMuller(u2, u3)
	return
}

// boxMuller makes two independent normal draws of two uniform ones. The half keeps the logarithm's argument in (0, 1).
func boxMuller(u0, u1 uint32) (float32, float32) {
	r := math.Sqrt(-2 * math.Log((float64(u0)+0.5)*0x1p-32))
	sin, cos := math.Sincos(float64(u1) * (2 * math.Pi * 0x1p-32))
	return float32(r * cos), float32(r * sin)
}
