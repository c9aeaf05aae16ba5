package safetensors

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"os"
	"reflect"
	"runtime"
	"slices"

	"gorgonia.org/tensor"
)

// maxHeader is the format's own limit on the header's length in bytes.
const maxHeader = 100_000_000

// Read reads a file of any origin; a checksum, where present, must be right. Errors name the file and what is wrong with it.
func Read(path string) (*File, error) { return read(path, false) }

// ReadChecked is [Read] for files that graft wrote: one without a checksum is refused, so that a torn or altered file is
// never taken for whole.
func ReadChecked(path string) (*File, error) { return read(path, true) }

func read(path string, checked bool) (*File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return decode(path, b, checked)
}

// Decode reads the bytes of a file as [Read] does; name stands for the file in errors. The tensors do not share memory
// with b.
func Decode(name string, b []byte) (*File, error) { return decode(name, b, false) }

func decode(name string, b []byte, checked bool) (*File, error) {
	f, err := parse(b, checked)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// parse goes from the outside in, and believes a number only after it was compared with the bytes that are there.
func parse(b []byte, checked bool) (*File, error) {
	if len(b) < 8 {
		return nil, fmt.Errorf("truncated at byte %d of the first 8", len(b))
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader {
		return nil, fmt.Errorf("header of %d bytes claimed, the format allows %d: not a safetensors file", n, maxHeader)
	}
	if n > uint64(len(b)-8) {
		return nil, fmt.Errorf("truncated at byte %d of %d or more: the header is incomplete", len(b), 8+n)
	}
	header, data := b[8:8+n], b[8+n:]
	entries, metadata, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	end, err := checkLayout(entries)
	if err != nil {
		return nil, err
	}
	switch whole := 8 + n + end; {
	case uint64(len(b)) < whole:
		return nil, fmt.Errorf("truncated at byte %d of %d", len(b), whole)
	case uint64(len(b)) > whole:
		return nil, fmt.Errorf("%d bytes follow the %d that the header describes", uint64(len(b))-whole, whole)
	}

	if sum, ok := metadata[SumKey]; ok {
		h := sha256.New()
		h.Write(b[:8])
		h.Write(withSum(header, sum, noSum))
		h.Write(data)
		if hex.EncodeToString(h.Sum(nil)) != sum {
			return nil, errors.New("checksum differs: the file was altered after it was written")
		}
	} else if checked {
		return nil, fmt.Errorf("no checksum (%s) in the metadata: graft did not write this file, or its header was altered", SumKey)
	}
	delete(metadata, SumKey)

	f := &File{Tensors: make(map[string]*tensor.Dense, len(entries)), Metadata: metadata}
	for name, e := range entries {
		d, err := e.dense(data[e.Offsets[0]:e.Offsets[1]])
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		f.Tensors[name] = d
	}
	return f, nil
}

// parseHeader reads the JSON object member by member: a map would hide a name that is given twice.
func parseHeader(header []byte) (map[string]entry, map[string]string, error) {
	notJSON := func(err error) error { return fmt.Errorf("header is not JSON of this format: %w", err) }
	dec := json.NewDecoder(bytes.NewReader(header))
	dec.DisallowUnknownFields()
	if t, err := dec.Token(); err != nil {
		return nil, nil, notJSON(err)
	} else if t != json.Delim('{') {
		return nil, nil, notJSON(fmt.Errorf("it begins with %v", t))
	}
	entries, metadata := map[string]entry{}, map[string]string(nil)
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, nil, notJSON(err)
		}
		name, _ := t.(string) // the decoder lets nothing else be a key
		_, twice := entries[name]
		if name == metadataKey {
			twice = metadata != nil
			metadata = map[string]string{}
			err = dec.Decode(&metadata)
		} else {
			var e entry
			err = dec.Decode(&e)
			entries[name] = e
		}
		if err != nil {
			return nil, nil, notJSON(fmt.Errorf("at %q: %w", name, err))
		}
		if twice {
			return nil, nil, fmt.Errorf("header names %q twice", name)
		}
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return nil, nil, notJSON(err)
	}
	if t, err := dec.Token(); err != io.EOF {
		return nil, nil, notJSON(fmt.Errorf("%v follows the object", t))
	}
	if metadata == nil {
		metadata = map[string]string{}
	}
	return entries, metadata, nil
}

// checkLayout checks that every tensor has the bytes its shape needs and that together they cover the data section
// without holes or overlaps. It returns the section's length.
func checkLayout(entries map[string]entry) (uint64, error) {
	names := make([]string, 0, len(entries))
	for name, e := range entries {
		if err := e.check(); err != nil {
			return 0, fmt.Errorf("tensor %q: %w", name, err)
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(slices.Compare(entries[a].Offsets, entries[b].Offsets), cmp.Compare(a, b))
	})
	var end uint64
	for _, name := range names {
		switch begin := entries[name].Offsets[0]; {
		case begin < end:
			return 0, fmt.Errorf("tensor %q: offsets overlap, it begins at byte %d and the one before ends at %d", name, begin, end)
		case begin > end:
			return 0, fmt.Errorf("tensor %q: offsets leave bytes %d to %d without owner", name, end, begin)
		}
		end = entries[name].Offsets[1]
	}
	return end, nil
}

// check compares an entry's numbers with each other, without overflow.
func (e entry) check() error {
	dt, err := dtypeNamed(e.DType)
	if err != nil {
		return err
	}
	if e.Shape == nil {
		return errors.New("no shape")
	}
	if len(e.Offsets) != 2 {
		return fmt.Errorf("%d data_offsets instead of 2", len(e.Offsets))
	}
	if e.Offsets[0] > e.Offsets[1] || e.Offsets[1] > math.MaxInt-8-maxHeader {
		return fmt.Errorf("offsets %d out of range", e.Offsets)
	}
	size := uint64(dt.Size())
	for _, d := range e.Shape {
		high, low := bits.Mul64(size, d)
		if high != 0 || low > math.MaxInt || d > math.MaxInt {
			return fmt.Errorf("shape %d is too large", e.Shape)
		}
		size = low
	}
	if held := e.Offsets[1] - e.Offsets[0]; size != held {
		return fmt.Errorf("%s%d needs %d bytes, its offsets %d give it %d", e.DType, e.Shape, size, e.Offsets, held)
	}
	return nil
}

// dense copies a checked entry's bytes into a host tensor.
func (e entry) dense(data []byte) (*tensor.Dense, error) {
	dt, err := dtypeNamed(e.DType)
	if err != nil {
		return nil, err
	}
	if dt == tensor.Bool {
		if i := slices.IndexFunc(data, func(b byte) bool { return b > 1 }); i >= 0 {
			return nil, fmt.Errorf("element %d of the booleans is %d, not 0 or 1", i, data[i])
		}
	}
	n := len(data) / int(dt.Size())
	backing := reflect.MakeSlice(reflect.SliceOf(dt.Type), n, n).Interface()
	if _, err := binary.Decode(data, binary.LittleEndian, backing); err != nil {
		return nil, err
	}
	shape := make([]int, len(e.Shape))
	for i, d := range e.Shape {
		shape[i] = int(d)
	}
	d := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))
	runtime.KeepAlive(backing) // the tensor package holds the memory as a bare address for a moment
	return d, nil
}
