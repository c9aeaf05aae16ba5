package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"graft/graph"
	"graft/runtime"
	"graft/runtime/safetensors"

	"gorgonia.org/tensor"
)

// matrices are feedback matrices that are given rather than drawn, by "feedback/<point>".
type matrices struct {
	path    string
	sum     string // SHA-256 of the file: what is computed depends on it
	tensors map[string]*tensor.Dense
}

func readMatrices(path string) (*matrices, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.Decode(path, b)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return &matrices{path: path, sum: hex.EncodeToString(sum[:]), tensors: file.Tensors}, nil
}

// into brings the matrices that a program reads into a state. One that is missing or of another shape is refused; others in the
// file belong to points that this granularity does not select.
func (m *matrices) into(s *runtime.State, program *graph.Graph) error {
	for _, leaf := range program.Leaves("state") {
		name := leaf.Node.Name()
		if !strings.HasPrefix(name, "feedback/") {
			continue
		}
		given := m.tensors[name]
		if given == nil {
			return fmt.Errorf("%s: no tensor %q; it must be %v: [width of the error, width of the point]", m.path, name, leaf.Type)
		}
		if _, err := sameType(given, leaf.Type); err != nil {
			return fmt.Errorf("%s: tensor %q is %s, want %v: [width of the error, width of the point]", m.path, name, typeOf(given), leaf.Type)
		}
		if err := s.Set(name, given); err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
	}
	return nil
}
