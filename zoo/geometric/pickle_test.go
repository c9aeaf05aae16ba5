package geometric

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
)

// pickler writes the pickles that Python 2 writes of the data sets' objects, as far as the tests need them.
type pickler struct {
	data  []byte
	memos int
}

func newPickler() *pickler { return &pickler{data: []byte("\x80\x02")} }

func (p *pickler) ops(s string) { p.data = append(p.data, s...) }

func (p *pickler) global(module, name string) { p.ops("c" + module + "\n" + name + "\n") }

// memo stores what has been made last in the memo, as Python does with every container.
func (p *pickler) memo() {
	p.memos++
	if p.memos < 256 {
		p.data = append(p.data, 'q', byte(p.memos))
	} else {
		p.data = binary.LittleEndian.AppendUint32(append(p.data, 'r'), uint32(p.memos))
	}
}

func (p *pickler) int(v int) {
	switch {
	case v >= 0 && v < 1<<8:
		p.data = append(p.data, 'K', byte(v))
	case v >= 0 && v < 1<<16:
		p.data = binary.LittleEndian.AppendUint16(append(p.data, 'M'), uint16(v))
	default:
		p.data = binary.LittleEndian.AppendUint32(append(p.data, 'J'), uint32(int32(v)))
	}
}

func (p *pickler) str(s string) {
	if len(s) < 256 {
		p.data = append(p.data, 'U', byte(len(s)))
	} else {
		p.data = binary.LittleEndian.AppendUint32(append(p.data, 'T'), uint32(len(s)))
	}
	p.ops(s)
}

func (p *pickler) array(code string, data string, shape ...int) {
	p.global("numpy.core.multiarray", "_reconstruct")
	p.global("numpy", "ndarray")
	p.ops("K\x00\x85")
	p.str("b")
	p.ops("\x87R")
	p.memo()
	p.ops("(K\x01(")
	for _, d := range shape {
		p.int(d)
	}
	p.ops("t")
	p.global("numpy", "dtype")
	p.str(code)
	p.ops("K\x00K\x01\x87R(K\x03")
	p.str("<")
	p.ops("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89")
	p.str(data)
	p.ops("tb")
}

func int32s(v []int) string {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(int32(x)))
	}
	return string(b)
}

func float32s(v []float32) string {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return string(b)
}

func pickleCSR(rows, cols int, indptr, indices []int, data []float32) []byte {
	p := newPickler()
	p.global("scipy.sparse.csr", "csr_matrix")
	p.ops(")\x81")
	p.memo()
	p.ops("}")
	p.memo()
	p.ops("(")
	p.str("format")
	p.str("csr")
	p.str("_shape")
	p.int(rows)
	p.int(cols)
	p.ops("\x86")
	p.str("indptr")
	p.array("i4", int32s(indptr), len(indptr))
	p.str("_cs_matrix__has_sorted_indices")
	p.ops("\x88")
	p.str("indices")
	p.array("i4", int32s(indices), len(indices))
	p.str("data")
	p.array("f4", float32s(data), len(data))
	p.ops("ub.")
	return p.data
}

// pickleFeatures pickles the matrix of all ones at the given columns.
func pickleFeatures(rows [][]int, cols int) []byte {
	indptr, indices, data := []int{0}, []int{}, []float32{}
	for _, row := range rows {
		for _, c := range row {
			indices, data = append(indices, c), append(data, 1)
		}
		indptr = append(indptr, len(indices))
	}
	return pickleCSR(len(rows), cols, indptr, indices, data)
}

func pickleInts(rows [][]int) []byte {
	var flat []int
	for _, r := range rows {
		flat = append(flat, r...)
	}
	p := newPickler()
	p.array("i4", int32s(flat), len(rows), len(rows[0]))
	p.ops(".")
	return p.data
}

// pickleLabels pickles the one-hot matrix of the given classes.
func pickleLabels(classes int, label ...int) []byte {
	rows := make([][]int, len(label))
	for i, l := range label {
		rows[i] = make([]int, classes)
		rows[i][l] = 1
	}
	return pickleInts(rows)
}

func pickleGraph(neighbours [][]int) []byte {
	const batch = 1000 // items that Python sets at once
	p := newPickler()
	p.global("collections", "defaultdict")
	p.global("__builtin__", "list")
	p.ops("\x85R")
	p.memo()
	for u, list := range neighbours {
		if u%batch == 0 {
			p.ops("(")
		}
		p.int(u)
		p.ops("]")
		p.memo()
		if len(list) == 1 {
			p.int(list[0])
			p.ops("a")
		} else {
			p.ops("(")
			for _, v := range list {
				p.int(v)
			}
			p.ops("e")
		}
		if u%batch == batch-1 || u == len(neighbours)-1 {
			p.ops("u")
		}
	}
	p.ops(".")
	return p.data
}

