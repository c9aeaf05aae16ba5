// Package chart draws the figures of reports: learning curves ([Lines]), maps of points ([Scatter]) and estimates beside published numbers
// ([Intervals]). [SVG] and [PNG] make the same drawing as bytes.
//
// Conventions:
//
//   - Lengths are CSS pixels; a PNG has two pixels for one. The zero size is a default.
//   - The same chart is the same bytes.
//   - Colours are those of Okabe and Ito (Color Universal Design, 2008), which are told apart in all common forms of colour vision. A colour
//     never stands alone: a [Style] has its dash and its marker too. The same style looks the same in every chart.
//   - Legends stand outside of the data, above or below.
//   - Data must be finite; series and labels that do not fit together are errors.
//
// Axes, text and pixels are gonum.org/v1/plot's. Its SVG is not used: it fixes colours, repeats the whole style for each mark, and has
// a prologue that cannot stand inside an HTML page. The canvas here names colours by classes, so that a figure follows a reader's dark or light
// scheme, alone or in a page, and writes what is drawn in one style as one path: the map of PubMed's 19717 nodes stays below 400 kB.
// Text stays text, laid out with Liberation Sans and shown in it, or in Arial, whose widths are the same.
package chart
