package chart

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Scatter is a map of points coloured by class, without axes and with equal scales, such as t-SNE makes one. Classes are drawn in their
// order, and the legend stands below.
type Scatter struct {
	Classes       []Class
	Radius        float64 // of a point in pixels; by default 2.2
	Width, Height float64 // pixels; by default 372 x 440
}

// Class is points of one style.
type Class struct {
	Name  string
	Style Style
	X, Y  []float64
}

// ByClass divides points into the classes 0 to len(names)-1, with the styles of the same numbers.
func ByClass(names []string, class []int, x, y []float64) ([]Class, error) {
	if len(class) != len(x) || len(x) != len(y) {
		return nil, fmt.Errorf("chart: %d classes, %d x and %d y", len(class), len(x), len(y))
	}
	classes := make([]Class, len(names))
	for i, name := range names {
		classes[i] = Class{Name: name, Style: Style(i)}
	}
	for i, k := range class {
		if k < 0 || k >= len(names) {
			return nil, fmt.Errorf("chart: point %d is of class %d of %d", i, k, len(names))
		}
		classes[k].X, classes[k].Y = append(classes[k].X, x[i]), append(classes[k].Y, y[i])
	}
	return classes, nil
}

func (s *Scatter) size() (width, height vg.Length) { return or(s.Width, 372), or(s.Height, 440) }

func (s *Scatter) check() error {
	points := 0
	for _, k := range s.Classes {
		if len(k.X) != len(k.Y) {
			return fmt.Errorf("class %q has %d x and %d y", k.Name, len(k.X), len(k.Y))
		}
		if k.Style < 0 {
			return fmt.Errorf("class %q has style %d", k.Name, k.Style)
		}
		if err := errors.Join(finite(k.Name, k.X...), finite(k.Name, k.Y...)); err != nil {
			return err
		}
		points += len(k.X)
	}
	if points == 0 {
		return errors.New("no points")
	}
	return finite("radius", s.Radius)
}

func (s *Scatter) draw(c draw.Canvas) {
	c = draw.Crop(c, 6, -6, 6, -6)
	radius := or(s.Radius, 2.2)
	var keys []key
	for _, k := range s.Classes {
		keys = append(keys, key{k.Name, func(c *draw.Canvas, from, to vg.Point) {
			c.DrawGlyph(k.Style.glyph(4), vg.Point{X: (from.X + to.X) / 2, Y: from.Y})
		}})
	}
	below := c
	below.Max.Y = c.Min.Y + legendHeight(keys, c.Max.X-c.Min.X, 10)
	drawLegend(below, keys, 10)
	c.Min.Y = below.Max.Y + 8

	at := s.place(draw.Crop(c, radius, -radius, radius, -radius).Rectangle)
	for _, k := range s.Classes {
		style := k.Style.glyph(radius)
		for i := range k.X {
			c.DrawGlyph(style, at(k.X[i], k.Y[i]))
		}
	}
}

// place returns the map from data to the middle of a rectangle, of the same scale in x and y.
func (s *Scatter) place(r vg.Rectangle) func(x, y float64) vg.Point {
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, k := range s.Classes {
		for i := range k.X {
			x0, x1 = min(x0, k.X[i]), max(x1, k.X[i])
			y0, y1 = min(y0, k.Y[i]), max(y1, k.Y[i])
		}
	}
	scale := min(float64(r.Size().X)/max(x1-x0, 1e-300), float64(r.Size().Y)/max(y1-y0, 1e-300))
	if x1 == x0 && y1 == y0 { // one place: the middle
		scale = 0
	}
	middle := vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2}
	return func(x, y float64) vg.Point {
		return middle.Add(vg.Point{X: vg.Length((x - (x0+x1)/2) * scale), Y: vg.Length((y - (y0+y1)/2) * scale)})
	}
}
