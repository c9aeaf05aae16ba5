package language

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/runtime/train"
)

// TestColumns follows a text through batches: columns are contiguous, chunks follow one another, targets are one place ahead, and
// what does not fill a chunk is dropped.
func TestColumns(t *testing.T) {
	text := make([]int32, 23)
	for i := range text {
		text[i] = int32(i)
	}
	c, err := newColumns(text, 2, 4) // columns 0..10 and 11..21
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != 2 {
		t.Fatalf("%d chunks, want 2", c.Len())
	}
	for i, want := range [][2][]int32{
		{{0, 1, 2, 3, 11, 12, 13, 14}, {1, 2, 3, 4, 12, 13, 14, 15}},
		{{4, 5, 6, 7, 15, 16, 17, 18}, {5, 6, 7, 8, 16, 17, 18, 19}},
	} {
		var b train.Batch
		if err := c.Batch(7, i, &b); err != nil {
			t.Fatal(err)
		}
		if got := b.Tensors["tokens"].Int32s(); !slices.Equal(got, want[0]) {
			t.Errorf("chunk %d: tokens %v, want %v", i, got, want[0])
		}
		if got := b.Tensors["target"].Int32s(); !slices.Equal(got, want[1]) {
			t.Errorf("chunk %d: targets %v, want %v", i, got, want[1])
		}
	}
	if err := c.Batch(0, 2, &train.Batch{}); err == nil {
		t.Error("a chunk behind the last one is given")
	}
	// 4 is the length of a column: one too short, since the last target is one place behind the chunk.
	for _, batch := range []int{0, 5, 24} {
		if _, err := newColumns(text, batch, 4); err == nil {
			t.Errorf("%d columns of 23 tokens are accepted", batch)
		}
	}
}

// TestSyntheticText checks the text's grammar, what is known of its entropy, and that the seed alone determines it.
func TestSyntheticText(t *testing.T) {
	s := Synthetic(0)
	if !slices.Equal(s.Test, Synthetic(0).Test) || slices.Equal(s.Test, Synthetic(1).Test) || slices.Equal(s.Valid, s.Test) {
		t.Error("the text is not a function of seed and part")
	}
	if len(s.Train) != syntheticTrain || len(s.Valid) != syntheticEval || symbols != 64 || s.Vocabulary != symbols {
		t.Errorf("%d and %d tokens, %d symbols", len(s.Train), len(s.Valid), symbols)
	}
	longest, open, opened, repeat := 0, int32(0), 0, int32(-1)
	for i, symbol := range s.Train {
		switch {
		case symbol < 0 || symbol >= symbols:
			t.Fatalf("token %d is %d", i, symbol)
		case repeat >= 0:
			if symbol != repeat {
				t.Fatalf("token %d is %d, not the repeated word %d", i, symbol, repeat)
			}
			repeat = -1
		case symbol >= firstClosing:
			if symbol-firstClosing != open-firstOpening {
				t.Fatalf("token %d, %d, closes a bracket %d", i, symbol, open)
			}
			longest, open, repeat = max(longest, i-opened), 0, s.Train[opened+1]
		case symbol >= firstOpening:
			open, opened = symbol, i
		}
	}
	if longest < 30 {
		t.Errorf("brackets reach %d symbols back at most, want tens", longest)
	}
	// What counts alone can do, against one who knows the rules: the figures are of this text.
	unigram, bigram := counted(s.Train, s.Test, 0), counted(s.Train, s.Test, 1)
	t.Logf("perplexity of frequencies %.1f, of pairs %.1f, of the rules %.2f", unigram, bigram, s.Perplexity)
	if s.Perplexity < 2.5 || s.Perplexity > 4 || bigram < 3*s.Perplexity || unigram < 2*bigram {
		t.Errorf("perplexity of frequencies %.1f, of pairs %.1f, of the rules %.2f: too much or too little structure", unigram, bigram, s.Perplexity)
	}
}

// counted is the perplexity of test by relative frequencies in text, of symbols or of symbols behind another.
func counted(text, test []int32, context int) float64 {
	var n [symbols][symbols]float64
	key := func(text []int32, i int) int32 { return text[i-1] * int32(context) }
	for i := 1; i < len(text); i++ {
		n[key(text, i)][text[i]]++
	}
	loss := 0.0
	for i := 1; i < len(test); i++ {
		row, total := n[key(test, i)], 0.1*symbols
		for _, c := range row {
			total += c
		}
		loss -= math.Log((row[test[i]] + 0.1) / total)
	}
	return math.Exp(loss / float64(len(test)-1))
}

func TestReadWords(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ids := map[string]int32{}
	train := write("train", "a  b\n\nb <unk>\nc")
	got, err := readWords(train, ids, true)
	if err != nil || !slices.Equal(got, []int32{0, 1, 2, 2, 1, 3, 2, 4, 2}) || len(ids) != 5 {
		t.Errorf("got %v, vocabulary %v, error %v", got, ids, err)
	}
	if got, err := readWords(write("valid", "new a\n"), ids, false); err != nil || !slices.Equal(got, []int32{3, 0, 2}) || len(ids) != 5 {
		t.Errorf("got %v, vocabulary %v, error %v", got, ids, err)
	}
	if _, err := readWords(train, map[string]int32{}, false); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a word outside of the vocabulary: error %v", err)
	}
	if _, err := readWords(filepath.Join(dir, "gone"), ids, true); err == nil {
		t.Error("a missing file is accepted")
	}
}

func TestWikiText2(t *testing.T) {
	dir := os.Getenv("GRAFT_DATA")
	if dir == "" {
		t.Skip("SKIP-DATA: GRAFT_DATA is not set, WikiText-2 itself is not tested")
	}
	text, err := LoadWikiText2(dir)
	if err != nil {
		t.Fatal(err)
	}
	// The counts that Merity et al. (2017, table 1) state.
	if len(text.Train) != 2_088_628 || len(text.Valid) != 217_646 || len(text.Test) != 245_569 || text.Vocabulary != 33_278 {
		t.Errorf("%d, %d and %d tokens, vocabulary %d", len(text.Train), len(text.Valid), len(text.Test), text.Vocabulary)
	}
}
