package chart

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func svg(t testing.TB, c Chart) string {
	t.Helper()
	b, err := SVG(c)
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		if _, err := d.Token(); err == io.EOF {
			return string(b)
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// curves has three modes over x from 0 to 10: y = x, 2x and 3x, with bands of 1.
func curves() *Lines {
	l := &Lines{X: Axis{Label: "epoch"}, Y: Axis{Label: "accuracy, %"}}
	for k, name := range []string{"bp", "dfa", "a<b>&c"} {
		s := Series{Name: name, Style: Style(k)}
		for i := range 11 {
			s.X, s.Mean, s.Dev = append(s.X, float64(i)), append(s.Mean, float64((k+1)*i)), append(s.Dev, 1)
		}
		l.Series = append(l.Series, s)
	}
	return l
}

func estimates() *Intervals {
	v := 81.0
	return &Intervals{X: Axis{Label: "accuracy, %"}, Groups: []Group{
		{Title: "GCN", Rows: []Estimate{{Label: "bp", Mean: 80, Half: 2, Published: &v}, {Label: "dfa", Style: DFA, Mean: 78, Half: 1}}},
		{Rows: []Estimate{{Label: "shallow", Style: Shallow, Mean: 71, Half: 0}}},
	}}
}

// cloud has points around the middles of some classes.
func cloud(points, classes int) *Scatter {
	r := rand.New(rand.NewPCG(1, 2))
	s := &Scatter{}
	for k := range classes {
		s.Classes = append(s.Classes, Class{Name: "class " + strconv.Itoa(k), Style: Style(k)})
	}
	for i := range points {
		c := &s.Classes[i%classes]
		c.X, c.Y = append(c.X, float64(3*(i%classes))+r.NormFloat64()), append(c.Y, float64(i%3)+r.NormFloat64())
	}
	return s
}

// TestSame draws each chart twice: the same bytes, and a PNG of twice the pixels.
func TestSame(t *testing.T) {
	for name, c := range map[string]func() Chart{
		"lines":     func() Chart { return curves() },
		"scatter":   func() Chart { return cloud(300, 7) },
		"intervals": func() Chart { return estimates() },
	} {
		if a, b := svg(t, c()), svg(t, c()); a != b {
			t.Errorf("%s: the same chart is another SVG", name)
		}
		first, err := PNG(c())
		if err != nil {
			t.Fatal(err)
		}
		second, err := PNG(c())
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: the same chart is another PNG, error %v", name, err)
		}
		img, err := png.Decode(bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		if w, h := c().size(); img.Bounds().Dx() != int(2*w) || img.Bounds().Dy() != int(2*h) {
			t.Errorf("%s: %v for %g x %g pixels", name, img.Bounds(), w, h)
		}
	}
}

var element = regexp.MustCompile(`<path ([^>]*) d="([^"]*)"/>`)

// paths returns the data of the paths whose attributes hold all of want.
func paths(drawing string, want ...string) []string {
	var found []string
next:
	for _, m := range element.FindAllStringSubmatch(drawing, -1) {
		for _, w := range want {
			if !strings.Contains(m[1], w) {
				continue next
			}
		}
		found = append(found, m[2])
	}
	return found
}

var step = regexp.MustCompile(`([Mlhvz])([^Mlhvz]*)`)
var numbers = regexp.MustCompile(`-?[0-9]*\.?[0-9]+`)

// points follows a path's pen.
func points(t *testing.T, data string) (xs, ys []float64) {
	t.Helper()
	x, y := 0.0, 0.0
	for _, m := range step.FindAllStringSubmatch(data, -1) {
		var n []float64
		for _, s := range numbers.FindAllString(m[2], -1) {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			n = append(n, v)
		}
		for ; m[1] == "l" && len(n) > 2; n = n[2:] { // one letter for many lines
			x, y = x+n[0], y+n[1]
			xs, ys = append(xs, x), append(ys, y)
		}
		switch m[1] {
		case "M":
			x, y = n[0], n[1]
		case "l":
			x, y = x+n[0], y+n[1]
		case "h":
			x += n[0]
		case "v":
			y += n[0]
		default:
			continue
		}
		xs, ys = append(xs, x), append(ys, y)
	}
	return xs, ys
}

// TestLines holds a curve to its data by proportions, whatever the margins are: y = x, 2x and 3x meet at x = 0 and rise 1 : 2 : 3.
func TestLines(t *testing.T) {
	drawing := svg(t, curves())
	var rise []float64
	for k, class := range []string{"blue", "vermilion", "green"} {
		lines := paths(drawing, `class="`+class+`"`, `stroke-width="2"`)
		if len(lines) != 2 { // the legend's and the curve
			t.Fatalf("%d lines of %s", len(lines), class)
		}
		for i, dash := range []bool{false, true, true} {
			if i == k && dash != (len(paths(drawing, `class="`+class+`"`, "stroke-dasharray")) == 2) {
				t.Errorf("%s is dashed: want %t", class, dash)
			}
		}
		xs, ys := points(t, lines[1])
		if len(xs) != 11 {
			t.Fatalf("%d points of %s", len(xs), class)
		}
		for i := range xs {
			fraction := float64(i) / 10
			// Coordinates are rounded to 0.1, each of the three here by half of that.
			if dx, dy := xs[i]-xs[0]-fraction*(xs[10]-xs[0]), ys[i]-ys[0]-fraction*(ys[10]-ys[0]); math.Abs(dx) > 0.11 || math.Abs(dy) > 0.11 {
				t.Errorf("%s: point %d is off by %g, %g", class, i, dx, dy)
			}
		}
		rise = append(rise, ys[0]-ys[10])

		bands := paths(drawing, `class="`+class+`"`, "fill-opacity")
		_, edge := points(t, bands[len(bands)-1])
		unit := rise[0] / 10                                           // pixels of 1 on the y axis
		if got := (edge[21] - edge[0]) / unit; math.Abs(got-2) > 0.1 { // 0.1 pixels of 5
			t.Errorf("%s: the band is %g wide, want 2", class, got)
		}
	}
	// Rounded to 0.1 pixel of 60 and more.
	if r := rise[1] / rise[0]; math.Abs(r-2) > 0.01 {
		t.Errorf("dfa rises %g times as high as bp", r)
	}
	if r := rise[2] / rise[0]; math.Abs(r-3) > 0.01 {
		t.Errorf("the third rises %g times as high as bp", r)
	}
	for _, want := range []string{">epoch<", ">accuracy, %<", ">a&lt;b&gt;&amp;c<", ">0<", ">40<"} {
		if !strings.Contains(drawing, want) {
			t.Errorf("no text %s", want)
		}
	}
}

// TestRange cuts curves off at a given range.
func TestRange(t *testing.T) {
	l := curves()
	l.Y.Min, l.Y.Max = 10, 20
	drawing := svg(t, l)
	grid := paths(drawing, `class="rule"`)
	_, ys := points(t, strings.Join(grid, ""))
	lo, hi := ys[0], ys[0]
	for _, y := range ys {
		lo, hi = min(lo, y), max(hi, y)
	}
	for _, class := range []string{"blue", "vermilion", "green"} {
		all := append(paths(drawing, `class="`+class+`"`, `stroke-width="2"`)[1:], paths(drawing, `class="`+class+`"`, "fill-opacity")[1:]...)
		for _, data := range all {
			_, ys := points(t, data)
			for _, y := range ys {
				if y < lo-0.11 || y > hi+0.11 {
					t.Errorf("%s goes to %g, the axis from %g to %g", class, y, lo, hi)
				}
			}
		}
	}
	if !strings.Contains(drawing, ">10<") || !strings.Contains(drawing, ">20<") || strings.Contains(drawing, ">25<") {
		t.Error("the ticks are not those of the range")
	}
}

// TestScatter counts marks, and holds circles to their data with one scale for both axes.
func TestScatter(t *testing.T) {
	s := cloud(2800, 7)
	drawing := svg(t, s)
	for k, class := range []string{"blue", "vermilion", "green", "purple", "orange", "sky", "black"} {
		data := strings.Join(paths(drawing, `class="`+class+`"`), "")
		marks := strings.Count(data, "M")
		if k == 4 || k == 5 { // of two strokes
			marks /= 2
		}
		if marks != 400+1 { // and the legend's
			t.Errorf("%s: %d marks, want 401", class, marks)
		}
	}
	circles := paths(drawing, `class="blue"`, "stroke-linecap")
	xs, ys := points(t, strings.ReplaceAll(circles[1], "h0", ""))
	c := s.Classes[0]
	scale := (xs[1] - xs[0]) / (c.X[1] - c.X[0])
	for i := range c.X {
		// Both ends of a difference are rounded to 0.1 pixel, and so were those that the scale is of.
		slack := 0.11 + 0.11*math.Abs(c.X[i]-c.X[0])/math.Abs(c.X[1]-c.X[0])
		slackY := 0.11 + 0.11*math.Abs(c.Y[i]-c.Y[0])/math.Abs(c.X[1]-c.X[0])
		if math.Abs(xs[i]-xs[0]-scale*(c.X[i]-c.X[0])) > slack || math.Abs(ys[0]-ys[i]-scale*(c.Y[i]-c.Y[0])) > slackY {
			t.Fatalf("point %d is at %g, %g", i, xs[i]-xs[0], ys[i]-ys[0])
		}
	}
}

// TestSize keeps the map of the largest graph, PubMed's 19717 nodes of three classes, below 400 kB.
func TestSize(t *testing.T) {
	s := cloud(19717, 3)
	if n := len(svg(t, s)); n > 400_000 {
		t.Errorf("%d bytes", n)
	}
}

// TestIntervals holds dots, intervals and diamonds to their data by proportions.
func TestIntervals(t *testing.T) {
	drawing := svg(t, estimates())
	middle := func(class string, want ...string) (x, width float64) {
		all := paths(drawing, append(want, `class="`+class+`"`)...)
		xs, _ := points(t, all[len(all)-1])
		lo, hi := xs[0], xs[0]
		for _, v := range xs {
			lo, hi = min(lo, v), max(hi, v)
		}
		return (lo + hi) / 2, hi - lo
	}
	bp, width := middle("blue", `stroke-width="2.5"`)
	dfa, narrow := middle("vermilion", `stroke-width="2.5"`)
	unit := (bp - dfa) / 2 // pixels of one
	published, _ := middle("ink", `stroke-width="1.5"`)
	shallow, _ := middle("green", "fill=")
	for what, c := range map[string][2]float64{
		"bp's interval": {width, 4 * unit}, "dfa's interval": {narrow, 2 * unit}, "the published number": {published, bp + unit}, "shallow": {shallow, bp - 9*unit},
	} {
		// The unit's error, 0.05 pixels, counts nine times at most.
		if math.Abs(c[0]-c[1]) > 0.6 {
			t.Errorf("%s is at or has %g, want %g", what, c[0], c[1])
		}
	}
	for _, want := range []string{">GCN<", ">shallow<", ">published<", `font-weight="bold"`} {
		if !strings.Contains(drawing, want) {
			t.Errorf("no %s", want)
		}
	}
	v := estimates()
	v.Groups[0].Rows[0].Published = nil
	if strings.Contains(svg(t, v), ">published<") {
		t.Error("the legend explains a mark that is not there")
	}
}

func TestRefused(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		chart Chart
		want  string
	}{
		"no series":     {&Lines{}, "no series"},
		"ragged":        {&Lines{Series: []Series{{Name: "s", X: []float64{1, 2}, Mean: []float64{1}}}}, `"s" has 2 x, 1 means`},
		"ragged band":   {&Lines{Series: []Series{{X: []float64{1}, Mean: []float64{1}, Dev: []float64{}}}}, "0 deviations"},
		"not a number":  {&Lines{Series: []Series{{Name: "s", X: []float64{1}, Mean: []float64{nan}}}}, "s: value 1 is NaN"},
		"infinite":      {&Lines{Series: []Series{{X: []float64{math.Inf(1)}, Mean: []float64{1}}}}, "+Inf"},
		"style":         {&Lines{Series: []Series{{Style: -1}}}, "style -1"},
		"turned range":  {&Lines{Series: []Series{{}}, Y: Axis{Min: 2, Max: 1}}, "from 2 to 1"},
		"no points":     {&Scatter{}, "no points"},
		"ragged points": {&Scatter{Classes: []Class{{X: []float64{1}}}}, "1 x and 0 y"},
		"no rows":       {&Intervals{}, "no rows"},
		"negative":      {&Intervals{Groups: []Group{{Rows: []Estimate{{Half: -1}}}}}, "half width -1"},
		"published":     {&Intervals{Groups: []Group{{Rows: []Estimate{{Label: "r", Published: &nan}}}}}, "r: value 1 is NaN"},
		"small":         {&Lines{Series: []Series{{}}, Width: 10}, "10 x 320 pixels"},
		"size":          {&Lines{Series: []Series{{}}, Width: nan}, "NaN x 320 pixels"},
	} {
		if _, err := SVG(c.chart); err == nil || !strings.HasPrefix(err.Error(), "chart: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: SVG: %v, want %q", name, err, c.want)
		}
		if _, err := PNG(c.chart); err == nil {
			t.Errorf("%s: PNG drawn", name)
		}
	}
	for _, class := range []int{-1, 2} {
		if _, err := ByClass([]string{"a", "b"}, []int{class}, []float64{0}, []float64{0}); err == nil {
			t.Errorf("a point of class %d of 2", class)
		}
	}
}

