package tsne

import "math"

// pull is what the other points do to a point i, with w_ij = 1 / (1 + |y_i - y_j|²): attraction is the sum of p_ij w_ij (y_i - y_j),
// repulsion that of w_ij² (y_i - y_j), mass that of w_ij.
type pull struct{ attractionX, attractionY, repulsionX, repulsionY, mass float64 }

// gradients sets the gradients to a quarter of equation 5 of the paper, with p_ij times strength: in q_ij = w_ij / Z, where Z is the
// mass of all points, the sum of (p_ij - q_ij) w_ij (y_i - y_j) falls apart into two sums that do not need Z, so that a pair is looked at
// once. That p_ij is symmetric is not made use of: a worker that has a point to itself adds up in registers, and reads no sum of another.
func (l *layout) gradients(strength float64) {
	l.crew.rows(l.n, func(i int) {
		p := l.p[i*l.n : (i+1)*l.n]
		x, y := l.x.at, l.y.at
		var f pull
		f.add(x[i], y[i], x[:i], y[:i], p[:i])
		f.add(x[i], y[i], x[i+1:], y[i+1:], p[i+1:])
		l.pull[i] = f
	})
	z := l.mass()
	for i, f := range l.pull {
		l.x.gradient[i] = strength*f.attractionX - f.repulsionX/z
		l.y.gradient[i] = strength*f.attractionY - f.repulsionY/z
	}
}

func (l *layout) mass() (z float64) {
	for _, f := range l.pull {
		z += f.mass
	}
	return z
}

// add adds the pull of points on the one at (atX, atY). Two points share a division, which is what costs most.
func (f *pull) add(atX, atY float64, x, y []float64, p []float32) {
	y, p = y[:len(x)], p[:len(x)]
	var ax, ay, rx, ry, mass float64
	j := 0
	for ; j < len(x)-1; j += 2 {
		dx0, dy0 := atX-x[j], atY-y[j]
		dx1, dy1 := atX-x[j+1], atY-y[j+1]
		d0, d1 := 1+dx0*dx0+dy0*dy0, 1+dx1*dx1+dy1*dy1
		both := 1 / (d0 * d1)
		w0, w1 := d1*both, d0*both
		mass += w0 + w1
		a0, a1 := float64(p[j])*w0, float64(p[j+1])*w1
		ax += a0*dx0 + a1*dx1
		ay += a0*dy0 + a1*dy1
		w0, w1 = w0*w0, w1*w1
		rx += w0*dx0 + w1*dx1
		ry += w0*dy0 + w1*dy1
	}
	if j < len(x) {
		dx, dy := atX-x[j], atY-y[j]
		w := 1 / (1 + dx*dx + dy*dy)
		mass += w
		a := float64(p[j]) * w
		ax, ay = ax+a*dx, ay+a*dy
		rx, ry = rx+w*w*dx, ry+w*w*dy
	}
	f.attractionX += ax
	f.attractionY += ay
	f.repulsionX += rx
	f.repulsionY += ry
	f.mass += mass
}

// divergence returns the sum of p_ij log(p_ij / q_ij), equation 2 of the paper, at the present positions.
func (l *layout) divergence() float64 {
	parts, masses := make([]float64, l.n), make([]float64, l.n)
	l.crew.rows(l.n, func(i int) {
		for j, p := range l.p[i*l.n : (i+1)*l.n] {
			dx, dy := l.x.at[i]-l.x.at[j], l.y.at[i]-l.y.at[j]
			d := 1 + dx*dx + dy*dy
			if j != i {
				masses[i] += 1 / d
			}
			if p > 0 {
				parts[i] += float64(p) * math.Log(float64(p)*d)
			}
		}
	})
	z, sum, total := 0.0, 0.0, 0.0
	for i, p := range l.p {
		total += float64(p)
		if i < l.n {
			z, sum = z+masses[i], sum+parts[i]
		}
	}
	return sum + total*math.Log(z)
}
