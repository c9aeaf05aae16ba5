package native

// epilogue is what becomes of a product's strips of rows, each while it is in the cache: C = act(z + AB + bias). Since z comes
// before the product here and after it in the reference, results may differ from those of separate ops in the last bits;
// without z they have the same bits.
type epilogue struct {
	bias, z, of []float32 // nil where there is none; the rows of z and of lie as those of C
	column      bool      // C is a column that is computed as a row: the bias is one number
	act         point32   // nil where there is none
	grad        pair32
	alpha       float32
	add         pair32
	shift       point32
}

// newEpilogue returns the epilogue of a call's result.
func newEpilogue(c *Call, t *tail, v *vectors) epilogue {
	e := epilogue{alpha: float32(t.alpha), add: v.pair["add"], shift: v.point["shift"]}
	for _, o := range []struct {
		to *[]float32
		i  int
	}{{&e.bias, t.bias}, {&e.z, t.z}, {&e.of, t.of}} {
		if o.i >= 0 {
			*o.to = c.In[o.i].F32
		}
	}
	if t.of >= 0 {
		e.grad = v.pair[t.act]
	} else if t.act != "none" {
		e.act = v.point[t.act]
	}
	return e
}

// from returns the epilogue of the part of C that begins with element i of its memory, in column j.
func (e epilogue) from(i, j int) epilogue {
	if e.bias != nil && !e.column {
		e.bias = e.bias[j:]
	}
	if e.z != nil {
		e.z = e.z[i:]
	}
	if e.of != nil {
		e.of = e.of[i:]
	}
	return e
}

// begin puts z's rows x cols elements from number i on, in rows that lie rowC apart, where the product is added to them. They
// may be there already.
func (e *epilogue) begin(c []float32, i, rows, cols, rowC int) {
	if &c[i] == &e.z[i] {
		return
	}
	for range rows {
		copy(c[i:i+cols], e.z[i:])
		i += rowC
	}
}

// finish does the rest where those elements of C are complete; they begin in column j.
func (e *epilogue) finish(c []float32, i, rows, cols, rowC, j int) {
	if cols == rowC && e.bias == nil {
		rows, cols = 1, rows*cols // they lie together
	}
	for range rows {
		row := c[i : i+cols]
		switch {
		case e.bias == nil:
		case e.column:
			e.shift(row, row, e.bias[0])
		default:
			e.add(row, row, e.bias[j:], 0)
		}
		switch {
		case e.grad != nil:
			e.grad(row, row, e.of[i:], e.alpha)
		case e.act != nil:
			e.act(row, row, e.alpha)
		}
		i += rowC
	}
}
