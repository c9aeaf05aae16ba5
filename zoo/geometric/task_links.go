package geometric

import (
	"strconv"

	"graft/runtime/train"
	"graft/zoo/entry"
)

// openLinks makes the task of predicting the edges of a data set that are kept from training, from row-normalised features and
// the training edges. The split is that of the run's seed.
func openLinks(data, dir string) (*entry.Task, error) {
	c, err := load(data, dir)
	if err != nil {
		return nil, err
	}
	return predictLinks(c)
}

func predictLinks(c *Citation) (*entry.Task, error) {
	features := c.RowNormalise()
	forSeed := func(seed int32) (*entry.Task, error) { return linkTask(c, features, seed) }
	t, err := forSeed(0)
	if err != nil {
		return nil, err
	}
	t.ForSeed = forSeed
	return t, nil
}

func linkTask(c *Citation, features []float32, seed int32) (*entry.Task, error) {
	l, err := splitLinks(c.Adj, seed)
	if err != nil {
		return nil, err
	}
	visible := *c
	visible.Adj = l.train
	b, err := newBatch(&visible, features, append(routeOperators(), propagationOperator()))
	if err != nil {
		return nil, err
	}
	training := &linkSource{links: l, batch: withPattern(b, "positive", "positives", l.train), seed: seed}
	positive, valPositive, err := union(l.val, l.test)
	if err != nil {
		return nil, err
	}
	negative, valNegative, err := union(l.valAbsent, l.absent)
	if err != nil {
		return nil, err
	}
	held := withPattern(withPattern(b, "positive", "positives", positive), "negative", "negatives", negative)
	return &entry.Task{
		Data:  c.Name,
		Set:   map[string]string{"features": strconv.Itoa(c.Features)},
		Adapt: adaptGAE(c.Name),
		Train: func(int32, int) (train.Source, error) { return training, nil },
		Evaluate: func() (train.Source, train.Meter, error) {
			return train.Fixed(held), &ranking{valPositive: valPositive, valNegative: valNegative}, nil
		},
		Validation: "val_auc",
		Align: func() (*train.Batch, error) {
			var b train.Batch
			err := training.Batch(0, 0, &b)
			return &b, err
		},
	}, nil
}

// linkSource yields the whole training graph once an epoch, with new negatives each time.
type linkSource struct {
	links *links
	batch train.Batch
	seed  int32
}

func (*linkSource) Len() int { return 1 }

func (s *linkSource) Batch(epoch, _ int, b *train.Batch) error {
	p, err := s.links.negatives(s.seed, epoch)
	if err != nil {
		return err
	}
	*b = withPattern(s.batch, "negative", "negatives", p)
	return nil
}
