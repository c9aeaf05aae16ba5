package geometric

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// What the pickle of a data set may cost. PubMed, the largest, has files of 8 MB and 200,000 operations.
const (
	maxPickleBytes = 64 << 20
	maxPickleOps   = 2 << 20
	maxPickleDepth = 32
)

// guardPickle walks the operations of a pickle without carrying them out. Only what protocol 2 needs for numbers, byte
// strings, containers and objects is let through, and no length may point past the end: the unpickler allocates what a
// length says before it reads, so an unchecked one could ask for more memory than there is. Errors give the byte.
func guardPickle(data []byte) error {
	depth := 0
	for at, ops := 0, 0; at < len(data); ops++ {
		if ops == maxPickleOps {
			return fmt.Errorf("byte %d: more than %d pickle operations", at, maxPickleOps)
		}
		op := data[at]
		switch op {
		case '(':
			depth++
		case 't', 'e', 'u':
			depth--
		}
		if depth > maxPickleDepth {
			return fmt.Errorf("byte %d: pickle nested more than %d deep", at, maxPickleDepth)
		}
		n, ok := argumentSize(op, data[at+1:])
		if !ok {
			return fmt.Errorf("byte %d: 0x%02x is no operation of a NumPy pickle of protocol 2", at, op)
		}
		if n < 0 || n > len(data)-at-1 {
			return fmt.Errorf("cut short: the argument of the operation at byte %d runs past the end, byte %d", at, len(data))
		}
		at += 1 + n
		if op == '.' {
			if at < len(data) {
				return fmt.Errorf("byte %d: %d bytes follow the end of the pickle", at, len(data)-at)
			}
			return nil
		}
	}
	return fmt.Errorf("cut short: the pickle has no end mark before byte %d", len(data))
}

// argumentSize returns the number of bytes after an operation that belong to it, -1 when they are cut short; ok is
// false for an operation that is not let through. Source: CPython's Lib/pickletools.py.
func argumentSize(op byte, rest []byte) (n int, ok bool) {
	switch op {
	case '(', '.', 'N', 'R', 'a', 'b', 'e', 's', 't', 'u', ')', ']', '}', 0x81, 0x85, 0x86, 0x87, 0x88, 0x89:
		return 0, true
	case 'K', 'h', 'q', 0x80:
		return 1, true
	case 'M':
		return 2, true
	case 'J', 'j', 'r':
		return 4, true
	case 'G':
		return 8, true
	case 'U': // a byte string after its length in 1 byte
		if len(rest) < 1 {
			return -1, true
		}
		return 1 + int(rest[0]), true
	case 'T': // a byte string after its length in 4 bytes
		if len(rest) < 4 {
			return -1, true
		}
		return 4 + int(binary.LittleEndian.Uint32(rest)), true
	case 'c': // two lines: module and name
		module := bytes.IndexByte(rest, '\n')
		name := bytes.IndexByte(rest[module+1:], '\n')
		if module < 0 || name < 0 {
			return -1, true
		}
		return module + 1 + name + 1, true
	}
	return 0, false
}
