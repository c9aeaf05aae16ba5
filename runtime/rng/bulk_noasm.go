//go:build !amd64 || noasm

package rng

// bulk leaves all draws to [fill].
func (Stream) bulk([]float32, uint64) int { return 0 }

// dropBulk leaves all elements to [Stream.Drop32].
func (Stream) dropBulk(_, _ []float32, _ uint64, _ int32, _ float32) int { return 0 }
