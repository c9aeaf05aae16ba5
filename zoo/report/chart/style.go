package chart

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Style is how a series looks: its colour, dash and marker. Any number from 0 is one; they begin again after eight.
type Style int

// The styles of the modes. Others begin after Shallow.
const (
	BP Style = iota
	DFA
	Shallow
)

// hue is a colour by its class in SVG, for a light and for a dark background.
type hue struct {
	class       string
	light, dark color.NRGBA
}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 255}
}

var (
	paper = hue{"paper", rgb(0xffffff), rgb(0x14171a)}
	ink   = hue{"ink", rgb(0x1c2024), rgb(0xe4e7ea)}
	muted = hue{"muted", rgb(0x5b6470), rgb(0xa2abb5)}
	rule  = hue{"rule", rgb(0xd5dae0), rgb(0x3a4149)}

	// series has Okabe and Ito's colours; where the background is dark, the dark ones are lighter.
	series = []hue{
		{"blue", rgb(0x0072b2), rgb(0x3b97d9)},
		{"vermilion", rgb(0xd55e00), rgb(0xf0782a)},
		{"green", rgb(0x009e73), rgb(0x1fb98d)},
		{"purple", rgb(0xcc79a7), rgb(0xd98fb8)},
		{"orange", rgb(0xe69f00), rgb(0xe69f00)},
		{"sky", rgb(0x56b4e9), rgb(0x8fd0f7)},
		{"black", rgb(0x000001), rgb(0xf5f6f7)},  // not quite black, which is what a canvas begins with
		{"yellow", rgb(0xd9c400), rgb(0xf0e442)}, // theirs is too light for thin marks on white
	}
	hues = append([]hue{paper, ink, muted, rule}, series...)

	dashes  = [][]vg.Length{nil, {8, 3}, {2, 2.5}, {10, 3, 2, 3}, {4, 2}, {14, 3}, {6, 2, 2, 2, 2, 2}, {1, 4}}
	markers = []draw.GlyphDrawer{
		draw.CircleGlyph{},
		stroked{1.7, [][2]vg.Length{{-0.85, 0}, {0.85, 0}}}, // a square
		filled{{-1.1, -0.75}, {0, 1.15}, {1.1, -0.75}},
		filled{{-1.2, 0}, {0, 1.2}, {1.2, 0}, {0, -1.2}},
		stroked{0.6, [][2]vg.Length{{-1.1, 0}, {1.1, 0}, {0, -1.1}, {0, 1.1}}},
		stroked{0.6, [][2]vg.Length{{-0.85, -0.85}, {0.85, 0.85}, {-0.85, 0.85}, {0.85, -0.85}}},
		filled{{-1.1, 0.75}, {0, -1.15}, {1.1, 0.75}},
		stroked{0.6, [][2]vg.Length{{-0.75, -0.9}, {-0.75, 0.9}, {0.75, -0.9}, {0.75, 0.9}}},
	}
)

func (s Style) color() color.NRGBA { return series[int(s)%len(series)].light }

// line is the style of curves.
func (s Style) line() draw.LineStyle {
	return draw.LineStyle{Color: s.color(), Width: 2, Dashes: dashes[int(s)%len(dashes)]}
}

// glyph is the style of points.
func (s Style) glyph(radius vg.Length) draw.GlyphStyle {
	return draw.GlyphStyle{Color: s.color(), Radius: radius, Shape: markers[int(s)%len(markers)]}
}

// filled is a marker by its corners, in units of the radius. All have about the area of the circle.
type filled [][2]vg.Length

func (f filled) path(r vg.Length, at vg.Point) vg.Path {
	var p vg.Path
	for i, corner := range f {
		if to := (vg.Point{X: at.X + r*corner[0], Y: at.Y + r*corner[1]}); i == 0 {
			p.Move(to)
		} else {
			p.Line(to)
		}
	}
	p.Close()
	return p
}

func (f filled) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	c.SetColor(s.Color)
	c.Fill(f.path(s.Radius, at))
}

// stroked is a marker of lines of one width, from each even point to the next.
type stroked struct {
	width  vg.Length // in units of the radius, as the points
	points [][2]vg.Length
}

func (f stroked) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	var p vg.Path
	for i, point := range f.points {
		if to := (vg.Point{X: at.X + s.Radius*point[0], Y: at.Y + s.Radius*point[1]}); i%2 == 0 {
			p.Move(to)
		} else {
			p.Line(to)
		}
	}
	c.SetLineStyle(draw.LineStyle{Color: s.Color, Width: s.Radius * f.width})
	c.Stroke(p)
}

// hollow is the outline of a marker.
type hollow filled

func (h hollow) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	c.SetLineStyle(draw.LineStyle{Color: s.Color, Width: 1.5})
	c.Stroke(filled(h).path(s.Radius, at))
}

// The sizes of text: where a phone of 390 pixels shrinks a chart of the default width, they are still 10.
const (
	textSize = 14
	tickSize = 13
)

const boldWeight = 3 // of golang.org/x/image/font, which gonum's fonts are named by

func textStyle(h hue, size vg.Length, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = boldWeight
	}
	return text.Style{Color: h.light, Font: f, Handler: plot.DefaultTextHandler}
}
