// Package safetensors reads and writes tensors in the safetensors format: checkpoints, weights and batches.
//
// The format (github.com/huggingface/safetensors): eight bytes with the little-endian length of the header; the header,
// a JSON object that gives each tensor's dtype, shape and place in the data section, and free text under "__metadata__";
// the data section, row-major and little-endian, without holes or overlaps.
//
// Conventions. A [File] holds host tensors by name; a scalar has no axes and one element. Files are written in one way
// only: data ordered by element size, largest first so that everything is aligned, then by name; the header padded with
// spaces to a multiple of eight. Equal contents therefore give equal bytes.
//
// Every written file carries the checksum [SumKey] in its metadata: the lower-case hexadecimal SHA-256 of the whole file
// with the checksum's own digits set to 0, so that no byte of the file is left unguarded. [Read] verifies it where it is
// present; [ReadChecked] refuses files without one. [Write] replaces a file in one step or not at all.
//
// Memory is allocated for what a file holds, never for what its header claims.
package safetensors
