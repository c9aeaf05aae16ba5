package mlp

const (
	side    = 28
	pixels  = side * side
	classes = 10
)

// Dataset is a labelled set of images. Name is "mnist" or "synthetic-digits". MNIST has no validation part.
type Dataset struct {
	Name             string
	Train, Val, Test Split
}

// withValidation returns the set with a validation part: its own or, where it has none, the last sixth of the training part, of
// MNIST's 60,000 rows 10,000, which are then not trained on.
func (d Dataset) withValidation() *Dataset {
	if d.Val.N == 0 {
		n := d.Train.N - d.Train.N/6
		d.Train, d.Val = d.Train.rows(0, n), d.Train.rows(n, d.Train.N)
	}
	return &d
}

func (s *Split) rows(from, to int) Split {
	return Split{Images: s.Images[from*pixels : to*pixels], Labels: s.Labels[from:to], N: to - from}
}

// Split holds N images and their labels.
type Split struct {
	Images []float32 // [N, 784], normalised
	Labels []int32   // [N], 0..9
	N      int
}

// newSplit normalises raw pixels (0 is background) and widens the labels.
func newSplit(raw, labels []byte) Split {
	// The mean and standard deviation of MNIST's training pixels, as in every PyTorch MNIST example.
	const mean, deviation = 0.1307, 0.3081
	var normalised [256]float32
	for v := range normalised {
		normalised[v] = float32((float64(v)/255 - mean) / deviation)
	}
	s := Split{Images: make([]float32, len(raw)), Labels: make([]int32, len(labels)), N: len(labels)}
	for i, v := range raw {
		s.Images[i] = normalised[v]
	}
	for i, l := range labels {
		s.Labels[i] = int32(l)
	}
	return s
}
