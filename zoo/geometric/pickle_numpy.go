package geometric

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// unpickle decodes a Python 2 pickle of NumPy arrays, SciPy csr matrices, lists and dicts. Byte strings arrive as Go
// strings with their bytes untouched. It never panics; errors give the byte.
func unpickle(data []byte) (value any, err error) {
	if err := guardPickle(data); err != nil {
		return nil, err
	}
	r := bytes.NewReader(data)
	defer func() {
		// The unpickler indexes stacks and memos without checks; its panics are malformed pickles.
		if p := recover(); p != nil {
			value, err = nil, fmt.Errorf("before byte %d: malformed pickle: %v", len(data)-r.Len(), p)
		}
	}()
	u := pickle.NewUnpickler(r)
	u.FindClass = findClass
	if value, err = u.Load(); err != nil {
		return nil, fmt.Errorf("before byte %d: %.200s", len(data)-r.Len(), err.Error())
	}
	return value, nil
}

// class is a Python class or function as far as a pickle needs it: calling it gives a fresh object.
type class func() any

func (c class) Call(...any) (any, error)  { return c(), nil }
func (c class) PyNew(...any) (any, error) { return c(), nil }

// dtypeClass is numpy.dtype, called with the type's code.
type dtypeClass struct{}

func (dtypeClass) Call(args ...any) (any, error) {
	if len(args) > 0 {
		if code, ok := args[0].(string); ok && itemSize(code) > 0 {
			return &dtype{code: code}, nil
		}
	}
	return nil, errors.New("numpy.dtype is none of i4, i8, f4, f8")
}

func findClass(module, name string) (any, error) {
	switch module + "." + name {
	case "numpy.core.multiarray._reconstruct":
		return class(func() any { return new(ndarray) }), nil
	case "numpy.ndarray", "__builtin__.list":
		return types.NewGenericClass(module, name), nil // only ever an argument of the others
	case "numpy.dtype":
		return dtypeClass{}, nil
	case "scipy.sparse.csr.csr_matrix":
		return class(func() any { return new(csrMatrix) }), nil
	case "collections.defaultdict":
		return class(func() any { return types.NewDict() }), nil
	}
	return nil, fmt.Errorf("%.100q is not a class that NumPy and SciPy pickles of citation data need", module+"."+name)
}

// dtype is numpy.dtype: its code, and whether the byte order is known to be little-endian.
type dtype struct {
	code         string
	littleEndian bool
}

func itemSize(code string) int {
	switch code {
	case "i4", "f4":
		return 4
	case "i8", "f8":
		return 8
	}
	return 0
}

// PySetState takes (version, byte order, ...).
func (d *dtype) PySetState(state any) error {
	s, ok := state.(*types.Tuple)
	if !ok || s.Len() < 2 || s.Get(1) != "<" {
		return errors.New("numpy.dtype is not little-endian")
	}
	d.littleEndian = true
	return nil
}

// ndarray is numpy.ndarray: a contiguous, row-major array.
type ndarray struct {
	shape []int
	code  string
	data  string
}

// PySetState takes (version, shape, dtype, whether in Fortran order, bytes).
func (a *ndarray) PySetState(state any) error {
	s, ok := state.(*types.Tuple)
	if !ok || s.Len() != 5 {
		return errors.New("state of numpy.ndarray is not a tuple of 5")
	}
	shape, okShape := s.Get(1).(*types.Tuple)
	dt, okType := s.Get(2).(*dtype)
	fortran, okOrder := s.Get(3).(bool)
	data, okData := s.Get(4).(string)
	if !okShape || !okType || !okOrder || !okData {
		return errors.New("state of numpy.ndarray is not (version, shape, dtype, order, bytes)")
	}
	if !dt.littleEndian || fortran {
		return errors.New("numpy.ndarray is not little-endian and row-major")
	}
	n := itemSize(dt.code)
	a.shape = nil
	for _, v := range *shape {
		d, ok := v.(int)
		if !ok || d < 0 || d > maxPickleBytes || n*d > maxPickleBytes {
			return fmt.Errorf("numpy.ndarray has a dimension that is no size: %s", number(v))
		}
		a.shape = append(a.shape, d)
		n *= d
	}
	if n != len(data) {
		return fmt.Errorf("numpy.ndarray of shape %v and type %s needs %d bytes, but has %d", a.shape, dt.code, n, len(data))
	}
	a.code, a.data = dt.code, data
	return nil
}

// ints returns the elements of an integer array.
func (a *ndarray) ints() ([]int64, error) {
	out := make([]int64, 0, len(a.data)/4)
	b := []byte(a.data)
	switch a.code {
	case "i4":
		for ; len(b) > 0; b = b[4:] {
			out = append(out, int64(int32(binary.LittleEndian.Uint32(b))))
		}
	case "i8":
		for ; len(b) > 0; b = b[8:] {
			out = append(out, int64(binary.LittleEndian.Uint64(b)))
		}
	default:
		return nil, fmt.Errorf("array has type %q, not integers", a.code)
	}
	return out, nil
}

// floats returns the elements of a floating-point array, rounded to float32.
func (a *ndarray) floats() ([]float32, error) {
	out := make([]float32, 0, len(a.data)/4)
	b := []byte(a.data)
	switch a.code {
	case "f4":
		for ; len(b) > 0; b = b[4:] {
			out = append(out, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
	case "f8":
		for ; len(b) > 0; b = b[8:] {
			out = append(out, float32(math.Float64frombits(binary.LittleEndian.Uint64(b))))
		}
	default:
		return nil, fmt.Errorf("array has type %q, not floating-point", a.code)
	}
	return out, nil
}

// csrMatrix is scipy.sparse.csr_matrix.
type csrMatrix struct {
	rows, cols            int
	indptr, indices, data *ndarray
}

// PySetState takes the object's dict.
func (m *csrMatrix) PySetState(state any) error {
	dict, ok := state.(*types.Dict)
	if !ok {
		return errors.New("state of csr_matrix is not a dict")
	}
	for _, e := range *dict {
		switch e.Key {
		case "_shape":
			shape, ok := e.Value.(*types.Tuple)
			if !ok || shape.Len() != 2 {
				return errors.New("shape of csr_matrix is not a pair")
			}
			rows, okRows := shape.Get(0).(int)
			cols, okCols := shape.Get(1).(int)
			if !okRows || !okCols {
				return errors.New("shape of csr_matrix is not a pair of integers")
			}
			m.rows, m.cols = rows, cols
		case "indptr":
			m.indptr, _ = e.Value.(*ndarray)
		case "indices":
			m.indices, _ = e.Value.(*ndarray)
		case "data":
			m.data, _ = e.Value.(*ndarray)
		}
	}
	if m.indptr == nil || m.indices == nil || m.data == nil {
		return errors.New("csr_matrix lacks one of the arrays indptr, indices, data")
	}
	return nil
}
