package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// The tiny citation set: 2 classes, so 40 training nodes, 500 for validation and 2 more with known labels; then 6 test nodes.
// Node v has the words v%3 and 3+v%2 of 5, the class v%2, and its neighbour is node v+1.
const (
	citationKnown = 542
	citationNodes = citationKnown + 6
	citationWords = 5
)

// makePlanetoid writes the tiny citation set under a name: mkplanetoid DIR NAME [FAULT], with the faults "cut" (a pickle cut short),
// "width" (of the features) and "edge" (to a node that is not there).
func makePlanetoid(ts *testscript.TestScript, _ bool, args []string) {
	dir, name, fault := ts.MkAbs(args[0]), args[1], ""
	if len(args) > 2 {
		fault = args[2]
	}
	ts.Check(os.MkdirAll(dir, 0o755))
	files := map[string][]byte{
		"x": pickleWords(0, 40, citationWords), "y": pickleClasses(0, 40),
		"allx": pickleWords(0, citationKnown, citationWords), "ally": pickleClasses(0, citationKnown),
		"tx": pickleWords(citationKnown, citationNodes, citationWords), "ty": pickleClasses(citationKnown, citationNodes),
	}
	ring := make([]int, citationNodes)
	index := ""
	for v := range ring {
		ring[v] = (v + 1) % citationNodes
		if v >= citationKnown {
			index += fmt.Sprintln(v)
		}
	}
	switch fault {
	case "cut":
		files["allx"] = files["allx"][:1000]
	case "width":
		files["tx"] = pickleWords(citationKnown, citationNodes, citationWords+2)
	case "edge":
		ring[17] = 900
	}
	files["graph"], files["test.index"] = pickleRing(ring), []byte(index)
	for part, data := range files {
		ts.Check(os.WriteFile(filepath.Join(dir, "ind."+name+"."+part), data, 0o644))
	}
}

// pickle is what Python 2 would write of the objects of a citation set.
type pickle struct{ b []byte }

func (p *pickle) put(format string, args ...any) { p.b = fmt.Appendf(p.b, format, args...) }

func (p *pickle) global(module, name string) { p.put("c%s\n%s\n", module, name) }

func (p *pickle) int(v int) { p.b = binary.LittleEndian.AppendUint32(append(p.b, 'J'), uint32(v)) }

func (p *pickle) str(s string) {
	p.b = append(binary.LittleEndian.AppendUint32(append(p.b, 'T'), uint32(len(s))), s...)
}

// array writes a numpy array of 4-byte elements, given as their bits.
func (p *pickle) array(dtype string, bits []uint32, shape ...int) {
	p.global("numpy.core.multiarray", "_reconstruct")
	p.global("numpy", "ndarray")
	p.put("K\x00\x85")
	p.str("b")
	p.put("\x87R(K\x01(")
	for _, d := range shape {
		p.int(d)
	}
	p.put("t")
	p.global("numpy", "dtype")
	p.str(dtype)
	p.put("K\x00K\x01\x87R(K\x03")
	p.str("<")
	p.put("NNNJ%[1]sJ%[1]sK\x00tb\x89", strings.Repeat("\xff", 4))
	var data []byte
	for _, v := range bits {
		data = binary.LittleEndian.AppendUint32(data, v)
	}
	p.str(string(data))
	p.put("tb")
}

// pickleWords pickles the sparse matrix of the words of the nodes first to end-1.
func pickleWords(first, end, columns int) []byte {
	pointers, words, ones := []uint32{0}, []uint32{}, []uint32{}
	for v := first; v < end; v++ {
		words = append(words, uint32(v%3), uint32(3+v%2))
		ones = append(ones, math.Float32bits(1), math.Float32bits(1))
		pointers = append(pointers, uint32(len(words)))
	}
	p := &pickle{}
	p.put("\x80\x02")
	p.global("scipy.sparse.csr", "csr_matrix")
	p.put(")\x81}(")
	p.str("_shape")
	p.int(end - first)
	p.int(columns)
	p.put("\x86")
	p.str("indptr")
	p.array("i4", pointers, len(pointers))
	p.str("indices")
	p.array("i4", words, len(words))
	p.str("data")
	p.array("f4", ones, len(ones))
	p.put("ub.")
	return p.b
}

// pickleClasses pickles the one-hot classes of the nodes first to end-1.
func pickleClasses(first, end int) []byte {
	var hot []uint32
	for v := first; v < end; v++ {
		hot = append(hot, uint32(1-v%2), uint32(v%2))
	}
	p := &pickle{}
	p.put("\x80\x02")
	p.array("i4", hot, end-first, 2)
	p.put(".")
	return p.b
}

// pickleRing pickles the dict from each node to the list of its one neighbour.
func pickleRing(neighbour []int) []byte {
	p := &pickle{}
	p.put("\x80\x02")
	p.global("collections", "defaultdict")
	p.global("__builtin__", "list")
	p.put("\x85R(")
	for u, v := range neighbour {
		p.int(u)
		p.put("](")
		p.int(v)
		p.put("e")
	}
	p.put("u.")
	return p.b
}
