package tsne

import "math"

// Pairs of points are looked at once. A part is the pairs of blockRows points with themselves and all later points; it goes through
// these a chunk at a time, whose pulls stay in the fastest cache.
const blockRows, chunk = 64, 512

// pull is what other points do to a point i, with w_ij = 1 / (1 + |y_i - y_j|²): attraction is the sum of p_ij w_ij (y_i - y_j),
// repulsion that of w_ij² (y_i - y_j).
type pull struct{ attractionX, attractionY, repulsionX, repulsionY float64 }

// part is what the pairs of a block of points do.
type part struct {
	from int     // the first point
	pull []pull  // of points from on
	mass float64 // the sum of w_ij
}

func newParts(n int) []part {
	var parts []part
	for from := 0; from < n; from += blockRows {
		parts = append(parts, part{from: from, pull: make([]pull, n-from)})
	}
	return parts
}

// gradients sets the gradients to a quarter of equation 5 of the paper, with p_ij times strength. In q_ij = w_ij / Z, where Z is the sum
// of w_ij over all i and j, the sum of (p_ij - q_ij) w_ij (y_i - y_j) falls apart into two that do not need Z.
func (l *layout) gradients(strength float64) {
	l.crew.each(len(l.parts), func(b int) { l.interact(&l.parts[b]) })
	z := 0.0
	for _, p := range l.parts {
		z += 2 * p.mass
	}
	l.crew.each(len(l.parts), func(b int) {
		from := l.parts[b].from
		for i := from; i < min(from+blockRows, l.n); i++ {
			var f pull
			for _, p := range l.parts[:b+1] { // no later part has pairs of i
				g := &p.pull[i-p.from]
				f = pull{f.attractionX + g.attractionX, f.attractionY + g.attractionY, f.repulsionX + g.repulsionX, f.repulsionY + g.repulsionY}
			}
			l.x.gradient[i] = strength*f.attractionX - f.repulsionX/z
			l.y.gradient[i] = strength*f.attractionY - f.repulsionY/z
		}
	})
}

// interact sums up a part, in an order of its own.
func (l *layout) interact(b *part) {
	clear(b.pull)
	b.mass = 0
	x, y, last := l.x.at, l.y.at, min(b.from+blockRows, l.n)
	for start := b.from; start < l.n; start += chunk {
		end := min(start+chunk, l.n)
		for i := b.from; i < last; i++ {
			from := max(start, i+1)
			if from < end {
				others := b.pull[from-b.from : end-b.from]
				b.mass += b.pull[i-b.from].exchange(x[i], y[i], x[from:end], y[from:end], l.p[i*l.n+from:i*l.n+end], others)
			}
		}
	}
}

// exchange adds to f what other points do to the one at (atX, atY), and to others what it does to them, and returns the sum of w.
func (f *pull) exchange(atX, atY float64, x, y []float64, p []float32, others []pull) (mass float64) {
	y, p, others = y[:len(x)], p[:len(x)], others[:len(x)]
	var ax, ay, rx, ry float64
	for j := range x {
		dx, dy := atX-x[j], atY-y[j]
		w := 1 / (1 + dx*dx + dy*dy)
		mass += w
		a, r, other := float64(p[j])*w, w*w, &others[j]
		dax, day, drx, dry := a*dx, a*dy, r*dx, r*dy
		ax, ay, rx, ry = ax+dax, ay+day, rx+drx, ry+dry
		other.attractionX -= dax
		other.attractionY -= day
		other.repulsionX -= drx
		other.repulsionY -= dry
	}
	f.attractionX += ax
	f.attractionY += ay
	f.repulsionX += rx
	f.repulsionY += ry
	return mass
}

// divergence returns the sum of p_ij log(p_ij / q_ij), equation 2 of the paper, at the present positions.
func (l *layout) divergence() float64 {
	parts, masses := make([]float64, l.n), make([]float64, l.n)
	l.crew.each(l.n, func(i int) {
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
