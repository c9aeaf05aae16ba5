package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"gorgonia.org/tensor"
	"graft/runtime/safetensors"
)

// makeTensors writes a safetensors file of numbers that look irregular: mktensors FILE NAME:DTYPE:DIMxDIM... with the dtypes f32
// and i64; integers are 0 or 1.
func makeTensors(ts *testscript.TestScript, _ bool, args []string) {
	f := &safetensors.File{Tensors: map[string]*tensor.Dense{}}
	for _, spec := range args[1:] {
		part := strings.Split(spec, ":")
		n, shape := 1, tensor.Shape{}
		for dim := range strings.SplitSeq(part[2], "x") {
			d, err := strconv.Atoi(dim)
			ts.Check(err)
			n, shape = n*d, append(shape, d)
		}
		var backing any
		switch part[1] {
		case "f32":
			values := make([]float32, n)
			for i := range values {
				values[i] = float32((i*7+len(part[0]))%11-5) / 8
			}
			backing = values
		case "i64":
			values := make([]int64, n)
			for i := range values {
				values[i] = int64(i % 2)
			}
			backing = values
		default:
			ts.Fatalf("%s: dtype %q", spec, part[1])
		}
		f.Tensors[part[0]] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))
	}
	ts.Check(safetensors.Write(ts.MkAbs(args[0]), f))
}

// listTensors writes the names, dtypes and shapes, then the metadata, of a safetensors file to standard output: lstensors FILE.
func listTensors(ts *testscript.TestScript, _ bool, args []string) {
	f, err := safetensors.Read(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, name := range slices.Sorted(maps.Keys(f.Tensors)) {
		t := f.Tensors[name]
		fmt.Fprintf(ts.Stdout(), "%s %v%v\n", name, t.Dtype(), []int(t.Shape()))
	}
	for _, key := range slices.Sorted(maps.Keys(f.Metadata)) {
		fmt.Fprintf(ts.Stdout(), "%s=%s\n", key, f.Metadata[key])
	}
}
