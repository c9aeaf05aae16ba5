//go:build !noasm

package native

//go:generate go -C avo run ./memory -out ../memory_amd64.s -stubs ../memory_stubs_amd64.go -pkg native

func loopsOf(f *family) *loops {
	switch f.name {
	case "avx512":
		return &loops{
			adam: adamAVX512, sgd: sgdAVX512, momentum: momentumAVX512, addRows: addRowsAVX512, sumRows: sumRowsAVX512,
			spmm: spmmAVX512, spmmTrans: spmmTransAVX512, panel: 128, lanes: 16, sddmm: sddmmAVX512, thin: thinAVX512, thinGrad: thinGradAVX512, sumLines: sumLinesAVX512,
			segmentShift: segmentShiftAVX512, segmentShare: segmentShareAVX512, segmentGrad: segmentGradAVX512, gatherRows: gatherRowsAVX512,
			copyShort: copyShortAVX512, fillRows: fillRowsAVX512,
		}
	case "avx2":
		return &loops{
			adam: adamAVX2, sgd: sgdAVX2, momentum: momentumAVX2, addRows: addRowsAVX2, sumRows: sumRowsAVX2,
			spmm: spmmAVX2, spmmTrans: spmmTransAVX2, panel: 32, lanes: 8, sddmm: sddmmAVX2, thin: thinAVX2, thinGrad: thinGradAVX2, sumLines: sumLinesAVX2,
			segmentShift: segmentShiftAVX2, segmentShare: segmentShareAVX2, segmentGrad: segmentGradAVX2, gatherRows: gatherRowsAVX2,
			copyShort: copyShortAVX2, fillRows: fillRowsAVX2,
		}
	}
	return goLoops()
}
