package chart

import (
	"bytes"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Chart is [Lines], [Scatter] or [Intervals].
type Chart interface {
	check() error
	size() (width, height vg.Length)
	draw(draw.Canvas)
}

// SVG draws a chart as an SVG element.
func SVG(c Chart) ([]byte, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	canvas := newSVG(c.size())
	c.draw(draw.New(canvas))
	return canvas.bytes()
}

// PNG draws a chart for a light background, with two pixels for one of its width.
func PNG(c Chart) ([]byte, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	w, h := c.size()
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(2*72), vgimg.UseBackgroundColor(paper.light))}
	c.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func check(c Chart) error {
	if err := c.check(); err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	if w, h := c.size(); !(w >= 100 && h >= 60 && w <= 4000 && h <= 8000) {
		return fmt.Errorf("chart: %g x %g pixels: at least 100 x 60 and at most 4000 x 8000", float64(w), float64(h))
	}
	return nil
}

// finite returns an error for what cannot be drawn. Beyond 1e300, differences overflow.
func finite(what string, values ...float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.Abs(v) > 1e300 {
			return fmt.Errorf("%s: value %d is %g", what, i+1, v)
		}
	}
	return nil
}

// or returns a size, or its default where it is zero.
func or(size, otherwise float64) vg.Length {
	if size == 0 {
		return vg.Length(otherwise)
	}
	return vg.Length(size)
}
