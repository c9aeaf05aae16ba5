//go:build !amd64 || noasm

package native

func loopsOf(*family) *loops { return goLoops() }
