package nerf

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"slices"
	"testing"

	"graft/runtime/train"
)

// TestExact compares rendered rays with sums over fine steps through the same medium.
func TestExact(t *testing.T) {
	d := Synthetic(3, 12, 2, 1, true)
	bodies := drawBodies(sceneDraws(3))
	inside := func(b body, x vec) bool {
		p := x.plus(b.center.times(-1))
		if b.sphere {
			return p.length() < b.half[0]
		}
		return math.Abs(p[0]) < b.half[0] && math.Abs(p[1]) < b.half[1] && math.Abs(p[2]) < b.half[2]
	}
	const steps = 20_000
	seen := 0
	for p := range d.pixels() {
		v := &d.Train[0]
		origin, direction := d.ray(v, p)
		var rgb vec
		light, dt := 1.0, 8./steps
		for i := range steps {
			x := origin.plus(direction.times((float64(i) + 0.5) * dt))
			for _, b := range bodies {
				if inside(b, x) {
					rgb = rgb.plus(b.colour.times(light * b.density * dt * direction.length()))
				}
			}
			for _, b := range bodies {
				if inside(b, x) {
					light *= math.Exp(-b.density * dt * direction.length())
				}
			}
		}
		if light < 0.99 {
			seen++
		}
		for k := range rgb {
			if got := float64(v.RGB[3*p+k]); math.Abs(got-(rgb[k]+light)) > 0.02 {
				t.Fatalf("pixel %d, colour %d: %v, want %v", p, k, got, rgb[k]+light)
			}
		}
	}
	if seen < d.pixels()/10 {
		t.Errorf("the scene covers %d of %d pixels", seen, d.pixels())
	}
}

func TestSynthetic(t *testing.T) {
	white, black := Synthetic(0, 16, 4, 2, true), Synthetic(0, 16, 4, 2, false)
	if again := Synthetic(0, 16, 4, 2, true); !slices.Equal(white.Train[3].RGB, again.Train[3].RGB) {
		t.Error("the same seed gives another scene")
	}
	if other := Synthetic(1, 16, 4, 2, true); slices.Equal(white.Train[0].RGB, other.Train[0].RGB) {
		t.Error("another seed gives the same scene")
	}
	if white.Test[0].RGB[0] != 1 || black.Test[0].RGB[0] != 0 {
		t.Errorf("the corners are %v and %v", white.Test[0].RGB[0], black.Test[0].RGB[0])
	}
	seen := map[vec]bool{}
	for _, views := range [][]View{white.Train, white.Val, white.Test} {
		for _, v := range views {
			c := v.camera
			if seen[c.position] {
				t.Errorf("two cameras are at %v", c.position)
			}
			seen[c.position] = true
			// The centre of the image looks at the origin, along the camera's negative z axis.
			at := c.position.plus(c.ray(8, 8, 16, 16, white.Focal).times(4))
			if at.length() > 1e-9 || math.Abs(c.right.dot(c.up)) > 1e-9 || c.up[2] <= 0 {
				t.Errorf("camera %+v does not look at the origin", c)
			}
			for _, x := range v.RGB {
				if x < 0 || x > 1 {
					t.Fatalf("colour %v", x)
				}
			}
		}
	}
}

// TestRandomRays checks that a step's rays are of one view, all different, and a function of seed and step.
func TestRandomRays(t *testing.T) {
	d := Synthetic(0, 16, 4, 1, true)
	var a, b, other train.Batch
	s := randomRays{d, 100, 7}
	for _, i := range []int{3, 99} {
		if err := s.Batch(2, i, &a); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Batch(2, 99, &b); err != nil {
		t.Fatal(err)
	}
	if err := (randomRays{d, 100, 8}).Batch(2, 99, &other); err != nil {
		t.Fatal(err)
	}
	rays := a.Tensors["direction"].Float32s()
	if !slices.Equal(rays, b.Tensors["direction"].Float32s()) || slices.Equal(rays, other.Tensors["direction"].Float32s()) {
		t.Error("the rays are not a function of seed and step")
	}
	different := map[[3]float32]bool{}
	origin := a.Tensors["origin"].Float32s()
	for k := range 100 {
		different[[3]float32(rays[3*k:3*k+3])] = true
		if [3]float32(origin[3*k:3*k+3]) != [3]float32(origin[:3]) {
			t.Fatal("rays of two views in one step")
		}
	}
	if len(different) != 100 {
		t.Errorf("%d different rays of 100", len(different))
	}
	var whole train.Batch
	if err := (randomRays{d, 0, 7}).Batch(0, 0, &whole); err != nil || whole.Binding["rays"] != 256 {
		t.Errorf("a whole view has %d rays, error %v", whole.Binding["rays"], err)
	}
	if s.Batch(0, epochSteps, &a) == nil {
		t.Error("a batch behind the last one was given")
	}
}

func TestWritePNG(t *testing.T) {
	red, blue := []float32{1, 0, 0, 1, 0, 0}, []float32{0, 0, 1, 0, 0, 2} // 2 x 1, out of range values are cut
	var b bytes.Buffer
	if err := WritePNG(&b, 2, 1, red, blue); err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	size := picture.Bounds().Max
	first, _, _, _ := picture.At(0, 0).RGBA()
	_, _, last, _ := picture.At(size.X-1, size.Y-1).RGBA()
	if size.Y < shownSize || first != 0xffff || last != 0xffff {
		t.Errorf("picture of %v begins with %x and ends with %x", size, first, last)
	}
	// Two images of two pixels, enlarged to squares, and between them a gap one square wide.
	if square := size.X / 5; size.X != 5*square || picture.At(2*square, 0) != (color.RGBA{128, 128, 128, 255}) {
		t.Errorf("the picture is %d wide with %v in its middle", size.X, picture.At(2*square, 0))
	}
	if WritePNG(&b, 3, 1, red) == nil {
		t.Error("an image of another size was taken")
	}
}
