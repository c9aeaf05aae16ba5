//go:build !amd64 || noasm

package native

// families lists the families that this machine can run, the best first.
func families() []*family { return []*family{goFamily()} }
