// Package report writes results for readers: one [Page] as Markdown, as an HTML page, and its numbers as CSV and JSON lines.
//
// A page is sections of blocks: paragraphs, lists, commands, links, tables and figures. [Write] puts into a directory
//
//	report.md      refers to its figures by relative links, so that the directory can be moved, or shown by a forge
//	report.html    one file that needs no other: style and figures are in it, it has no script and asks the network for nothing
//	figures/       the figures, as SVG and where given as PNG
//
// and [WriteCSV] and [WriteJSON] put rows beside them, to which [Links] may point. The charts of package chart are made to be figures here.
//
// Conventions:
//
//   - All text is plain and is escaped where it is written: a name with < or | in it breaks nothing. White space is collapsed, but
//     in [Code].
//   - A cell's text is its result, its small lines say how sure that is. What is told by a colour is told by a sign too.
//   - A column whose cells are all numbers, or empty, is aligned to the right, and digits are equally wide.
//   - The same page is the same bytes: no dates, nothing random.
//   - A file is whole or not there (package atomicfile), and report.md and report.html are written after all figures. What is in the
//     directory already is replaced by name and otherwise left alone.
//   - A page that cannot be written (a ragged table, a figure's name used twice, an SVG that is not XML or would load or run something) is an error
//     that says where, and nothing is written.
package report
