// Package reproduce trains what a table or figure of the paper is made of, over many seeds, and writes a report with ours beside the
// published.
//
// A [Study] is one of them. It consists of cells (a model on a data set, trained in a mode, by a route), each trained for every
// seed. [Runner] trains them side by side and keeps each training in a file as it ends, so that a study that was interrupted goes on
// from there and comes to the same numbers, and studies that share a directory share what they have in common. The report is made
// of these files alone.
package reproduce
