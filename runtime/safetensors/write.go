package safetensors

import (
	"fmt"
	"io"

	"graft/runtime/atomicfile"
)

// Write encodes f into a temporary file beside path, syncs it, renames it to path and syncs the directory. Whatever
// happens, path names the old file or the whole new one; on failure the temporary file is removed.
func Write(path string, f *File) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return Encode(w, f) })
	if err != nil {
		return fmt.Errorf("%s: not written: %w", path, err)
	}
	return nil
}
