package chart

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// Axis is an axis's label with the unit, and its range, which is found from the data where Min and Max are equal.
type Axis struct {
	Label    string
	Min, Max float64
}

func (a Axis) check(name string) error {
	if err := finite("the range of "+name, a.Min, a.Max); err != nil {
		return err
	}
	if a.Min > a.Max {
		return fmt.Errorf("the range of %s is from %g to %g", name, a.Min, a.Max)
	}
	return nil
}

// limits returns the axis's range, or one that holds the values and ends at ticks.
func (a Axis) limits(values []float64) (lo, hi float64) {
	if a.Min < a.Max {
		return a.Min, a.Max
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	if lo > hi {
		return 0, 1
	}
	if pad := max(math.Abs(lo)*1e-6, 1e-6); hi-lo < pad { // a single value
		lo, hi = lo-max(1, math.Abs(lo)/10), hi+max(1, math.Abs(hi)/10)
	}
	step := tickStep(lo, hi)
	return math.Floor(lo/step+1e-9) * step, math.Ceil(hi/step-1e-9) * step
}

// tickStep returns a step of 1, 2 or 5 times a power of ten that divides a range into at most six.
func tickStep(lo, hi float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10((hi-lo)/6)))
	for _, m := range []float64{1, 2, 5} {
		if (hi-lo)/(m*power) <= 6 {
			return m * power
		}
	}
	return 10 * power
}

// ticks marks the multiples of [tickStep], with as many decimals as they need.
type ticks struct{}

func (ticks) Ticks(lo, hi float64) []plot.Tick {
	step := tickStep(lo, hi)
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var marks []plot.Tick
	for i := math.Ceil(lo/step - 1e-9); i <= math.Floor(hi/step+1e-9) && len(marks) < 10; i++ {
		label := strconv.FormatFloat(i*step+0, 'f', decimals, 64)
		if decimals > 6 || step >= 1e7 {
			label = strconv.FormatFloat(i*step+0, 'g', 3, 64)
		}
		marks = append(marks, plot.Tick{Value: i * step, Label: label})
	}
	return marks
}

// newPlot returns axes without data: lines across at one axis's ticks, and nothing that is not needed to read values.
func newPlot(x Axis) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text = x.Label
	p.X.Label.Padding = 4
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		label, tick := textStyle(muted, textSize, false), textStyle(muted, tickSize, false)
		label.XAlign, label.YAlign = a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign
		tick.XAlign, tick.YAlign = a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Label.TextStyle, a.Tick.Label = label, tick
		a.Tick.Marker = ticks{}
		a.Tick.Length = 0
		a.LineStyle = draw.LineStyle{}
		a.Padding = 4
	}
	return p
}

// grid returns thin lines at the ticks of one axis.
func grid(vertical, horizontal bool) *plotter.Grid {
	g := plotter.NewGrid()
	line := draw.LineStyle{Color: rule.light, Width: 1}
	none := draw.LineStyle{Color: color.Color(nil)}
	g.Vertical, g.Horizontal = none, none
	if vertical {
		g.Vertical = line
	}
	if horizontal {
		g.Horizontal = line
	}
	return g
}
