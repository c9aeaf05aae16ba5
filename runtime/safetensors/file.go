package safetensors

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"gorgonia.org/tensor"
)

// SumKey is the metadata key of the checksum. [Encode] adds it to the written metadata and [Decode] takes it out, so it never
// appears in [File.Metadata].
const SumKey = "graft.sha256"

// File is what a safetensors file holds. Element types are those of the tensors' dtypes: F32, F64, BOOL, and the signed and
// unsigned integers of 8 to 64 bits. Mind that Dense.Data panics on an empty tensor.
type File struct {
	Tensors  map[string]*tensor.Dense
	Metadata map[string]string // without the checksum
}

// metadataKey is the header's entry that is no tensor.
const metadataKey = "__metadata__"

// entry describes one tensor in the header.
type entry struct {
	DType   string   `json:"dtype"`
	Shape   []uint64 `json:"shape"`
	Offsets []uint64 `json:"data_offsets"` // first byte and first byte after, in the data section
}

// dtypes pairs the format's names with element types.
var dtypes = [...]struct {
	name string
	tensor.Dtype
}{
	{"F32", tensor.Float32},
	{"F64", tensor.Float64},
	{"BOOL", tensor.Bool},
	{"I8", tensor.Int8},
	{"I16", tensor.Int16},
	{"I32", tensor.Int32},
	{"I64", tensor.Int64},
	{"U8", tensor.Uint8},
	{"U16", tensor.Uint16},
	{"U32", tensor.Uint32},
	{"U64", tensor.Uint64},
}

func dtypeNamed(name string) (tensor.Dtype, error) {
	var known []string
	for _, d := range dtypes {
		if d.name == name {
			return d.Dtype, nil
		}
		known = append(known, d.name)
	}
	return tensor.Dtype{}, fmt.Errorf("dtype %q unknown; there are %s", name, strings.Join(known, ", "))
}

func dtypeName(dt tensor.Dtype) (string, bool) {
	for _, d := range dtypes {
		if d.Dtype == dt {
			return d.name, true
		}
	}
	return "", false
}

// noSum stands for the checksum while it is computed.
var noSum = strings.Repeat("0", 2*sha256.Size)

// withSum returns the header with one checksum replaced by another. JSON escapes quotes inside of strings, so the member
// looked for is found nowhere but at the metadata's own key.
func withSum(header []byte, from, to string) []byte {
	member := func(sum string) []byte { return []byte(`"` + SumKey + `":"` + sum + `"`) }
	return bytes.ReplaceAll(header, member(from), member(to))
}
