package report

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// smallPage has every block, once.
func smallPage(text string) *Page {
	drawing := func(name string) *Figure {
		return &Figure{Name: name, Caption: text, Alt: text,
			SVG: []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></svg>`)}
	}
	second := drawing("second")
	second.PNG = []byte("stands for a PNG")
	return &Page{Title: text, Lead: text, Sections: []Section{
		{Title: text, Blocks: []Block{
			Paragraph(text),
			List{text, text},
			Code(text),
			Links{{Text: text, Href: "rows.csv"}, {Text: text, Href: "https://example.org/?a=b&c#d"}},
		}},
		{Title: text, Blocks: []Block{
			&Table{
				Caption: text, Corner: text, Notes: []string{text},
				Groups: []Group{{Title: text, Columns: []string{text, text}}, {Columns: []string{text}}},
				Rows: []Row{
					{Head: text, Cells: []Cell{
						{Text: text, Sub: []string{text, text}, Bold: true, Mark: Agrees, Title: text}, {Text: "80.1", Mark: Differs}, {}}},
					{Head: text, Cells: []Cell{{}, {Text: "−3"}, {Text: "± 1"}}},
				},
			},
			drawing("first"),
			Columns{second, drawing("third")},
		}},
	}}
}

// TestGolden holds the files of a small page to those in testdata; -update rewrites them. Writing again changes nothing.
func TestGolden(t *testing.T) {
	dir, again := t.TempDir(), t.TempDir()
	page := smallPage("a|b <i> & *c*")
	for _, d := range []string{dir, again, again} {
		if err := Write(d, page); err != nil {
			t.Fatal(err)
		}
	}
	got := files(t, dir)
	if diff := cmp.Diff(got, files(t, again)); diff != "" {
		t.Errorf("the same page is other files: %s", diff)
	}
	var names []string
	for _, name := range []string{"figures/first.svg", "figures/second.png", "figures/second.svg", "figures/third.svg", "report.html", "report.md"} {
		if _, ok := got[name]; ok {
			names = append(names, name)
		}
	}
	if len(names) != 6 || len(got) != 6 {
		t.Errorf("there are %d files, and of those expected %q", len(got), names)
	}
	for _, name := range []string{"report.html", "report.md"} {
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, []byte(got[name]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got[name]); diff != "" {
			t.Errorf("%s (-golden +now; -update accepts it): %s", name, diff)
		}
	}
}

// files reads a directory.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
