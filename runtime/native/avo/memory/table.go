package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func tables(start func(name, signature, doc string) *routine) {
	start("gatherRows", "func(dst, table []float32, n int, index []int32)", "is a family's gatherRows.").gatherRows()
	start("fillRows", "func(dst, x []float32, step, n, count int)", "is a family's fillRows.").copyRows(true)
	start("copyShort", "func(dst, x []float32, step, n, count int)", "is a family's copyShort.").copyRows(false)
}

// ahead is how many rows before its turn a row is asked for: the time that memory takes to answer, in short rows.
const ahead = 24

// gatherRows asks for the first and the last line of a row that will be read later; what lies between, the processor then
// foresees.
func (r *routine) gatherRows() {
	dst, table, n, step := base("dst"), base("table"), number("n"), bytes("n")
	list, count := base("index"), length("index")
	k, next := GP64(), r.label("row")
	XORQ(k, k)
	Label(next)
	from, later, beyond := GP64(), GP64(), r.label("beyond")
	LEAQ(Mem{Base: k, Disp: ahead}, later)
	CMPQ(later, count)
	JGE(LabelRef(beyond))
	MOVLQSX(Mem{Base: list, Index: later, Scale: 4}, later)
	IMULQ(step, later)
	ADDQ(table, later)
	PREFETCHT0(Mem{Base: later})
	PREFETCHT0(Mem{Base: later, Index: step, Scale: 1, Disp: -4})
	Label(beyond)
	MOVLQSX(Mem{Base: list, Index: k, Scale: 4}, from)
	IMULQ(step, from)
	ADDQ(table, from)
	r.each(n, func(at place, mask Op) { r.store(r.load(at(from, 4, 0), mask), at(dst, 4, 0), mask) })
	ADDQ(step, dst)
	INCQ(k)
	CMPQ(k, count)
	JLT(LabelRef(next))
	end()
}

// copyRows copies rows, or fills them with their first element.
func (r *routine) copyRows(fill bool) {
	dst, x, step, n, count := base("dst"), base("x"), bytes("step"), number("n"), number("count")
	row, next := bytes("n"), r.label("row")
	Label(next)
	var v VecVirtual
	if fill {
		v = r.broadcast(Mem{Base: x})
	}
	r.each(n, func(at place, mask Op) {
		if !fill {
			v = r.load(at(x, 4, 0), mask)
		}
		r.store(v, at(dst, 4, 0), mask)
	})
	ADDQ(step, x)
	ADDQ(row, dst)
	DECQ(count)
	JNZ(LabelRef(next))
	end()
}
