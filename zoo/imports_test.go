package zoo_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layers lists the parts of the project from the bottom up. A part imports itself and what stands before it.
var layers = []string{"graph", "feedback", "passes", "runtime", "zoo", "cmd"}

// modelImports is all that a model definition may import of the project.
var modelImports = []string{"graft/graph", "graft/feedback", "graft/zoo/layer"}

// TestImports holds every file of the project against the import rules of its architecture.
func TestImports(t *testing.T) {
	root := ".."
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := refused(rel, imp); why != "" {
				t.Errorf("%s imports %s: %s", rel, imp, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("only %d files looked at: the walk misses the project", files)
	}
}

// refused says why a file may not import a package, or "".
func refused(file, imp string) string {
	test := strings.HasSuffix(file, "_test.go")
	if imp == "gorgonia.org/gorgonia" && !test && !strings.HasPrefix(file, "runtime/gorgonia/") {
		return "only runtime/gorgonia uses Gorgonia"
	}
	rest, own := strings.CutPrefix(imp, "graft/")
	if !own || test {
		return ""
	}
	if strings.HasPrefix(file, "zoo/") && strings.HasPrefix(filepath.Base(file), "model") {
		for _, ok := range modelImports {
			if imp == ok {
				return ""
			}
		}
		return "a model definition imports graph, feedback and zoo/layer alone"
	}
	if level(rest) > level(file) {
		return "imports point from the command line down to the graph"
	}
	return ""
}

func level(path string) int {
	top, _, _ := strings.Cut(path, "/")
	for i, l := range layers {
		if l == top {
			return i
		}
	}
	return len(layers)
}

func TestImportRulesRefuse(t *testing.T) {
	for _, c := range []struct {
		file, imp string
		refused   bool
	}{
		{"graph/graph.go", "graft/passes", true},
		{"passes/cse.go", "graft/graph", false},
		{"passes/cse.go", "graft/runtime", true},
		{"zoo/mlp/model.go", "graft/zoo/layer", false},
		{"zoo/mlp/model.go", "graft/runtime", true},
		{"zoo/mlp/entry.go", "graft/runtime/train", false},
		{"runtime/state.go", "gorgonia.org/gorgonia", true},
		{"runtime/gorgonia/lower.go", "gorgonia.org/gorgonia", false},
	} {
		if got := refused(c.file, c.imp) != ""; got != c.refused {
			t.Errorf("%s importing %s: refused=%v, want %v", c.file, c.imp, got, c.refused)
		}
	}
}
