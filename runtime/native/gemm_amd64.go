//go:build !noasm

package native

import "golang.org/x/sys/cpu"

//go:generate go -C avo run . -out ../gemm_tile_amd64.s -stubs ../gemm_tile_amd64.go -pkg native

// families lists the families that this machine can run, the best first.
func families() []*family {
	all := []*family{sseFamily(), goFamily()}
	if x := cpu.X86; x.HasAVX2 && x.HasFMA {
		all = append([]*family{{"avx2", 6, 16, 32, false, tileAVX2, copyRowsAVX2, transposeAVX, dotsAVX2}}, all...)
		if x.HasAVX512F && x.HasAVX512DQ && x.HasBMI2 {
			all = append([]*family{{"avx512", 12, 32, 128, false, tileAVX512, copyRowsAVX2, transposeAVX, dotsAVX2}}, all...)
		}
	}
	return all
}
