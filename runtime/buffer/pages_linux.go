package buffer

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of a huge page on amd64, and on arm64 with pages of 4 KiB.
const hugePage = 2 << 20

// wantHugePages asks for huge pages behind the whole ones among n bytes of fresh memory, now and not when it is written to first, since
// the memory may have been used before. Rows that are read all over a large value, as those of tables and of what goes along edges are,
// otherwise wait for addresses to be translated. A system that refuses changes nothing but the time.
func wantHugePages(p unsafe.Pointer, n int) {
	skip := int(-uintptr(p) % hugePage)
	if whole := (n - skip) / hugePage * hugePage; whole > 0 {
		pages := unsafe.Slice((*byte)(unsafe.Add(p, skip)), whole)
		_ = unix.Madvise(pages, unix.MADV_HUGEPAGE)
		_ = unix.Madvise(pages, unix.MADV_COLLAPSE)
	}
}
