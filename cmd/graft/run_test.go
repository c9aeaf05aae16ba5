package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"graft/runtime/safetensors"
)

// jsonKeys checks that every line of standard output is a JSON object with exactly these keys: jsonkeys KEY,KEY...
func jsonKeys(ts *testscript.TestScript, _ bool, args []string) {
	want := strings.Split(args[0], ",")
	slices.Sort(want)
	lines := 0
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		lines++
		object := decode(ts, line)
		if got := slices.Sorted(maps.Keys(object)); !slices.Equal(got, want) {
			ts.Fatalf("line %d has the keys %v, want %v", lines, got, want)
		}
	}
	if lines == 0 {
		ts.Fatalf("no lines")
	}
}

func decode(ts *testscript.TestScript, line string) map[string]any {
	var object map[string]any
	if err := json.Unmarshal([]byte(line), &object); err != nil {
		ts.Fatalf("not JSON: %v: %s", err, line)
	}
	return object
}

// await waits until a file has some lines: await FILE LINES.
func await(ts *testscript.TestScript, _ bool, args []string) {
	lines, err := strconv.Atoi(args[1])
	ts.Check(err)
	for range 6000 {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			ts.Check(err)
		}
		if bytes.Count(data, []byte("\n")) >= lines {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s: still too few lines", args[0])
}

// sameRun checks that two directories hold the same run: the same tensors, bit for bit, and the same metrics but for the time
// that they took: samerun DIR DIR.
func sameRun(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range []string{"checkpoint.safetensors", "best.safetensors"} {
		a, b := filepath.Join(ts.MkAbs(args[0]), name), filepath.Join(ts.MkAbs(args[1]), name)
		if _, err := os.Stat(a); errors.Is(err, fs.ErrNotExist) && name != "checkpoint.safetensors" {
			continue // the recipe selects no best epoch
		}
		if !bytes.Equal(tensorBytes(ts, a), tensorBytes(ts, b)) {
			ts.Fatalf("%s and %s hold different tensors", a, b)
		}
	}
	a, b := metrics(ts, args[0]), metrics(ts, args[1])
	if !slices.Equal(a, b) {
		ts.Fatalf("the metrics differ:\n%s\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
}

// tensorBytes returns the tensors of a file without its metadata.
func tensorBytes(ts *testscript.TestScript, path string) []byte {
	f, err := safetensors.ReadChecked(path)
	ts.Check(err)
	var b bytes.Buffer
	ts.Check(safetensors.Encode(&b, &safetensors.File{Tensors: f.Tensors}))
	return b.Bytes()
}

func metrics(ts *testscript.TestScript, dir string) []string {
	var out []string
	for line := range strings.Lines(ts.ReadFile(filepath.Join(dir, "metrics.jsonl"))) {
		object := decode(ts, line)
		delete(object, "seconds")
		text, err := json.Marshal(object)
		ts.Check(err)
		out = append(out, string(text))
	}
	return out
}
