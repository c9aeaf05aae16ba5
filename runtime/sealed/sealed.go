// Package sealed keeps values in JSON files that state the SHA-256 of their content, so that a file that was cut or altered shows.
// Files are whole or not there (package atomicfile).
package sealed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"graft/runtime/atomicfile"
)

// file is what a file holds.
type file struct {
	SHA256  string          `json:"sha256"`
	Content json.RawMessage `json:"content"`
}

// BrokenError says that a file is not what was written.
type BrokenError struct{ Path, Why string }

func (e *BrokenError) Error() string { return fmt.Sprintf("%s is torn or altered: %s", e.Path, e.Why) }

// Write writes content, which is anything that JSON can hold.
func Write(path string, content any) error {
	raw, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(file{sum(raw), raw})
	})
}

// Read reads into content, a pointer, what [Write] has written. The error is a [*BrokenError] where the file is not that.
func Read(path string, content any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return &BrokenError{path, err.Error()}
	}
	if sum(f.Content) != f.SHA256 {
		return &BrokenError{path, "its content does not have the SHA-256 it states"}
	}
	if err := json.Unmarshal(f.Content, content); err != nil {
		return &BrokenError{path, err.Error()}
	}
	return nil
}

// Digest returns the SHA-256 of a value's JSON.
func Digest(v any) (string, error) {
	raw, err := json.Marshal(v)
	return sum(raw), err
}

func sum(raw []byte) string {
	s := sha256.Sum256(raw)
	return hex.EncodeToString(s[:])
}

// FileName makes a name a file name on every system.
func FileName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c < ' ' || c >= 0x7f || strings.IndexByte(`/\:*?"<>|%`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
