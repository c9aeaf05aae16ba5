package graph

import (
	"fmt"
	"slices"
)

// Type is the type of a value: a dense array of DType with the given dimensions, or, when Sparse, a pattern: the positions
// of the stored entries of a sparse matrix, whose Dims are rows, columns and number of entries.
type Type struct {
	Sparse bool
	DType  DType
	Dims   []Dim
}

// Tensor returns the type of a dense array.
func Tensor(dt DType, dims ...Dim) Type { return Type{DType: dt, Dims: dims} }

// PatternType returns the type of the positions of a sparse [rows, cols] matrix with nnz stored entries.
func PatternType(rows, cols, nnz Dim) Type {
	return Type{Sparse: true, DType: I32, Dims: []Dim{rows, cols, nnz}}
}

// Equal reports whether two types are the same.
func (t Type) Equal(u Type) bool {
	return t.Sparse == u.Sparse && t.DType == u.DType && slices.Equal(t.Dims, u.Dims)
}

// Rank returns the number of axes.
func (t Type) Rank() int { return len(t.Dims) }

// IsScalar reports whether t is a dense value without axes.
func (t Type) IsScalar() bool { return !t.Sparse && len(t.Dims) == 0 }

// Differentiable reports whether values of type t can carry a cotangent.
func (t Type) Differentiable() bool { return !t.Sparse && t.DType.IsFloat() }

// String writes t as the text form does: f32[batch, 784] or pattern[rows, cols; nnz].
func (t Type) String() string {
	if t.Sparse && len(t.Dims) == 3 {
		return fmt.Sprintf("pattern[%v, %v; %v]", t.Dims[0], t.Dims[1], t.Dims[2])
	}
	return fmt.Sprintf("%v[%s]", t.DType, dimStrings(t.Dims))
}

// Shape binds the dimensions of t.
func (t Type) Shape(b Binding) ([]int, error) {
	shape := make([]int, len(t.Dims))
	for i, d := range t.Dims {
		n, err := d.Bind(b)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", t, err)
		}
		shape[i] = n
	}
	return shape, nil
}

func (t Type) valid() bool {
	for _, d := range t.Dims {
		if !d.Valid() {
			return false
		}
	}
	if t.Sparse {
		return len(t.Dims) == 3
	}
	return product(t.Dims).Valid()
}

// Bytes returns the storage of a value of type t. A pattern counts its compressed-row arrays: a column index for every entry
// and a pointer for every row.
func (t Type) Bytes() Cost {
	if t.Sparse {
		return CostOf(t.Dims[2].Mul(Int(4)), t.Dims[0].Mul(Int(4)))
	}
	return CostOf(product(t.Dims).Mul(Int(int(t.DType.Bytes()))))
}
