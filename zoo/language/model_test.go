package language_test

import (
	"fmt"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/zoo/language"
)

// sequences returns the tokens of a world by sequence.
func sequences(w *world, time int) (out [][]int) {
	for row := range slices.Chunk(w.values["tokens"], time) {
		var s []int
		for _, v := range row {
			s = append(s, int(v))
		}
		out = append(out, s)
	}
	return out
}

// TestForward compares every kind of attention with the naive model, one and two blocks deep.
func TestForward(t *testing.T) {
	for _, a := range kinds() {
		for _, mixed := range []bool{false, true} {
			for _, tied := range []bool{false, true} {
				o := tiny()
				o.Blocks, o.Tied = 1+len(a)%2, tied
				def := language.Transformer(a, o, language.Reference{MixedHeads: mixed})
				w := newWorld(3, o.Time, o.Vocabulary)
				got := w.run(t, def, "bp", passes.Predict)
				n := naive{Options: o, kind: a, mixed: mixed, values: w.values}
				near(t, fmt.Sprintf("%s attention, mixed %v, tied %v", a, mixed, tied), got["logits"], n.logits(sequences(w, o.Time)), 1e-9)
			}
		}
	}
}

// TestCausality checks that a token changes neither what stands before it nor other sequences, and that it does change its own
// logits and later ones.
func TestCausality(t *testing.T) {
	for _, a := range kinds() {
		o := tiny()
		def := language.Transformer(a, o, language.Reference{})
		w := newWorld(3, o.Time, o.Vocabulary)
		before := w.run(t, def, "bp", passes.Predict)["logits"]
		const sequence, place = 1, 2
		at := sequence*o.Time + place
		w.values["tokens"][at] = float64((int(w.values["tokens"][at]) + 1) % o.Vocabulary)
		after := w.run(t, def, "bp", passes.Predict)["logits"]
		for i := range 3 * o.Time {
			same := slices.Equal(before[i*o.Vocabulary:(i+1)*o.Vocabulary], after[i*o.Vocabulary:(i+1)*o.Vocabulary])
			if free := i/o.Time != sequence || i%o.Time < place; same != free {
				t.Errorf("%s attention: logits of sequence %d, place %d: unchanged %v, want %v", a, i/o.Time, i%o.Time, same, free)
			}
		}
	}
}

// TestMixedHeads checks that the published code's dense synthesizer does let sequences see one another.
func TestMixedHeads(t *testing.T) {
	o := tiny()
	def := language.Transformer(language.Dense, o, language.Reference{MixedHeads: true})
	w := newWorld(3, o.Time, o.Vocabulary)
	before := w.run(t, def, "bp", passes.Predict)["logits"]
	w.values["tokens"][o.Time] = float64((int(w.values["tokens"][o.Time]) + 1) % o.Vocabulary)
	after := w.run(t, def, "bp", passes.Predict)["logits"]
	first, last := o.Time*o.Vocabulary, 2*o.Time*o.Vocabulary
	if slices.Equal(before[:first], after[:first]) && slices.Equal(before[last:], after[last:]) {
		t.Error("no other sequence has changed")
	}
}

// TestGradients compares the gradients of backpropagation with central differences of the loss in f64, dropout on.
func TestGradients(t *testing.T) {
	for _, a := range kinds() {
		for _, tied := range []bool{false, true} {
			o := tiny()
			o.Blocks, o.Width, o.FFN, o.Time, o.Vocabulary, o.Tied = 1, 4, 5, 4, 3, tied
			def := language.Transformer(a, o, language.Reference{})
			w := newWorld(2, o.Time, o.Vocabulary)
			program := compile(t, def, "bp", passes.Options{Part: passes.Gradient, F64: true}).Program
			got := w.interpret(t, program)
			for _, p := range program.Leaves("param") {
				name := p.Node.Name()
				x := w.values[name]
				want := fd.Gradient(nil, func(y []float64) float64 {
					w.values[name] = y
					return w.interpret(t, program)["loss"][0]
				}, x, &fd.Settings{Formula: fd.Central})
				w.values[name] = x
				near(t, fmt.Sprintf("%s attention, tied %v: gradient of %s", a, tied, name), got["grad/"+name], want, 1e-7)
			}
		}
	}
}

// TestAlikeBlocks checks that in the reference variant all blocks start as copies of the first, and in the other none does.
func TestAlikeBlocks(t *testing.T) {
	for _, alike := range []bool{false, true} {
		for _, a := range kinds() {
			def := language.Transformer(a, tiny(), language.Reference{AlikeBlocks: alike})
			s := runtime.NewState()
			if err := s.Init(def, graph.Binding{}, 3); err != nil {
				t.Fatal(err)
			}
			for _, layer := range []string{"/attention/in/weight", "/ffn/hidden/weight", "/ffn/hidden/bias"} {
				first, second := s.Tensor("block0"+layer).Float32s(), s.Tensor("block1"+layer).Float32s()
				if slices.Equal(first, second) != alike {
					t.Errorf("%s attention: block0%s equals block1's: %v, want %v", a, layer, !alike, alike)
				}
			}
		}
	}
}
