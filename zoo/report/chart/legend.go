package chart

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// key is an entry of a legend: a name beside a sample of its style.
type key struct {
	name   string
	sample func(c *draw.Canvas, from, to vg.Point) // between two points at middle height
}

const (
	keyHeight = 20
	keyGap    = 14
)

// legendColumns returns how many keys stand beside each other in a width, at least one, and their distance.
func legendColumns(keys []key, width, sample vg.Length) (columns int, step vg.Length) {
	style := textStyle(ink, textSize, false)
	for _, k := range keys {
		step = max(step, sample+keyGap+style.Width(k.name))
	}
	return max(1, min(len(keys), int((width+keyGap)/(step+keyGap)))), step + keyGap
}

// legendHeight is the height of all rows.
func legendHeight(keys []key, width, sample vg.Length) vg.Length {
	columns, _ := legendColumns(keys, width, sample)
	return vg.Length((len(keys) + columns - 1) / columns * keyHeight)
}

// drawLegend draws keys in columns from the top left corner of c, and returns what is left of c below them.
func drawLegend(c draw.Canvas, keys []key, sample vg.Length) draw.Canvas {
	style := textStyle(ink, textSize, false)
	width := c.Max.X - c.Min.X
	columns, step := legendColumns(keys, width, sample)
	for i, k := range keys {
		at := vg.Point{X: c.Min.X + vg.Length(i%columns)*step, Y: c.Max.Y - vg.Length(i/columns*keyHeight) - keyHeight/2}
		k.sample(&c, at, at.Add(vg.Point{X: sample}))
		middle(c, style, at.Add(vg.Point{X: sample + keyGap/2}), k.name)
	}
	c.Max.Y -= legendHeight(keys, width, sample)
	return c
}

// middle writes text with the middle of its small letters at a height.
func middle(c draw.Canvas, style draw.TextStyle, at vg.Point, s string) {
	style.YAlign = draw.YBottom
	// YBottom puts the descent's lower edge there; 0.26 of the size above the base line is the middle of an x.
	at.Y -= style.FontExtents().Descent + style.Font.Size*0.26
	c.FillText(style, at, s)
}
