package safetensors

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"gorgonia.org/tensor"
)

// Encode writes the file's bytes. It refuses, before the first byte is written, tensors that are not contiguous and
// row-major, dtypes the format lacks, and names or metadata that are not valid UTF-8.
func Encode(w io.Writer, f *File) error {
	items, err := layOut(f.Tensors)
	if err != nil {
		return err
	}
	header, err := makeHeader(items, f.Metadata)
	if err != nil {
		return err
	}
	h := sha256.New()
	if err := emit(h, header, items); err != nil {
		return err
	}
	return emit(w, withSum(header, noSum, hex.EncodeToString(h.Sum(nil))), items)
}

// item is a tensor with its place in the file.
type item struct {
	name string
	size int // of one element, in bytes
	data any // slice or scalar; nil when empty
	entry
}

// layOut places tensors in the order the package promises.
func layOut(tensors map[string]*tensor.Dense) ([]item, error) {
	items := make([]item, 0, len(tensors))
	for name, d := range tensors {
		it, err := newItem(name, d)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.name, b.name))
	})
	var end uint64
	for i := range items {
		begin := end
		if data := items[i].data; data != nil {
			end += uint64(binary.Size(data))
		}
		items[i].Offsets = []uint64{begin, end}
		if err := items[i].check(); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", items[i].name, err)
		}
	}
	return items, nil
}

func newItem(name string, d *tensor.Dense) (item, error) {
	if d == nil || d.Dtype().Type == nil {
		return item{}, errors.New("no tensor given")
	}
	if name == metadataKey || !utf8.ValidString(name) {
		return item{}, errors.New("not a name the format can hold")
	}
	dtype, ok := dtypeName(d.Dtype())
	if !ok {
		return item{}, fmt.Errorf("the format has no dtype for %v", d.Dtype())
	}
	it := item{name: name, size: int(d.Dtype().Size()), entry: entry{DType: dtype, Shape: make([]uint64, d.Dims())}}
	for i, n := range d.Shape() {
		it.Shape[i] = uint64(n)
	}
	if d.Shape().TotalSize() == 0 {
		return it, nil // Data would take the address of an element that is not there
	}
	if d.RequiresIterator() || d.DataOrder().IsColMajor() {
		return item{}, fmt.Errorf("shape %v is not contiguous and row-major: materialise it first", d.Shape())
	}
	it.data = d.Data()
	return it, nil
}

// makeHeader returns the padded header with an empty checksum.
func makeHeader(items []item, metadata map[string]string) ([]byte, error) {
	for k, v := range metadata {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return nil, fmt.Errorf("metadata %q: %q is not valid UTF-8", k, v)
		}
	}
	if _, ok := metadata[SumKey]; ok {
		return nil, fmt.Errorf("metadata may not hold %q: it is the checksum's", SumKey)
	}
	all := map[string]string{SumKey: noSum}
	maps.Copy(all, metadata)
	members := map[string]any{metadataKey: all}
	for _, it := range items {
		members[it.name] = it.entry
	}
	header, err := json.Marshal(members) // sorts the keys
	if err != nil {
		return nil, err
	}
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	if len(header) > maxHeader {
		return nil, fmt.Errorf("header of %d bytes, the format allows %d", len(header), maxHeader)
	}
	return header, nil
}

// emit writes the three parts of a file.
func emit(w io.Writer, header []byte, items []item) error {
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, it := range items {
		if it.data == nil {
			continue
		}
		if err := binary.Write(w, binary.LittleEndian, it.data); err != nil {
			return err
		}
	}
	return nil
}