func TestDecodeFeatures(t *testing.T) {
	f, err := decodeFeatures(pickleCSR(3, 5, []int{0, 2, 2, 3}, []int{4, 1, 0}, []float32{0.5, -2, 1e-9}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(f.rows, f.cols), "[[{1 -2} {4 0.5}] [] [{0 1e-09}]] 5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"column", pickleCSR(1, 5, []int{0, 1}, []int{5}, []float32{1}), "row 0: column 5 is outside of 0..4"},
		{"negative column", pickleCSR(1, 5, []int{0, 1}, []int{-1}, []float32{1}), "row 0: column -1"},
		{"pointer", pickleCSR(2, 5, []int{0, 9, 1}, []int{0}, []float32{1}), "row 0: its pointers run from 0 to 9"},
		{"backward", pickleCSR(2, 5, []int{0, 1, 0}, []int{}, []float32{}), "row 0: its pointers run from 0 to 1"},
		{"end", pickleCSR(1, 5, []int{0, 2}, []int{0}, []float32{1}), "row pointers run from 0 to 2"},
		{"pointers", pickleCSR(4, 5, []int{0, 1}, []int{0}, []float32{1}), "2 row pointers for 4 rows"},
		{"entries", pickleCSR(1, 5, []int{0, 1}, []int{0}, []float32{1, 2}), "1 column indices but 2 entries"},
		{"twice", pickleCSR(1, 5, []int{0, 2}, []int{3, 3}, []float32{1, 2}), "row 0: column 3 is given twice"},
		{"nan", pickleCSR(1, 5, []int{0, 1}, []int{3}, []float32{nan}), "row 0, column 3: NaN"},
		{"wide", pickleCSR(1, 1<<30, []int{0, 0}, nil, nil), "matrix is 1 x 1073741824"},
		{"labels", pickleLabels(2, 0), "not the pickle of a scipy.sparse.csr_matrix"},
	} {
		if _, err := decodeFeatures(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.want)
		}
	}
}

// Junk must come back as an error that tells where, at no cost in memory, and whatever the unpickler makes of it.
func TestUnpickleHostile(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"empty", "", "cut short"},
		{"text", "PK\x03\x04", "byte 0: 0x50 is no operation"},
		{"2 GB string", "\x80\x02T\xff\xff\xff\x7f.", "operation at byte 2 runs past the end"},
		{"sign bit", "\x80\x02T\xff\xff\xff\xffa.", "runs past the end"},
		{"no length", "T\x01", "runs past the end"},
		{"no name", "cnumpy\n", "runs past the end"},
		{"protocol 4 frame", "\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.", "byte 2: 0x95"},
		{"opcode beyond the table", "\xff", "byte 0: 0xff"},
		{"marks", strings.Repeat("(", 1000), "nested more than 32 deep"},
		{"operations", strings.Repeat("N", maxPickleOps+1), "more than"},
		{"trailing", "N..", "byte 2: 1 bytes follow"},
		{"empty stack", ".", "before byte 1"},
		{"odd items", "}(K\x01u.", "malformed pickle"},
		{"module", "cos\nsystem\n.", `"os.system" is not a class`},
		{"type", "cnumpy\ndtype\nU\x02O8\x85R.", "none of i4, i8, f4, f8"},
		{"calls itself", "]q\x00h\x00ah\x00)R.", "Callable"},
	} {
		if _, err := unpickle([]byte(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.want)
		}
	}
	whole := pickleFeatures([][]int{{0, 2}, {1}}, 3)
	for n := range whole {
		if _, err := decodeFeatures(whole[:n]); err == nil || !strings.Contains(err.Error(), "cut short") {
			t.Fatalf("cut to %d bytes: got error %v", n, err)
		}
	}
}

func FuzzPlanetoidPickle(f *testing.F) {
	f.Add([]byte(pickleFeatures([][]int{{0, 2}, {}, {1}}, 3)))
	f.Add([]byte(pickleLabels(3, 0, 2, 1)))
	f.Add([]byte(pickleGraph([][]int{{1, 2}, {0}, {0, 2}})))
	f.Add([]byte("}(K\x01u."))
	f.Add([]byte("]q\x00h\x00ah\x00)R."))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := decodeFeatures(data); err == nil {
			if _, _, err := sparse(m.rows, m.cols); err != nil {
				t.Errorf("accepted features are no matrix: %v", err)
			}
		}
		if l, err := decodeLabels(data); err == nil {
			for r, c := range l.class {
				if c < 0 || int(c) >= l.classes {
					t.Errorf("accepted label %d of row %d", c, r)
				}
			}
		}
		if n, edges, err := decodeGraph(data); err == nil {
			if _, err := adjacency(n, edges); err != nil {
				t.Errorf("accepted graph is no matrix: %v", err)
			}
		}
	})
}
