package report

// Page is a report. Its contents are listed where it has several sections.
type Page struct {
	Title    string
	Lead     string // what the report says, in a sentence or two
	Sections []Section
}

// Section is a part of a page. One without a title carries on where the last one ended.
type Section struct {
	Title  string
	Blocks []Block
}

// Block is a [Paragraph], a [List], [Code], [Links], a [*Table], a [*Figure] or [Columns].
type Block interface {
	check(*checker)
	markdown(*markdown)
}

// Paragraph is running text.
type Paragraph string

// List is an unordered list.
type List []string

// Code is text that keeps its lines, such as the commands that made the report.
type Code string

// Links is a row of links.
type Links []Link

// Link leads to a file beside the report (a relative path without "..") or to an http or https address.
type Link struct{ Text, Href string }

// Figure is a drawing with its caption below it.
type Figure struct {
	Name    string // of its files, without extension: letters, digits, "-" and "_"
	Caption string
	Alt     string // what is to be seen, for who cannot see it
	SVG     []byte // without scripts and references to anything outside it
	PNG     []byte // optional, written beside the SVG
}

// Columns is figures side by side (small multiples), below each other where the screen is narrow.
type Columns []*Figure
