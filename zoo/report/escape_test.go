package report

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzEscape puts a text wherever a page has text: nothing but the text may differ from a page of harmless ones.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{
		"GAT", "a|b", "<script>alert(1)</script>", `"><img src=x onerror=y>`, "</title></style>]]>", "<!-- ", "&lt;", "**bold** _i_ `code`", "[a](javascript:b)",
		"![x](y)", "1. one", "12) x", "- x", "+", "===", "---", "# h", "> q", "```\nx\n```", "~~~", "a\nb\r\n\r\nc", "\\", "\\|", "a\\", "$x$", "{{.}}", "\x00\x01", "\xff\xfe",
		"\u2028", "\u00a0x", "| --- |", "é", "𝛼", "    code", "a  ", "<!DOCTYPE", "\u202e",
	} {
		f.Add(s)
	}
	plainHTML, plainMarkdown := rendered(f, "x")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.TrimSpace(shown(text)) == "" {
			t.Skip() // an empty text is left out, with what holds it
		}
		html, markdown := rendered(t, text)
		checkHTML(t, html, plainHTML, text)
		checkMarkdown(t, markdown, plainMarkdown, text)
	})
}

func rendered(t testing.TB, text string) (html, markdown string) {
	t.Helper()
	page := smallPage(text)
	page.Sections[0].Blocks = slices.DeleteFunc(page.Sections[0].Blocks, func(b Block) bool {
		_, code := b.(Code) // keeps its lines
		return code
	})
	var h, m strings.Builder
	if err := errors.Join(renderHTML(&h, page), renderMarkdown(&m, page)); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(h.String(), "<wbr/>", ""), m.String() // which texts with a colon have more of
}

// shown is a text as a reader sees it: white space collapsed, without control characters, in UTF-8.
func shown(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune(" \t\n\r\v\f\u0085\u2028\u2029", r):
			b.WriteByte(' ')
		case !unicode.IsControl(r) && r != '\uFFFE' && r != '\uFFFF':
			b.WriteRune(r)
		}
	}
	return strings.Join(slices.DeleteFunc(strings.Split(b.String(), " "), func(s string) bool { return s == "" }), " ")
}

// checkHTML holds the page to have the elements and attributes of the plain one, and the text wherever that has an x.
func checkHTML(t *testing.T, got, plain, text string) {
	t.Helper()
	a, b := tokens(t, got), tokens(t, plain)
	if len(a) != len(b) {
		t.Fatalf("%d elements, attributes and texts, the plain page has %d", len(a), len(b))
	}
	for i := range a {
		if want := strings.ReplaceAll(b[i], "x", shown(text)); b[i] == "x" && shown(a[i]) != want || b[i] != "x" && a[i] != b[i] {
			t.Fatalf("token %d is %q, want %q", i, a[i], want)
		}
	}
}

// tokens reads HTML that must be XML. Numbers' alignment follows from the text and is left out.
func tokens(t *testing.T, page string) []string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	var all []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			all = append(all, "<"+e.Name.Local)
			for _, a := range e.Attr {
				value := strings.ReplaceAll(a.Value, "number", "")
				all = append(all, a.Name.Local+"=", value)
			}
		case xml.EndElement:
			all = append(all, ">")
		case xml.CharData:
			if s := strings.Trim(string(e), " \n"); s != "" {
				all = append(all, s)
			}
		case xml.Comment, xml.ProcInst:
			t.Fatalf("the page has %T %q", e, e)
		}
	}
}

var (
	blockStart  = regexp.MustCompile(`^(\s|[-+*=>#~]|\d+[.)])`)
	rowOfTable  = regexp.MustCompile(`^\| .* \|$`)
	unescaped   = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)
	ruleOfTable = regexp.MustCompile(`^[-:| ]+$`)
)

// checkMarkdown holds the lines to be those of the plain page, and cells and paragraphs to say the text once escapes are undone.
func checkMarkdown(t *testing.T, got, plain, text string) {
	t.Helper()
	if !utf8.ValidString(got) {
		t.Fatal("not UTF-8")
	}
	a, b := strings.Split(got, "\n"), strings.Split(plain, "\n")
	if len(a) != len(b) {
		t.Fatalf("%d lines, the plain page has %d:\n%s", len(a), len(b), got)
	}
	for i := range b {
		if ruleOfTable.MatchString(b[i]) {
			if len(cells(a[i])) != len(cells(b[i])) || !ruleOfTable.MatchString(a[i]) {
				t.Fatalf("line %d is %q", i+1, a[i])
			}
			continue
		}
		if b[i] == "x" && blockStart.MatchString(a[i]) {
			t.Fatalf("line %d, %q, begins a block", i+1, a[i])
		}
		ours, theirs := []string{a[i]}, []string{b[i]}
		if rowOfTable.MatchString(b[i]) {
			ours, theirs = cells(a[i]), cells(b[i])
		}
		if len(ours) != len(theirs) {
			t.Fatalf("line %d is %q, with %d cells for %d", i+1, a[i], len(ours), len(theirs))
		}
		for j := range theirs {
			want := plainX.ReplaceAllLiteralString(theirs[j], shown(text))
			if show := unescaped.ReplaceAllString(ours[j], "$1"); letters(show) != letters(want) {
				t.Fatalf("line %d, cell %d shows %q, want %q", i+1, j, show, want)
			}
		}
	}
	checkSpecial(t, got)
}

// letters is a text without white space, which is collapsed where parts meet.
func letters(s string) string { return strings.Join(strings.Fields(s), "") }

// plainX is the plain text where it is no part of a word.
var plainX = regexp.MustCompile(`\bx\b`)

// checkSpecial holds "<" and "&" to be escaped wherever they are not the writer's own links.
func checkSpecial(t *testing.T, got string) {
	t.Helper()
	rest := strings.NewReplacer("](<rows.csv>)", "", "](<https://example.org/?a=b&c#d>)", "").Replace(got)
	for i := range len(rest) {
		if strings.IndexByte("<&", rest[i]) < 0 {
			continue
		}
		slashes := i - len(strings.TrimRight(rest[:i], `\`))
		if slashes%2 == 0 {
			t.Fatalf("%q is not escaped at %q", rest[i], rest[max(0, i-20):i+1])
		}
	}
}

// cells divides a row at its bars that are not escaped.
func cells(row string) []string {
	var all []string
	var b strings.Builder
	escaped := false
	for _, r := range row {
		if r == '|' && !escaped {
			all = append(all, strings.Trim(b.String(), " "))
			b.Reset()
			continue
		}
		b.WriteRune(r)
		escaped = r == '\\' && !escaped
	}
	return append(all, b.String())
}
