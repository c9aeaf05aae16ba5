package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"

	"graft/runtime/train"
	"graft/zoo/entry"
)

// Fingerprint returns the SHA-256 of what a task of seed 0 trains on in its first epoch and evaluates on: data of one name may differ.
func Fingerprint(task *entry.Task, batch int) (string, error) {
	training, err := task.Train(0, batch)
	if err != nil {
		return "", err
	}
	evaluation, _, err := task.Evaluate()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, source := range []train.Source{training, evaluation} {
		var b train.Batch
		for i := range source.Len() {
			if err := source.Batch(0, i, &b); err != nil {
				return "", err
			}
			if err := add(h, &b); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// add hashes a batch: what there is by name, its form, its elements.
func add(h hash.Hash, b *train.Batch) error {
	for _, name := range slices.Sorted(maps.Keys(b.Tensors)) {
		t := b.Tensors[name]
		fmt.Fprintf(h, "tensor %q %v %v\n", name, t.Dtype(), t.Shape())
		if err := binary.Write(h, binary.LittleEndian, t.Data()); err != nil {
			return fmt.Errorf("input %q: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Patterns)) {
		p := b.Patterns[name]
		fmt.Fprintf(h, "pattern %q %d %d %d\n", name, p.Rows, p.Cols, p.NNZ())
		for _, indices := range [][]int32{p.Row, p.Col} {
			if err := binary.Write(h, binary.LittleEndian, indices); err != nil {
				return fmt.Errorf("input %q: %w", name, err)
			}
		}
	}
	return nil
}