// FuzzDraw draws whatever passes the checks: no panic, and XML.
func FuzzDraw(f *testing.F) {
	f.Add("bp", 0.0, 0.0, 0.0, 0.0)
	f.Add("<&>\x00\xff", 1e300, -1e300, 1e299, 1.0)
	f.Add("", 5e-324, -5e-324, 0.0, 0.0)
	f.Add("\n", 1e17, 1e17+16, 1e17, 1e17+32)
	f.Fuzz(func(t *testing.T, name string, a, b, lo, hi float64) {
		for _, c := range []Chart{
			&Lines{X: Axis{Label: name}, Y: Axis{Label: name, Min: lo, Max: hi},
				Series: []Series{{Name: name, X: []float64{a, b}, Mean: []float64{b, a}, Dev: []float64{math.Abs(a), 0}}}},
			&Scatter{Classes: []Class{{Name: name, X: []float64{a, b}, Y: []float64{b, lo}}}},
			&Intervals{X: Axis{Label: name, Min: lo, Max: hi}, Groups: []Group{{Title: name, Rows: []Estimate{{Label: name, Mean: a, Half: math.Abs(b), Published: &lo}}}}},
		} {
			if check(c) == nil {
				if drawing := svg(t, c); strings.Contains(drawing, "NaN") || strings.Contains(drawing, "Inf") {
					t.Errorf("%s", drawing)
				}
			}
		}
	})
}

// TestBare draws what has little in it: a series without points beside one without a band, and a single point.
func TestBare(t *testing.T) {
	empty := Series{Name: "none"}
	line := Series{Name: "line", Style: DFA, X: []float64{1, 2}, Mean: []float64{3, 4}}
	for _, c := range []Chart{
		&Lines{Series: []Series{empty}},
		&Lines{Series: []Series{empty, line}},
		&Lines{Series: []Series{{Name: "one", X: []float64{1}, Mean: []float64{1}, Dev: []float64{0}}}},
		&Scatter{Classes: []Class{{Name: "none"}, {Name: "one", X: []float64{1}, Y: []float64{1}}}},
		&Intervals{Groups: []Group{{Title: "none"}, {Rows: []Estimate{{}}}}},
	} {
		svg(t, c)
		if _, err := PNG(c); err != nil {
			t.Error(err)
		}
	}
}
