package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas is a [vg.Canvas] that writes SVG. Coordinates are rounded to tenths of a pixel. Paths that follow each other in one style are one
// element, and circles are the round ends of lines of no length, the shortest way to say them.
type svgCanvas struct {
	width, height vg.Length
	state         svgState
	stack         []svgState
	body          bytes.Buffer
	style         string       // the attributes of the path being collected
	path          bytes.Buffer // its data
	x, y          int          // its pen, in tenths
	used          map[string]bool
	err           error
}

type svgState struct {
	color color.Color
	width vg.Length
	dash  []vg.Length
	at    [6]float64 // the matrix a b c d e f: x' = ax + cy + e, y' = bx + dy + f
}

func newSVG(width, height vg.Length) *svgCanvas {
	c := &svgCanvas{width: width, height: height, used: map[string]bool{}}
	c.state.at = [6]float64{1, 0, 0, -1, 0, float64(height)} // the origin of vg is at the bottom
	vg.Initialize(c)
	return c
}

func (c *svgCanvas) Size() (w, h vg.Length)                 { return c.width, c.height }
func (c *svgCanvas) SetLineWidth(w vg.Length)               { c.state.width = w }
func (c *svgCanvas) SetLineDash(d []vg.Length, _ vg.Length) { c.state.dash = d }
func (c *svgCanvas) SetColor(k color.Color)                 { c.state.color = k }
func (c *svgCanvas) Push()                                  { c.stack = append(c.stack, c.state) }
func (c *svgCanvas) Pop() {
	c.state, c.stack = c.stack[len(c.stack)-1], c.stack[:len(c.stack)-1]
}

func (c *svgCanvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	c.transform(cos, sin, -sin, cos, 0, 0)
}
func (c *svgCanvas) Translate(p vg.Point) { c.transform(1, 0, 0, 1, float64(p.X), float64(p.Y)) }
func (c *svgCanvas) Scale(x, y float64)   { c.transform(x, 0, 0, y, 0, 0) }
func (c *svgCanvas) DrawImage(vg.Rectangle, image.Image) {
	c.err = errors.New("chart: images are not drawn")
}

// transform puts a matrix before the current one.
func (c *svgCanvas) transform(a, b, cc, d, e, f float64) {
	m := c.state.at
	c.state.at = [6]float64{
		m[0]*a + m[2]*b, m[1]*a + m[3]*b,
		m[0]*cc + m[2]*d, m[1]*cc + m[3]*d,
		m[0]*e + m[2]*f + m[4], m[1]*e + m[3]*f + m[5],
	}
}

// tenths returns a point in the drawing's own coordinates.
func (c *svgCanvas) tenths(p vg.Point) (x, y int) {
	m := c.state.at
	px, py := float64(p.X), float64(p.Y)
	return int(math.Round(10 * (m[0]*px + m[2]*py + m[4]))), int(math.Round(10 * (m[1]*px + m[3]*py + m[5])))
}

// number writes tenths as short as they can be.
func number(tenths int) string {
	s := strconv.FormatFloat(float64(tenths)/10, 'f', -1, 64)
	if strings.HasPrefix(s, "0.") {
		return s[1:]
	}
	return strings.Replace(s, "-0.", "-.", 1)
}

// pair writes two numbers, which a minus sign already separates.
func pair(x, y int) string {
	b := number(y)
	if b[0] == '-' {
		return number(x) + b
	}
	return number(x) + " " + b
}

// paint returns the attributes of the current colour as what ("fill" or "stroke").
func (c *svgCanvas) paint(what string) string {
	k, ok := color.NRGBAModel.Convert(c.state.color).(color.NRGBA)
	class := "ink"
	opaque := k
	opaque.A = 255
	for _, h := range hues {
		if ok && h.light == opaque {
			class = h.class
		}
	}
	c.used[class] = true
	s := `class="` + class + `" ` + what + `="currentColor"`
	if k.A != 255 {
		s += " " + what + `-opacity="` + strconv.FormatFloat(float64(k.A)/255, 'f', 2, 64) + `"`
	}
	return s
}

func (c *svgCanvas) Stroke(p vg.Path) {
	if c.state.width <= 0 {
		return
	}
	s := `fill="none" ` + c.paint("stroke") + ` stroke-width="` + number(int(math.Round(10*float64(c.state.width)))) + `"`
	if len(c.state.dash) > 0 {
		var d []string
		for _, l := range c.state.dash {
			d = append(d, number(int(math.Round(10*float64(l)))))
		}
		s += ` stroke-dasharray="` + strings.Join(d, " ") + `"`
	} else {
		s += ` stroke-linejoin="round"`
	}
	c.add(s, p, true)
}

