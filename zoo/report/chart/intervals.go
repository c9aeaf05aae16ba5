package chart

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Intervals is estimates below each other, in groups with titles: a dot with its interval, and the published number as a hollow diamond.
type Intervals struct {
	X      Axis
	Groups []Group
	Width  float64 // pixels, by default 480; the height follows from the rows
}

// Group is rows under a title, or without one.
type Group struct {
	Title string
	Rows  []Estimate
}

// Estimate is a row: Mean with the interval Mean - Half to Mean + Half.
type Estimate struct {
	Label      string
	Style      Style
	Mean, Half float64
	Published  *float64 // nil where there is none
}

// Half95 returns half the width of the 95 % interval of a mean of n values with the standard deviation std (n-1), by Student's t; 0 for
// fewer than two values.
func Half95(std float64, n int) float64 {
	if n < 2 {
		return 0
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(0.975)
	return t * std / math.Sqrt(float64(n))
}

const rowHeight = 24

// lines returns the rows with the groups' titles among them.
func (v *Intervals) lines() int {
	n := 0
	for _, g := range v.Groups {
		n += len(g.Rows)
		if g.Title != "" {
			n++
		}
	}
	return n
}

func (v *Intervals) size() (width, height vg.Length) {
	height = vg.Length(v.lines()*rowHeight + keyHeight + 50)
	if v.X.Label != "" {
		height += 22
	}
	return or(v.Width, 480), height
}

func (v *Intervals) check() error {
	rows := 0
	for _, g := range v.Groups {
		for _, r := range g.Rows {
			if err := finite(r.Label, r.Mean, r.Half); err != nil {
				return err
			}
			if r.Half < 0 || r.Style < 0 {
				return fmt.Errorf("%q has the half width %g and the style %d", r.Label, r.Half, r.Style)
			}
			if r.Published != nil {
				if err := finite(r.Label, *r.Published); err != nil {
					return err
				}
			}
			rows++
		}
	}
	if rows == 0 {
		return errors.New("no rows")
	}
	return v.X.check("x")
}

func (v *Intervals) draw(c draw.Canvas) {
	c = draw.Crop(c, 6, -10, 4, -6)
	c = drawLegend(c, v.keys(), 30)
	c.Max.Y -= 8

	label, title := textStyle(ink, textSize, false), textStyle(ink, textSize, true)
	gutter := vg.Length(0)
	for _, g := range v.Groups {
		gutter = max(gutter, title.Width(g.Title))
		for _, r := range g.Rows {
			gutter = max(gutter, 12+label.Width(r.Label))
		}
	}
	p := newPlot(v.X)
	p.X.Min, p.X.Max = v.X.limits(v.values())
	p.Y.Min, p.Y.Max = 0, float64(v.lines())
	p.Y.Tick.Marker = plot.ConstantTicks{}
	p.Add(grid(true, false), plotFunc(v.plotRows))
	right := draw.Crop(c, min(gutter+10, (c.Max.X-c.Min.X)/2), 0, 0, 0)
	p.Draw(right)

	data := p.DataCanvas(right)
	line := 0
	write := func(style draw.TextStyle, indent vg.Length, s string) {
		y := data.Y(p.Y.Norm(float64(v.lines()-line) - 0.5))
		middle(c, style, vg.Point{X: c.Min.X + indent, Y: y}, s)
		line++
	}
	for _, g := range v.Groups {
		indent := vg.Length(0)
		if g.Title != "" {
			write(title, 0, g.Title)
			indent = 12
		}
		for _, r := range g.Rows {
			write(label, indent, r.Label)
		}
	}
}

// values returns all that must be seen.
func (v *Intervals) values() []float64 {
	var all []float64
	for _, g := range v.Groups {
		for _, r := range g.Rows {
			all = append(all, r.Mean-r.Half, r.Mean+r.Half)
			if r.Published != nil {
				all = append(all, *r.Published)
			}
		}
	}
	return all
}

// plotFunc is a function as a [plot.Plotter].
type plotFunc func(draw.Canvas, *plot.Plot)

func (f plotFunc) Plot(c draw.Canvas, p *plot.Plot) { f(c, p) }

// plotRows draws the intervals; what lies outside a given range is left out.
func (v *Intervals) plotRows(c draw.Canvas, p *plot.Plot) {
	line := 0
	for _, g := range v.Groups {
		if g.Title != "" {
			line++
		}
		for _, r := range g.Rows {
			at := func(x float64) vg.Point {
				return vg.Point{X: c.X(p.X.Norm(x)), Y: c.Y(p.Y.Norm(float64(v.lines()-line) - 0.5))}
			}
			c.StrokeLines(interval(r.Style), c.ClipLinesX([]vg.Point{at(r.Mean - r.Half), at(r.Mean + r.Half)})...)
			if r.Published != nil {
				if mark := at(*r.Published); c.ContainsX(mark.X) {
					c.DrawGlyph(published, mark)
				}
			}
			if dot := at(r.Mean); c.ContainsX(dot.X) {
				c.DrawGlyph(r.Style.glyph(4), dot)
			}
			line++
		}
	}
}

// published is larger than our own dots and open, so that each is seen where they meet.
var published = draw.GlyphStyle{Color: ink.light, Radius: 6.5, Shape: hollow{{-1.2, 0}, {0, 1.2}, {1.2, 0}, {0, -1.2}}}

func interval(s Style) draw.LineStyle { return draw.LineStyle{Color: s.color(), Width: 2.5} }

func (v *Intervals) keys() []key {
	var style Style
	some, first := false, true
	for _, g := range v.Groups {
		for _, r := range g.Rows {
			if first {
				style, first = r.Style, false
			}
			some = some || r.Published != nil
		}
	}
	keys := []key{{"ours, 95 % interval", func(c *draw.Canvas, from, to vg.Point) {
		c.StrokeLine2(interval(style), from.X, from.Y, to.X, to.Y)
		c.DrawGlyph(style.glyph(4), vg.Point{X: (from.X + to.X) / 2, Y: from.Y})
	}}}
	if some {
		keys = append(keys, key{"published", func(c *draw.Canvas, from, to vg.Point) {
			c.DrawGlyph(published, vg.Point{X: (from.X + to.X) / 2, Y: from.Y})
		}})
	}
	return keys
}
