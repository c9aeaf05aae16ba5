//go:build !amd64 || noasm

package rng

// bulk leaves all draws to [fill].
func (Stream) bulk([]float32, uint64) int { return 0 }
