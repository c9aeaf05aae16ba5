package report_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/zoo/report"
)

func read(t testing.TB, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRefused has a page for each fault. Of none is anything written.
func TestRefused(t *testing.T) {
	svg := func(inside string) *report.Figure {
		return &report.Figure{Name: "f", Alt: "a", SVG: []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + inside + `</svg>`)}
	}
	ok := svg("")
	group := []report.Group{{Columns: []string{"a", "b"}}}
	for name, c := range map[string]struct {
		blocks []report.Block
		want   string
	}{
		"nil":             {[]report.Block{nil}, "section 1, block 1: is nil"},
		"nil table":       {[]report.Block{(*report.Table)(nil)}, "nil table"},
		"nil figure":      {[]report.Block{report.Columns{nil}}, "nil figure"},
		"no columns":      {[]report.Block{&report.Table{}}, "no columns"},
		"empty group":     {[]report.Block{&report.Table{Groups: append(group, report.Group{Title: "g"})}}, `group 2 "g" has no columns`},
		"ragged":          {[]report.Block{&report.Table{Groups: group, Rows: []report.Row{{Head: "r", Cells: make([]report.Cell, 3)}}}}, "3 cells for 2 columns"},
		"mark":            {[]report.Block{&report.Table{Groups: group, Rows: []report.Row{{Cells: []report.Cell{{Mark: 9}, {}}}}}}, "unknown mark 9"},
		"twice":           {[]report.Block{ok, report.Columns{ok}}, "used twice"},
		"name":            {[]report.Block{&report.Figure{Name: "../f", Alt: "a", SVG: ok.SVG}}, `name "../f"`},
		"no alternative":  {[]report.Block{&report.Figure{Name: "f", SVG: ok.SVG}}, "alternative"},
		"no drawing":      {[]report.Block{&report.Figure{Name: "f", Alt: "a"}}, "no root"},
		"not XML":         {[]report.Block{svg("<g>")}, "not XML"},
		"other root":      {[]report.Block{&report.Figure{Name: "f", Alt: "a", SVG: []byte("<p/>")}}, "root is <p>"},
		"two roots":       {[]report.Block{&report.Figure{Name: "f", Alt: "a", SVG: append(append([]byte{}, ok.SVG...), ok.SVG...)}}, "several"},
		"prologue":        {[]report.Block{&report.Figure{Name: "f", Alt: "a", SVG: append([]byte("<?xml version='1.0'?>"), ok.SVG...)}}, "declaration"},
		"script":          {[]report.Block{svg("<script/>")}, "<script>"},
		"handler":         {[]report.Block{svg("<g onclick='x'/>")}, "onclick"},
		"reference":       {[]report.Block{svg("<use href='http://example.org/a'/>")}, "loads or runs"},
		"style":           {[]report.Block{svg("<g style='fill:url(http://example.org)'/>")}, "loads or runs"},
		"import":          {[]report.Block{svg("<style>@import 'a'</style>")}, "style loads"},
		"javascript link": {[]report.Block{report.Links{{Href: "javascript:alert(1)"}}}, "leads neither"},
		"link above":      {[]report.Block{report.Links{{Href: "a/../../b"}}}, "leads neither"},
		"absolute link":   {[]report.Block{report.Links{{Href: "//example.org"}}}, "leads neither"},
		"broken link":     {[]report.Block{report.Links{{Href: "https://example.org/>)"}}}, "leads neither"},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		err := report.Write(dir, &report.Page{Sections: []report.Section{{Blocks: c.blocks}}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: something is written", name)
		}
	}
}

// TestCode keeps lines, and fences that are longer than those in them.
func TestCode(t *testing.T) {
	dir := t.TempDir()
	code := "a <b>\n\n  ```` c\n"
	if err := report.Write(dir, &report.Page{Sections: []report.Section{{Blocks: []report.Block{report.Code(code)}}}}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "report.md"); !strings.HasSuffix(got, "\n`````\na <b>\n\n  ```` c\n`````\n") {
		t.Errorf("%q", got)
	}
	if got := read(t, dir, "report.html"); !strings.Contains(got, "<code>a &lt;b&gt;\n\n  ```` c\n</code>") {
		t.Errorf("%q", got)
	}
}

// TestContents has a list of contents from two titles on.
func TestContents(t *testing.T) {
	for want, sections := range map[int][]report.Section{
		0: {{Title: "a"}, {}},
		2: {{Title: "a"}, {}, {Title: "b"}},
	} {
		dir := t.TempDir()
		if err := report.Write(dir, &report.Page{Title: "t", Sections: sections}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(read(t, dir, "report.html"), `<li><a href="#section-`); got != want {
			t.Errorf("%d entries for %v, want %d", got, sections, want)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		mean, std float64
		n         int
		published float64
		want      report.Mark
	}{
		{80, 0.5, 10, 81, report.Agrees}, // exactly two deviations
		{80, 0.5, 10, 79, report.Agrees},
		{80, 0.5, 10, 81.25, report.Differs},
		{80, 0, 1, 80, report.None},
		{80, 0, 2, 80, report.Agrees},
		{math.NaN(), 1, 5, 80, report.None},
		{80, math.NaN(), 5, 80, report.None},
	} {
		if got := report.Compare(c.mean, c.std, c.n, c.published); got != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
}

func TestRows(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rows.csv")
	if err := report.WriteCSV(path, []string{"model", "mean"}, [][]string{{`a,"b"`, "1.5"}, {"x\ny", ""}}); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, dir, "rows.csv"), "model,mean\n\"a,\"\"b\"\"\",1.5\n\"x\ny\",\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if err := report.WriteCSV(path, []string{"model", "mean"}, [][]string{{"a", "1"}, {"b"}}); err == nil || !strings.Contains(err.Error(), "rows.csv: row 2 has 1 fields for 2") {
		t.Errorf("ragged rows: %v", err)
	}

	type row struct {
		Model string  `json:"model"`
		Mean  float64 `json:"mean"`
	}
	path = filepath.Join(dir, "rows.json")
	if err := report.WriteJSON(path, []row{{"<a>", 1.5}, {"b", 0}}); err != nil {
		t.Fatal(err)
	}
	want := "{\"model\":\"<a>\",\"mean\":1.5}\n{\"model\":\"b\",\"mean\":0}\n"
	if err := report.WriteJSON(path, []row{{"b", math.NaN()}}); err == nil || !strings.Contains(err.Error(), "rows.json: row 1") {
		t.Errorf("not a number: %v", err)
	}
	if got := read(t, dir, "rows.json"); got != want { // the failed write has left it
		t.Errorf("%q, want %q", got, want)
	}
}
