package chart

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lines is learning curves: for each series a line with a band of one deviation around it. What lies outside a given range is cut off.
type Lines struct {
	X, Y          Axis
	Series        []Series
	Width, Height float64 // pixels; by default 480 x 320
}

// Series is a curve: its mean at each x and, where Dev is not nil, the half width of the band.
type Series struct {
	Name         string
	Style        Style
	X, Mean, Dev []float64
}

// OverSeeds returns the mean and the standard deviation (n-1, 0 for a single run) of runs[seed][i] at x[i]. It ends where the shortest run or
// x ends: a mean over the runs that are left would change with who is left.
func OverSeeds(name string, style Style, x []float64, runs [][]float64) Series {
	n := len(x)
	for _, r := range runs {
		n = min(n, len(r))
	}
	s := Series{Name: name, Style: style, X: x[:n]}
	if len(runs) == 0 {
		s.X = nil
	}
	values := make([]float64, len(runs))
	for i := range s.X {
		for j, r := range runs {
			values[j] = r[i]
		}
		dev := 0.0
		if len(values) > 1 {
			dev = stat.StdDev(values, nil)
		}
		s.Mean, s.Dev = append(s.Mean, stat.Mean(values, nil)), append(s.Dev, dev)
	}
	return s
}

func (l *Lines) size() (width, height vg.Length) { return or(l.Width, 480), or(l.Height, 320) }

func (l *Lines) check() error {
	if len(l.Series) == 0 {
		return errors.New("no series")
	}
	for _, s := range l.Series {
		if len(s.X) != len(s.Mean) || s.Dev != nil && len(s.Dev) != len(s.X) {
			return fmt.Errorf("series %q has %d x, %d means and %d deviations", s.Name, len(s.X), len(s.Mean), len(s.Dev))
		}
		if s.Style < 0 {
			return fmt.Errorf("series %q has style %d", s.Name, s.Style)
		}
		if err := errors.Join(finite(s.Name, s.X...), finite(s.Name, s.Mean...), finite(s.Name, s.Dev...)); err != nil {
			return err
		}
	}
	return errors.Join(l.X.check("x"), l.Y.check("y"))
}

func (l *Lines) draw(c draw.Canvas) {
	c = draw.Crop(c, 4, -8, 4, -4)
	var keys []key
	p := newPlot(l.X)
	p.Add(grid(false, true))
	var xs, ys []float64
	for _, s := range l.Series {
		xs = append(xs, s.X...)
		for i, m := range s.Mean {
			ys = append(ys, m-s.dev(i), m+s.dev(i))
		}
		p.Add(s.plotBand())
	}
	for _, s := range l.Series {
		p.Add(s.plotLine())
		keys = append(keys, key{s.Name, s.sample})
	}
	p.X.Min, p.X.Max = limitsX(l.X, xs)
	p.Y.Min, p.Y.Max = l.Y.limits(ys)
	c = drawLegend(c, keys, 30)
	if l.Y.Label != "" { // level, so that it is read without turning the head
		c.Max.Y -= 6
		style := textStyle(muted, textSize, false)
		middle(c, style, vg.Point{X: c.Min.X, Y: c.Max.Y - keyHeight/2}, l.Y.Label)
		c.Max.Y -= keyHeight + 4
	}
	p.Draw(c)
}

// limitsX is limits without rounding to ticks: curves begin and end at the axes' ends.
func limitsX(a Axis, xs []float64) (lo, hi float64) {
	lo, hi = a.limits(xs)
	if a.Min < a.Max || len(xs) == 0 {
		return lo, hi
	}
	first, last := math.Inf(1), math.Inf(-1)
	for _, x := range xs {
		first, last = min(first, x), max(last, x)
	}
	if first < last {
		return first, last
	}
	return lo, hi
}

func (s Series) dev(i int) float64 {
	if s.Dev == nil {
		return 0
	}
	return s.Dev[i]
}

// bandColor is the series's colour, thin enough that bands show through each other.
func (s Series) bandColor() color.NRGBA {
	k := s.Style.color()
	k.A = 46
	return k
}

// plotBand returns the area between mean - dev and mean + dev.
func (s Series) plotBand() *plotter.Polygon {
	var ring plotter.XYs
	if s.Dev != nil {
		for i, x := range s.X {
			ring = append(ring, plotter.XY{X: x, Y: s.Mean[i] + s.Dev[i]})
		}
		for i := len(s.X) - 1; i >= 0; i-- {
			ring = append(ring, plotter.XY{X: s.X[i], Y: s.Mean[i] - s.Dev[i]})
		}
	}
	return &plotter.Polygon{XYs: []plotter.XYs{ring}, Color: s.bandColor()}
}

func (s Series) plotLine() *plotter.Line {
	line := make(plotter.XYs, len(s.X))
	for i, x := range s.X {
		line[i] = plotter.XY{X: x, Y: s.Mean[i]}
	}
	return &plotter.Line{XYs: line, LineStyle: s.Style.line()}
}

// sample is the line on a piece of its band.
func (s Series) sample(c *draw.Canvas, from, to vg.Point) {
	if s.Dev != nil {
		c.FillPolygon(s.bandColor(), []vg.Point{{X: from.X, Y: from.Y - 6}, {X: to.X, Y: to.Y - 6}, {X: to.X, Y: to.Y + 6}, {X: from.X, Y: from.Y + 6}})
	}
	c.StrokeLine2(s.Style.line(), from.X, from.Y, to.X, to.Y)
}
