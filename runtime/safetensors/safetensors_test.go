package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
)

func dense(backing any, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))
}

// sample holds every dtype, and scalars and empty tensors among them.
func sample() *File {
	return &File{
		Tensors: map[string]*tensor.Dense{
			"dense0/weight": dense([]float32{1, -2.5, 3, 0, float32(math.Inf(1)), math.SmallestNonzeroFloat32}, 2, 3),
			"f64":           dense([]float64{math.Pi, math.Copysign(0, -1), math.MaxFloat64}, 3, 1),
			"mask":          dense([]bool{true, false, true}, 3),
			"i8":            dense([]int8{-128, 127}, 2),
			"i16":           dense([]int16{-32768, 32767}, 2),
			"label":         dense([]int32{math.MinInt32, 0, math.MaxInt32, 7}, 2, 2),
			"edge_index":    dense([]int64{math.MinInt64, math.MaxInt64}, 2, 1),
			"u8":            dense([]uint8{0, 255, 1}, 3),
			"u16":           dense([]uint16{65535}, 1),
			"u32":           dense([]uint32{math.MaxUint32}, 1),
			"u64":           dense([]uint64{math.MaxUint64}, 1),
			"step":          dense([]int32{12}),
			"scalar f32":    dense([]float32{0.5}),
			"scalar bool":   dense([]bool{true}),
			"scalar i64":    dense([]int64{-1}),
			"empty":         dense([]float32{}, 0, 3),
			"empty i64":     dense([]int64{}, 2, 0),
			"ünï <&> \"q\"": dense([]float32{9}, 1, 1, 1),
			"":              dense([]float32{8}, 1),
		},
		Metadata: map[string]string{"model": "mlp", "note": "a\n\"b\" <ü>", "": ""},
	}
}

// small is the least file with all parts, for the tests that try every byte.
func small() *File {
	return &File{
		Tensors:  map[string]*tensor.Dense{"w": dense([]float32{1, 2}, 2), "step": dense([]int32{3})},
		Metadata: map[string]string{"model": "mlp"},
	}
}

func encoded(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// raw builds a file as another tool might, without a checksum.
func raw(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

// equal compares contents: names, dtypes, shapes, the bits of the elements, metadata.
func equal(t testing.TB, want, got *File) {
	t.Helper()
	if diff := cmp.Diff(want.Metadata, got.Metadata); diff != "" {
		t.Errorf("metadata: %s", diff)
	}
	if len(want.Tensors) != len(got.Tensors) {
		t.Errorf("%d tensors, want %d", len(got.Tensors), len(want.Tensors))
	}
	for name, w := range want.Tensors {
		g := got.Tensors[name]
		if g == nil {
			t.Errorf("tensor %q is missing", name)
			continue
		}
		if g.Dtype() != w.Dtype() || !cmp.Equal([]int(w.Shape()), []int(g.Shape())) {
			t.Errorf("tensor %q is %v %v, want %v %v", name, g.Dtype(), g.Shape(), w.Dtype(), w.Shape())
			continue
		}
		if w.Shape().TotalSize() == 0 {
			continue
		}
		var a, b bytes.Buffer
		binary.Write(&a, binary.LittleEndian, w.Data())
		binary.Write(&b, binary.LittleEndian, g.Data())
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("tensor %q holds %v, want %v", name, g.Data(), w.Data())
		}
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "all.safetensors")
	for name, f := range map[string]*File{
		"all": sample(), "small": small(), "nothing": {Tensors: map[string]*tensor.Dense{}, Metadata: map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Write(path, f); err != nil {
				t.Fatal(err)
			}
			for _, read := range []func(string) (*File, error){Read, ReadChecked} {
				got, err := read(path)
				if err != nil {
					t.Fatal(err)
				}
				equal(t, f, got)
				if !bytes.Equal(encoded(t, f), encoded(t, got)) {
					t.Error("what was read is written differently")
				}
			}
		})
	}
}

// TestBytes pins the written form: the order of the data, the alignment, and the checksum as the package defines it.
func TestBytes(t *testing.T) {
	f := &File{Tensors: map[string]*tensor.Dense{
		"a": dense([]bool{true}, 1), "b": dense([]float32{1}, 1), "c": dense([]float64{1}), "d": dense([]int32{1}, 1),
	}}
	b := encoded(t, f)
	const want = `{"__metadata__":{"graft.sha256":"e4532c20bdbb48de4c3ffd0d314dedaaf6e328948824afbba515cb49ed09c434"},` +
		`"a":{"dtype":"BOOL","shape":[1],"data_offsets":[16,17]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},` +
		`"c":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"d":{"dtype":"I32","shape":[1],"data_offsets":[12,16]}}`
	n := binary.LittleEndian.Uint64(b)
	if diff := cmp.Diff(want, strings.TrimRight(string(b[8:8+n]), " ")); diff != "" {
		t.Error(diff)
	}
	if n%8 != 0 {
		t.Errorf("the data section begins at byte %d", 8+n)
	}
	data := []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0x80, 0x3f, 1, 0, 0, 0, 1}
	if diff := cmp.Diff(data, b[8+n:]); diff != "" {
		t.Error(diff)
	}
}

