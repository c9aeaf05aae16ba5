package mlp

const (
	side    = 28
	pixels  = side * side
	classes = 10
)

// Dataset is a labelled set of images. Name is "mnist" or "synthetic-digits".
type Dataset struct {
	Name        string
	Train, Test Split
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
