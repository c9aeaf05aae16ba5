package graph

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// line is a cursor over one line of the text form. White space and comments separate tokens and mean nothing else.
type line struct {
	text string
	at   int // offset of the next unread byte
}

// col returns the column, counted in bytes from 1, of the next token.
func (l *line) col() int {
	l.skip()
	return l.at + 1
}

// skip moves over white space. When only a comment or nothing follows, it ends the line behind the last token.
func (l *line) skip() {
	i := l.at
	for i < len(l.text) && strings.IndexByte(" \t\r", l.text[i]) >= 0 {
		i++
	}
	if i == len(l.text) || strings.HasPrefix(l.text[i:], "//") {
		l.text = l.text[:l.at]
		return
	}
	l.at = i
}

// peek reports whether the next token begins with c.
func (l *line) peek(c byte) bool {
	l.skip()
	return l.at < len(l.text) && l.text[l.at] == c
}

// take moves over c if it comes next.
func (l *line) take(c byte) bool {
	if !l.peek(c) {
		return false
	}
	l.at++
	return true
}

// done reports whether nothing is left.
func (l *line) done() bool {
	l.skip()
	return l.at == len(l.text)
}

// run takes the longest run of bytes that ok accepts; it may be empty.
func (l *line) run(ok func(c byte) bool) string {
	l.skip()
	start := l.at
	for l.at < len(l.text) && ok(l.text[l.at]) && !strings.HasPrefix(l.text[l.at:], "//") {
		l.at++
	}
	return l.text[start:l.at]
}

// word takes an identifier or a number of a dimension.
func (l *line) word() string { return l.run(isWordByte) }

// name takes what may stand behind '%', or name a graph.
func (l *line) name() string {
	return l.run(func(c byte) bool { return isWordByte(c) || c == '-' || c == '.' || c == '/' })
}

// number takes a decimal number.
func (l *line) number() string {
	return l.run(func(c byte) bool { return '0' <= c && c <= '9' || strings.IndexByte("+-.eE", c) >= 0 })
}

// quoted takes a string in Go's double-quoted form.
func (l *line) quoted() (string, error) {
	if !l.peek('"') {
		return "", fmt.Errorf("a quoted string was expected, found %s", l.found())
	}
	q, err := strconv.QuotedPrefix(l.text[l.at:])
	if err != nil {
		return "", fmt.Errorf("the string has no end, or a wrong escape in it")
	}
	l.at += len(q)
	return strconv.Unquote(q)
}

// found describes the next token for messages.
func (l *line) found() string {
	if l.done() {
		return "the end of the line"
	}
	rest := line{l.text, l.at}
	if rest.name() == "" {
		_, size := utf8.DecodeRuneInString(rest.text[rest.at:])
		rest.at += size
	}
	return strconv.Quote(shorten(l.text[l.at:rest.at]))
}

// shorten keeps messages about hostile input readable.
func shorten(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
