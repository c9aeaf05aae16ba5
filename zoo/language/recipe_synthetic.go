package language

import (
	"maps"

	"graft/zoo/entry"
)

// The synthetic text is read in shorter and fewer columns than WikiText.
const (
	syntheticTime  = 32
	syntheticBatch = 32
)

// adapt fits a recipe to the synthetic text: a small model and rates of its size, chosen on its validation part.
func adapt(mode string, r entry.Recipe) entry.Recipe {
	set := map[string]string{"width": "64", "ffn": "128", "blocks": "2", "heads": "4", "dropout": "0"}
	maps.Copy(set, r.Set)
	r.Source += ", fitted to synthetic-text"
	r.Set, r.Batch, r.Epochs = set, syntheticBatch, 5
	r.LR, r.Schedule = 0.8, noam(64, 200)
	if mode == "dfa" {
		r.LR, r.Schedule = 3e-3, nil
	}
	return r
}