func (c *svgCanvas) Fill(p vg.Path) {
	if r, at, ok := circle(p); ok {
		c.begin(`fill="none" ` + c.paint("stroke") + ` stroke-linecap="round" stroke-width="` + number(int(math.Round(20*float64(r)))) + `"`)
		x, y := c.tenths(at)
		c.path.WriteString("M" + pair(x, y) + "h0")
		return
	}
	c.add(c.paint("fill"), p, false)
}

// circle says whether a path is a whole circle.
func circle(p vg.Path) (radius vg.Length, center vg.Point, ok bool) {
	for _, e := range p {
		switch {
		case e.Type == vg.ArcComp && math.Abs(e.Angle) >= 2*math.Pi:
			radius, center, ok = e.Radius, e.Pos, true
		case e.Type != vg.MoveComp && e.Type != vg.CloseComp:
			return 0, center, false
		}
	}
	return radius, center, ok
}

// begin goes on with the collected path, or ends it where the style is another.
func (c *svgCanvas) begin(style string) {
	if style != c.style {
		c.end()
		c.style = style
	}
}

func (c *svgCanvas) end() {
	if c.path.Len() > 0 {
		fmt.Fprintf(&c.body, "<path %s d=\"%s\"/>\n", c.style, c.path.Bytes())
	}
	c.path.Reset()
	c.style = ""
}

// add writes a path's elements relative to the rounded pen, so that rounding does not add up. Filled paths close by themselves.
func (c *svgCanvas) add(style string, p vg.Path, closes bool) {
	c.begin(style)
	oblique := false // whether the last element was a line as well, and its letter goes on
	for _, e := range p {
		x, y := c.tenths(e.Pos)
		dx, dy := x-c.x, y-c.y
		again := oblique
		oblique = false
		switch {
		case e.Type == vg.CloseComp: // nothing here draws on after closing
			if closes {
				c.path.WriteByte('z')
			}
			continue
		case e.Type == vg.MoveComp:
			c.path.WriteString("M" + pair(x, y))
		case e.Type != vg.LineComp:
			c.err = errors.New("chart: neither curves nor arcs are drawn, but for filled circles")
		case dy == 0:
			c.path.WriteString("h" + number(dx))
		case dx == 0:
			c.path.WriteString("v" + number(dy))
		default:
			oblique = true
			switch to := pair(dx, dy); {
			case !again:
				c.path.WriteString("l" + to)
			case to[0] == '-':
				c.path.WriteString(to)
			default:
				c.path.WriteString(" " + to)
			}
		}
		c.x, c.y = x, y
	}
}

func (c *svgCanvas) FillString(f font.Face, at vg.Point, s string) {
	if f.Font.Size <= 0 || s == "" {
		return
	}
	c.end()
	x, y := c.tenths(at)
	fmt.Fprintf(&c.body, `<text %s x="%s" y="%s" font-size="%s"`, c.paint("fill"), number(x), number(y), number(int(10*f.Font.Size)))
	if f.Font.Weight == boldWeight {
		c.body.WriteString(` font-weight="bold"`)
	}
	if m := c.state.at; m[1] != 0 {
		fmt.Fprintf(&c.body, ` transform="rotate(%.4g %s %s)"`, math.Atan2(m[1], m[0])*180/math.Pi, number(x), number(y))
	}
	c.body.WriteString(">")
	if err := xml.EscapeText(&c.body, []byte(s)); err != nil {
		c.err = err
	}
	c.body.WriteString("</text>\n")
}

// bytes returns the whole drawing on its background.
func (c *svgCanvas) bytes() ([]byte, error) {
	c.end()
	var b bytes.Buffer
	w, h := number(int(10*c.width)), number(int(10*c.height))
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s" `, w, h)
	b.WriteString("font-family=\"'Liberation Sans', Arimo, Arial, Helvetica, sans-serif\">\n<style>")
	c.used[paper.class] = true
	var dark strings.Builder
	for _, k := range hues {
		if c.used[k.class] {
			fmt.Fprintf(&b, ".chart .%s{color:%s}", k.class, hex(k.light))
			fmt.Fprintf(&dark, ".chart .%s{color:%s}", k.class, hex(k.dark))
		}
	}
	fmt.Fprintf(&b, "@media screen and (prefers-color-scheme:dark){%s}</style>\n", dark.String())
	fmt.Fprintf(&b, "<rect class=\"paper\" fill=\"currentColor\" width=\"%s\" height=\"%s\"/>\n", w, h)
	b.Write(c.body.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes(), c.err
}

func hex(k color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", k.R, k.G, k.B) }
