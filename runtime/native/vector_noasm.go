//go:build !amd64 || noasm

package native

func vectorsOf(*family) *vectors { return goVectors() }
