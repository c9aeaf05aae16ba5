package nerf

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"os"
	"path/filepath"
)

// shownSize is the least height of a picture: small views are enlarged to it, every pixel to a square.
const shownSize = 160

// WritePNG writes images [height, width, 3] side by side, with grey between them: their backgrounds may be white or black.
func WritePNG(w io.Writer, width, height int, images ...[]float32) error {
	for i, rgb := range images {
		if len(rgb) != 3*width*height {
			return fmt.Errorf("image %d has %d values, %d x %d pixels of 3 colours are wanted", i, len(rgb), width, height)
		}
	}
	scale := (shownSize + height - 1) / height
	gap := scale
	out := image.NewRGBA(image.Rect(0, 0, len(images)*(width*scale+gap)-gap, height*scale))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	for i, rgb := range images {
		left := i * (width*scale + gap)
		for y := range height * scale {
			for x := range width * scale {
				at := 3 * (y/scale*width + x/scale)
				out.SetRGBA(left+x, y, color.RGBA{level(rgb[at]), level(rgb[at+1]), level(rgb[at+2]), 255})
			}
		}
	}
	return png.Encode(w, out)
}

// level rounds a colour in [0, 1] to a byte.
func level(v float32) byte { return byte(255*min(1, max(0, v)) + 0.5) }

// writeViews writes view0.png, view1.png, ... into dir: the test view as it is, and beside it what each column shows.
func (d *Dataset) writeViews(dir string, columns [][][]float32) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for i, v := range d.Test {
		images := [][]float32{v.RGB}
		for _, views := range columns {
			if i < len(views) {
				images = append(images, views[i])
			}
		}
		if err := d.writeView(filepath.Join(dir, fmt.Sprintf("view%d.png", i)), images); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dataset) writeView(path string, images [][]float32) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	return WritePNG(f, d.Width, d.Height, images...)
}
