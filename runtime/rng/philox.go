package rng

// The multipliers and key increments of Philox4x32 (Random123, philox.h).
const (
	mul0, mul1   = 0xD2511F53, 0xCD9E8D57
	weyl0, weyl1 = 0x9E3779B9, 0xBB67AE85
	rounds       = 10
)

// philox returns the Philox4x32-10 block of the counter (c0, c1, c2, c3) under the key (k0, k1), word 0 first. Words travel
// as plain arguments because the compiler keeps those in registers, and arrays not.
func philox(c0, c1, c2, c3, k0, k1 uint32) (uint32, uint32, uint32, uint32) {
	for range rounds {
		p0, p1 := mul0*uint64(c0), mul1*uint64(c2)
		c0, c1, c2, c3 = uint32(p1>>32)^c1^k0, uint32(p1), uint32(p0>>32)^c3^k1, uint32(p0)
		k0, k1 = k0+weyl0, k1+weyl1
	}
	return c0, c1, c2, c3
}
