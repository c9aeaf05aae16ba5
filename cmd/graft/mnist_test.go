package main

import (
	"encoding/binary"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// makeMNIST writes a tiny MNIST: mkmnist DIR [FAULT], with the faults "label" (out of range), "width" and "cut".
func makeMNIST(ts *testscript.TestScript, _ bool, args []string) {
	dir, fault := ts.MkAbs(args[0]), ""
	if len(args) > 1 {
		fault = args[1]
	}
	ts.Check(os.MkdirAll(dir, 0o755))
	idx := func(magic uint32, dims []uint32, item func(i int) byte) []byte {
		n := 1
		b := binary.BigEndian.AppendUint32(nil, magic)
		for _, d := range dims {
			b = binary.BigEndian.AppendUint32(b, d)
			n *= int(d)
		}
		for i := range n {
			b = append(b, item(i))
		}
		return b
	}
	for prefix, n := range map[string]uint32{"train": 40, "t10k": 20} {
		width := uint32(28)
		if fault == "width" {
			width = 27
		}
		images := idx(0x803, []uint32{n, 28, width}, func(i int) byte { return byte(i * 31 >> 3) })
		if fault == "cut" {
			images = images[:5000]
		}
		labels := idx(0x801, []uint32{n}, func(i int) byte {
			if fault == "label" && i == 7 {
				return 10
			}
			return byte(i % 10)
		})
		ts.Check(os.WriteFile(filepath.Join(dir, prefix+"-images-idx3-ubyte"), images, 0o644))
		ts.Check(os.WriteFile(filepath.Join(dir, prefix+"-labels-idx1-ubyte"), labels, 0o644))
	}
}
