package nerf

// Dataset is a scene seen from several sides. All views have one size and one focal length, in pixels.
type Dataset struct {
	Name          string
	Width, Height int
	Focal         float64
	White         bool // the background is white instead of black
	Train         []View
	Val, Test     []View
}

// View is an image and the camera that took it.
type View struct {
	camera camera
	RGB    []float32 // [height, width, 3]
}

// pixels returns the number of pixels of a view.
func (d *Dataset) pixels() int { return d.Width * d.Height }

// ray returns the ray through a pixel of a view.
func (d *Dataset) ray(v *View, pixel int) (origin, direction vec) {
	return v.camera.position, v.camera.ray(pixel/d.Width, pixel%d.Width, d.Width, d.Height, d.Focal)
}
