package graph

// DType is the element type of a value.
type DType uint8

// The element types. F32 is what models are written in; F64 is made of it by the retype pass for gradient checks.
const (
	F32 DType = iota
	F64
	I32
	Bool
)

var dtypeNames = [...]string{"f32", "f64", "i32", "bool"}

func (d DType) String() string {
	if int(d) < len(dtypeNames) {
		return dtypeNames[d]
	}
	return "invalid"
}

// IsFloat reports whether d is one of the differentiable types.
func (d DType) IsFloat() bool { return d == F32 || d == F64 }

// Bytes returns the size of one element.
func (d DType) Bytes() int64 { return [...]int64{4, 8, 4, 1}[d] }

func parseDType(s string) (DType, bool) {
	for i, n := range dtypeNames {
		if n == s {
			return DType(i), true
		}
	}
	return 0, false
}