func TestForeignFile(t *testing.T) {
	// The metadata last, data in another order than the names', spaces, an escape: all allowed by the format.
	b := raw(` {"b":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},
		"\u0061":{"data_offsets":[8,9],"shape":[],"dtype":"BOOL"}, "__metadata__":{"format":"pt"}}  `, 5, 0, 0, 0, 0, 0, 0, 0, 1)
	want := &File{
		Tensors:  map[string]*tensor.Dense{"a": dense([]bool{true}), "b": dense([]int64{5}, 1)},
		Metadata: map[string]string{"format": "pt"},
	}
	got, err := Decode("foreign", b)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, want, got)

	path := filepath.Join(t.TempDir(), "foreign")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err != nil {
		t.Error(err)
	}
	if _, err := ReadChecked(path); err == nil || !strings.Contains(err.Error(), "no checksum") || !strings.Contains(err.Error(), path) {
		t.Errorf("ReadChecked: %v", err)
	}
}

// TestEveryFlip changes each byte of a file, in each of its bits and into its complement.
func TestEveryFlip(t *testing.T) {
	whole := encoded(t, small())
	for i := range whole {
		for _, mask := range []byte{1, 2, 4, 8, 16, 32, 64, 128, 255} {
			b := bytes.Clone(whole)
			b[i] ^= mask
			if _, err := decode("flipped", b, true); err == nil || !strings.HasPrefix(err.Error(), "flipped: ") {
				t.Errorf("byte %d, %q instead of %q: %v", i, b[i], whole[i], err)
			}
		}
	}
}

func TestEveryTruncation(t *testing.T) {
	whole := encoded(t, small())
	for n := range whole {
		for _, checked := range []bool{false, true} {
			_, err := decode("torn", whole[:n], checked)
			if want := fmt.Sprintf("torn: truncated at byte %d of ", n); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("first %d bytes: %v", n, err)
			}
		}
	}
	if _, err := Decode("long", append(bytes.Clone(whole), 0)); err == nil || !strings.Contains(err.Error(), "1 bytes follow") {
		t.Errorf("one byte more: %v", err)
	}
}

