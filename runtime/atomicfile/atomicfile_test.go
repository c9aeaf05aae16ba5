package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"graft/runtime/atomicfile"
)

// TestWrite replaces a file, and fails in every way that can be brought about: the old file stays, and nothing else is left.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	fill := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			io.WriteString(w, text)
			return err
		}
	}
	holds := func(what, want string) {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: the file holds %q, error %v", what, got, err)
		}
		if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
			t.Errorf("%s: the directory holds %v, error %v", what, names, err)
		}
	}
	for _, text := range []string{"first", "second"} {
		if err := atomicfile.Write(path, fill(text, nil)); err != nil {
			t.Fatal(err)
		}
		holds(text, text)
	}
	full := errors.New("disk full")
	if err := atomicfile.Write(path, fill("half of it", full)); err != full {
		t.Errorf("disk full: %v", err)
	}
	holds("disk full", "second")

	// A directory under the final name makes the rename fail, the last step that can leave something behind.
	sub := filepath.Join(dir, "d")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(sub, fill("third", nil)); err == nil {
		t.Error("a directory was replaced")
	}
	os.Remove(sub)
	holds("rename", "second")
	if err := atomicfile.Write(filepath.Join(dir, "missing", "f"), fill("third", nil)); err == nil {
		t.Error("written into a directory that is not there")
	}
}
