package language

import (
	"errors"
	"math"
	"strconv"

	"gorgonia.org/tensor"
	"graft/runtime/train"
	"graft/zoo/entry"
)

// Text is a text in three parts, each a stream of tokens below Vocabulary.
type Text struct {
	Name               string
	Vocabulary         int
	Train, Valid, Test []int32
}

func open(data, dir string) (*entry.Task, error) {
	if data == syntheticName {
		t := newTask(&Synthetic(0).Text, syntheticTime, syntheticBatch)
		t.Adapt = adapt
		return t, nil
	}
	text, err := LoadWikiText2(dir)
	if err != nil {
		return nil, err
	}
	return newTask(text, 128, 64), nil
}

// newTask reads validation and test in the given number of columns.
func newTask(text *Text, time, evalColumns int) *entry.Task {
	return &entry.Task{
		Data: text.Name,
		Set:  map[string]string{"vocabulary": strconv.Itoa(text.Vocabulary), "time": strconv.Itoa(time)},
		Train: func(_ int32, batch int) (train.Source, error) {
			return newColumns(text.Train, batch, time)
		},
		Evaluate: func() (train.Source, train.Meter, error) {
			valid, err := newColumns(text.Valid, evalColumns, time)
			if err != nil {
				return nil, nil, err
			}
			test, err := newColumns(text.Test, evalColumns, time)
			if err != nil {
				return nil, nil, err
			}
			source, meter := entry.Validated(entry.Part{Source: valid, Meter: &perplexity{}}, entry.Part{Source: test, Meter: &perplexity{}})
			return source, meter, nil
		},
		Align: func() (*train.Batch, error) {
			valid, err := newColumns(text.Valid, evalColumns, time)
			if err != nil {
				return nil, err
			}
			b := &train.Batch{}
			return b, valid.Batch(0, 0, b)
		},
		Best: "val_perplexity", Validation: "val_perplexity",
	}
}

// perplexity averages the losses of batches, which all have the same number of tokens.
type perplexity struct{ losses []float64 }

func (p *perplexity) Reset() { p.losses = p.losses[:0] }

func (p *perplexity) Add(_ *train.Batch, output func(name string) *tensor.Dense) error {
	loss := output("loss")
	if loss == nil {
		return errors.New(`the program has no output "loss"`)
	}
	p.losses = append(p.losses, float64(loss.Float32s()[0]))
	return nil
}

func (p *perplexity) Metrics() map[string]float64 {
	loss := mean(p.losses)
	return map[string]float64{"test_loss": loss, "perplexity": math.Exp(loss)}
}

func mean(losses []float64) float64 {
	sum := 0.0
	for _, l := range losses {
		sum += l
	}
	return sum / float64(len(losses))
}
