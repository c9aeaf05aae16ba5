package nerf

import "math"

// vec is a point or a direction of space.
type vec [3]float64

func (a vec) plus(b vec) vec      { return vec{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a vec) times(s float64) vec { return vec{s * a[0], s * a[1], s * a[2]} }
func (a vec) dot(b vec) float64   { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func (a vec) length() float64     { return math.Sqrt(a.dot(a)) }
func (a vec) unit() vec           { return a.times(1 / a.length()) }
func (a vec) cross(b vec) vec {
	return vec{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

// camera is a pinhole camera: a position, and the world's directions of its right, up and backward axes.
type camera struct{ position, right, up, back vec }

// lookAtOrigin returns the camera at a position that looks at the origin, the world's z axis pointing up.
func lookAtOrigin(position vec) camera {
	c := camera{position: position, back: position.unit()}
	c.right = vec{0, 0, 1}.cross(c.back).unit()
	c.up = c.back.cross(c.right)
	return c
}

// ray returns the direction, not normalised, of the ray through a pixel of an image with the given size and focal length.
func (c camera) ray(row, col, width, height int, focal float64) vec {
	x, y := (float64(col)-float64(width)/2)/focal, -(float64(row)-float64(height)/2)/focal
	return c.right.times(x).plus(c.up.times(y)).plus(c.back.times(-1))
}