func TestDecodeErrors(t *testing.T) {
	one := func(dtype, shape, offsets string) string {
		return `{"x":{"dtype":"` + dtype + `","shape":` + shape + `,"data_offsets":` + offsets + `}}`
	}
	cases := []struct {
		name   string
		b      []byte
		expect string
	}{
		{"empty file", nil, "truncated at byte 0"},
		{"huge header", bytes.Repeat([]byte{0xff}, 100), "not a safetensors file"},
		{"long header", binary.LittleEndian.AppendUint64(nil, maxHeader), "truncated at byte 8 of 100000008 or more"},
		{"no JSON", raw("hello"), "header is not JSON"},
		{"no object", raw("[]"), "header is not JSON"},
		{"empty header", raw(""), "header is not JSON"},
		{"cut JSON", raw(`{"x":{`), "header is not JSON"},
		{"open object", raw(`{"__metadata__":{}`), "header is not JSON"},
		{"two objects", raw(`{}{}`), "follows the object"},
		{"metadata of numbers", raw(`{"__metadata__":{"a":1}}`), `at "__metadata__"`},
		{"unknown member", raw(`{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"more":1}}`), `unknown field "more"`},
		{"twice", raw(`{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`), `names "x" twice`},
		{"metadata twice", raw(`{"__metadata__":{},"__metadata__":{}}`), "twice"},
		{"dtype", raw(one("F7", "[1]", "[0,4]"), 0, 0, 0, 0), `tensor "x": dtype "F7" unknown; there are F32`},
		{"no dtype", raw(`{"x":{"shape":[],"data_offsets":[0,4]}}`), `dtype "" unknown`},
		{"no shape", raw(`{"x":{"dtype":"F32","data_offsets":[0,4]}}`, 0, 0, 0, 0), "no shape"},
		{"no offsets", raw(`{"x":{"dtype":"F32","shape":[]}}`), "0 data_offsets"},
		{"negative", raw(one("F32", "[-1]", "[0,4]")), "header is not JSON of this format"},
		{"fraction", raw(one("F32", "[1.5]", "[0,4]")), "header is not JSON of this format"},
		{"backwards", raw(one("F32", "[1]", "[4,0]")), "out of range"},
		{"far offset", raw(one("F32", "[1]", "[18446744073709551611,18446744073709551615]")), "out of range"},
		{"long tensor", raw(one("U8", "[1000000000000000000]", "[0,1000000000000000000]")), "truncated at byte"},
		{"too large", raw(one("F32", "[4611686018427387904,4]", "[0,0]")), "too large"},
		{"too large by one axis", raw(one("F32", "[0,18446744073709551615]", "[0,0]")), "too large"},
		{"wrong size", raw(one("F32", "[2]", "[0,4]"), 0, 0, 0, 0), "F32[2] needs 8 bytes, its offsets [0 4] give it 4"},
		{"hole before", raw(one("U8", "[1]", "[1,2]"), 0, 0), "bytes 0 to 1 without owner"},
		{"overlap", raw(`{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 0, 0, 0), `tensor "y": offsets overlap`},
		{"not owned", raw(one("U8", "[1]", "[0,1]"), 0, 0), "1 bytes follow"},
		{"boolean", raw(one("BOOL", "[2]", "[0,2]"), 1, 2), "element 1 of the booleans is 2"},
		{"wrong sum", raw(`{"__metadata__":{"graft.sha256":"00"}}`), "checksum differs"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode("f.safetensors", c.b)
			if err == nil || !strings.HasPrefix(err.Error(), "f.safetensors: ") || !strings.Contains(err.Error(), c.expect) {
				t.Errorf("error %v; want one that says %q", err, c.expect)
			}
		})
	}
}

// TestHostileNumbers checks that headers which claim terabytes are refused without allocating for them.
func TestHostileNumbers(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, b := range [][]byte{
		binary.LittleEndian.AppendUint64(nil, maxHeader),
		raw(`{"x":{"dtype":"F64","shape":[1099511627776],"data_offsets":[0,8796093022208]}}`),
		raw(`{"x":{"dtype":"F32","shape":[0,9223372036854775807,2],"data_offsets":[0,0]}}`),
	} {
		Decode("hostile", b)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes allocated", n)
	}
}

func TestEncodeErrors(t *testing.T) {
	transposed := dense([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		file   *File
		expect string
	}{
		{"nil", &File{Tensors: map[string]*tensor.Dense{"x": nil}}, `tensor "x": no tensor given`},
		{"complex", &File{Tensors: map[string]*tensor.Dense{"x": dense([]complex64{1}, 1)}}, "no dtype for complex64"},
		{"transposed", &File{Tensors: map[string]*tensor.Dense{"x": transposed}}, "not contiguous"},
		{"reserved", &File{Tensors: map[string]*tensor.Dense{metadataKey: dense([]float32{1})}}, "not a name"},
		{"name", &File{Tensors: map[string]*tensor.Dense{"\xff": dense([]float32{1})}}, "not a name"},
		{"metadata", &File{Metadata: map[string]string{"x": "\xff"}}, "not valid UTF-8"},
		{"sum", &File{Metadata: map[string]string{SumKey: "1"}}, "it is the checksum's"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			err := Encode(&b, c.file)
			if err == nil || !strings.Contains(err.Error(), c.expect) {
				t.Errorf("error %v; want one that says %q", err, c.expect)
			}
			if b.Len() > 0 {
				t.Errorf("%d bytes written", b.Len())
			}
		})
	}
}

// TestAtomicity checks that a write which fails, wherever it does, leaves the old file and nothing else.
func TestAtomicity(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.safetensors")
	if err := Write(path, small()); err != nil {
		t.Fatal(err)
	}
	unchanged := func(what string) {
		t.Helper()
		got, err := ReadChecked(path)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		equal(t, small(), got)
		if names := list(t, dir); len(names) != 1 {
			t.Errorf("%s: the directory holds %q", what, names)
		}
	}
	bad := small()
	bad.Tensors["z"] = dense([]complex128{1}, 1)
	if err := Write(path, bad); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("bad tensor: %v", err)
	}
	unchanged("bad tensor")

	// A directory under the final name makes the rename fail, the last step that can leave something behind.
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "d"), small()); err == nil {
		t.Error("a directory was replaced")
	}
	os.Remove(filepath.Join(dir, "d"))
	unchanged("rename")

	if err := Write(filepath.Join(dir, "missing", "w"), small()); err == nil {
		t.Error("written into a directory that is not there")
	}
	if _, err := Read(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}

	next := small()
	next.Metadata["model"] = "gcn"
	if err := Write(path, next); err != nil {
		t.Fatal(err)
	}
	got, err := ReadChecked(path)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, next, got)
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// FuzzDecode checks that no input panics, and that what decodes encodes into a checked file with equal contents.
func FuzzDecode(f *testing.F) {
	f.Add(encoded(f, sample()))
	f.Add(encoded(f, small()))
	f.Add(raw(`{"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"y":{"dtype":"BOOL","shape":[0,1],"data_offsets":[4,4]}}`, 1, 2, 3, 4))
	f.Add(raw(`{"__metadata__":{"a":"b"},"x":{"dtype":"I64","shape":[1,1],"data_offsets":[0,8]}}`, 1, 2, 3, 4, 5, 6, 7, 8))
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := Decode("fuzz", b)
		if err != nil {
			return
		}
		again := encoded(t, first)
		second, err := decode("again", again, true)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, first, second)
		if !maps.Equal(first.Metadata, second.Metadata) {
			t.Error("metadata differ")
		}
	})
}
