package entry

import (
	"maps"
	"strings"

	"gorgonia.org/tensor"
	"graft/runtime/train"
)

// Part is data to be evaluated on, and what the evaluation is reduced to.
type Part struct {
	Source train.Source
	Meter  train.Meter
}

// Validated makes one evaluation of validation and test data. A metric of the validation data is called val_x where that of the test
// data is x or test_x.
func Validated(validation, test Part) (train.Source, train.Meter) {
	return &parts{validation, test}, &partsMeter{validation: validation, test: test}
}

// parts yields the batches of validation and then those of test.
type parts struct{ validation, test Part }

func (p *parts) Len() int { return p.validation.Source.Len() + p.test.Source.Len() }

func (p *parts) Batch(epoch, i int, b *train.Batch) error {
	if n := p.validation.Source.Len(); i >= n {
		return p.test.Source.Batch(epoch, i-n, b)
	}
	return p.validation.Source.Batch(epoch, i, b)
}

// partsMeter tells the parts apart by the number of batches.
type partsMeter struct {
	validation, test Part
	batches          int
}

func (m *partsMeter) Reset() {
	m.validation.Meter.Reset()
	m.test.Meter.Reset()
	m.batches = 0
}

func (m *partsMeter) Add(b *train.Batch, output func(name string) *tensor.Dense) error {
	meter := m.validation.Meter
	if m.batches >= m.validation.Source.Len() {
		meter = m.test.Meter
	}
	m.batches++
	return meter.Add(b, output)
}

func (m *partsMeter) Metrics() map[string]float64 {
	out := maps.Clone(m.test.Meter.Metrics())
	for name, v := range m.validation.Meter.Metrics() {
		out["val_"+strings.TrimPrefix(name, "test_")] = v
	}
	return out
}
