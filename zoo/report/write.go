package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"graft/runtime/atomicfile"
)

// Write writes the page into a directory, which it makes where it is missing: the figures, then report.md and report.html.
func Write(dir string, p *Page) error {
	figures, err := check(p)
	if err != nil {
		return err
	}
	into := dir
	if len(figures) > 0 {
		into = filepath.Join(dir, "figures")
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	for _, f := range figures {
		if err := writeBytes(filepath.Join(into, f.Name+".svg"), f.SVG); err != nil {
			return err
		}
		if len(f.PNG) > 0 {
			if err := writeBytes(filepath.Join(into, f.Name+".png"), f.PNG); err != nil {
				return err
			}
		}
	}
	if err := atomicfile.Write(filepath.Join(dir, "report.md"), func(w io.Writer) error { return renderMarkdown(w, p) }); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, "report.html"), func(w io.Writer) error { return renderHTML(w, p) })
}

func writeBytes(path string, b []byte) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// WriteCSV writes a table with its head as CSV (RFC 4180 with line feeds). All rows are as long as the head.
func WriteCSV(path string, head []string, rows [][]string) error {
	for i, r := range rows {
		if len(r) != len(head) {
			return fmt.Errorf("report: %s: row %d has %d fields for %d columns", filepath.Base(path), i+1, len(r), len(head))
		}
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		c := csv.NewWriter(w)
		if err := c.Write(head); err != nil {
			return err
		}
		return c.WriteAll(rows)
	})
}

// WriteJSON writes rows as JSON lines. Not a number and infinities are errors, as JSON has no words for them.
func WriteJSON[T any](path string, rows []T) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for i, r := range rows {
			if err := e.Encode(r); err != nil {
				return fmt.Errorf("report: %s: row %d: %w", filepath.Base(path), i+1, err)
			}
		}
		return nil
	})
}
