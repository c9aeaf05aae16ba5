package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func sums(start func(name, signature, doc string) *routine) {
	start("addRows", "func(totals []float64, x []float32, cols, step, rows int)", "is a family's addRows.").addRows()
	start("sumRows", "func(dst, x []float32, step int, at []int32)", "is a family's sumRows.").sumRows()
}

// widths are the strips of columns of sums: wide ones so that the additions of a row do not wait for those of the row before.
var widths = []int{4, 1}

// addRows reads x but once; the totals of a strip stay in registers.
func (r *routine) addRows() {
	totals, x, cols := base("totals"), base("x"), number("cols")
	step, rows := bytes("step"), number("rows")
	r.strips(cols, r.lanes()/2, widths, func(vectors int, at place, mask Op) {
		sum, from, left := make([]VecVirtual, vectors), GP64(), GP64()
		for v := range sum {
			sum[v] = r.vector()
			VMOVUPD(at(totals, 8, v), sum[v])
		}
		MOVQ(x, from)
		MOVQ(rows, left)
		row := r.label("row")
		Label(row)
		for v := range sum {
			VADDPD(r.wide(at(from, 4, v), mask), sum[v], sum[v])
		}
		ADDQ(step, from)
		DECQ(left)
		JNZ(LabelRef(row))
		for v := range sum {
			VMOVUPD(sum[v], at(totals, 8, v))
		}
	})
	end()
}

func (r *routine) sumRows() {
	dst, cols, x := base("dst"), length("dst"), base("x")
	step, list, count := bytes("step"), base("at"), length("at")
	r.strips(cols, r.lanes()/2, widths, func(vectors int, at place, mask Op) {
		sum, k := make([]VecVirtual, vectors), GP64()
		for v := range sum {
			sum[v] = r.zero()
		}
		XORQ(k, k)
		row := r.label("row")
		Label(row)
		from := GP64()
		MOVLQSX(Mem{Base: list, Index: k, Scale: 4}, from)
		IMULQ(step, from)
		ADDQ(x, from)
		for v := range sum {
			VADDPD(r.wide(at(from, 4, v), mask), sum[v], sum[v])
		}
		INCQ(k)
		CMPQ(k, count)
		JLT(LabelRef(row))
		for v := range sum {
			r.narrow(sum[v], at(dst, 4, v), mask)
		}
	})
	end()
}
