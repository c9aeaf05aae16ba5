package experiment

import (
	"fmt"
	"strings"

	"graft/graph"
)

// symbols gives the symbols of a definition the values that the shapes in a file say, and remembers where it has them from.
type symbols struct {
	value graph.Binding
	from  map[string]string
	facts []fact
}

// fact says that a dimension has n elements in the file, at a place that completes "... is n".
type fact struct {
	dim   graph.Dim
	n     int
	place string
}

func newSymbols() *symbols { return &symbols{value: graph.Binding{}, from: map[string]string{}} }

// add takes a fact in and draws all conclusions, or says what it contradicts.
func (s *symbols) add(d graph.Dim, n int, place string) error {
	s.facts = append(s.facts, fact{d, n, place})
	for again := true; again; {
		again = false
		for _, f := range s.facts {
			bound, err := s.apply(f)
			if err != nil {
				return err
			}
			again = again || bound
		}
	}
	return nil
}

// apply binds the symbol of a fact if one alone has no value yet, and checks the fact if none has.
func (s *symbols) apply(f fact) (bound bool, err error) {
	known, left, unknown := graph.Int(1), f.dim, ""
	for _, symbol := range f.dim.Symbols() {
		if n, ok := s.value[symbol]; ok {
			left, _ = left.Div(graph.Sym(symbol))
			known = known.Mul(graph.Int(n))
		} else if unknown != "" {
			return false, nil
		} else {
			unknown = symbol
			left, _ = left.Div(graph.Sym(symbol))
		}
	}
	n, _ := left.Mul(known).Const()
	switch {
	case unknown == "" && n == f.n:
		return false, nil
	case unknown == "":
		return false, fmt.Errorf("%s is %d, not %s", f.place, f.n, s.explain(f.dim, n))
	case f.n <= 0:
		return false, fmt.Errorf("%s is %d, but %s must be positive", f.place, f.n, unknown)
	case f.n%n != 0:
		return false, fmt.Errorf("%s is %d, no multiple of %s", f.place, f.n, s.explain(f.dim, n))
	}
	s.value[unknown], s.from[unknown] = f.n/n, f.place
	return true, nil
}

// explain says why a dimension has n elements.
func (s *symbols) explain(d graph.Dim, n int) string {
	var why []string
	for _, symbol := range d.Symbols() {
		if from, ok := s.from[symbol]; ok {
			why = append(why, fmt.Sprintf("%s is %d by %s", symbol, s.value[symbol], from))
		}
	}
	if why == nil {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d (%s)", n, strings.Join(why, ", "))
}
