package language

import (
	"math"
	"math/rand/v2"
)

// The symbols of the synthetic text, in this order: the end of a paragraph, topics, words, opening brackets, closing brackets.
const (
	topics   = 6
	words    = 41
	brackets = 8

	firstWord    = 1 + topics
	firstOpening = firstWord + words
	firstClosing = firstOpening + brackets
	symbols      = firstClosing + brackets
)

const (
	syntheticName  = "synthetic-text"
	syntheticTrain = 160_000 // tokens
	syntheticEval  = 16_000  // tokens of validation, and of test
)

// SyntheticText is a text with what is known of its source.
type SyntheticText struct {
	Text
	// Perplexity is exp of the mean surprise at the test part's tokens for one who knows the rules and all that went before: a
	// bound that no model beats by more than chance.
	Perplexity float64
}

// Synthetic generates "synthetic-text", whose structure reaches from one token to about fifty. A paragraph begins with its topic
// and ends after 32 symbols on average. In it words follow one another by a table of the topic's own, so that neither the
// topic nor the word before alone tells the next one. Brackets of 8 kinds open now and then; each closes after some 8 words with
// its own kind, and then the word that followed the opening bracket is repeated. The seed alone determines the text.
func Synthetic(seed uint64) *SyntheticText {
	g := newGrammar(rand.New(rand.NewPCG(seed, 1)))
	part := func(stream uint64, n int) ([]int32, float64) {
		return g.write(rand.New(rand.NewPCG(seed, stream)), n)
	}
	t := &SyntheticText{Text: Text{Name: syntheticName, Vocabulary: symbols}}
	t.Train, _ = part(2, syntheticTrain)
	t.Valid, _ = part(3, syntheticEval)
	var surprise float64
	t.Test, surprise = part(4, syntheticEval)
	t.Perplexity = math.Exp(surprise / syntheticEval)
	return t
}

// follows are the shares of the words that may follow another.
var follows = [...]float64{0.7, 0.2, 0.1}

// grammar holds for each topic and word, or the topic itself at the beginning, the words that may follow.
type grammar struct {
	next [topics][1 + words][len(follows)]int
}

func newGrammar(r *rand.Rand) *grammar {
	g := &grammar{}
	for t := range topics {
		for k := range follows {
			// Permutations, so that every word of a topic is about as frequent as any other.
			for from, to := range r.Perm(1 + words) {
				g.next[t][from][k] = to % words
			}
		}
	}
	return g
}

// writer is the state of a text that is being written; the text so far determines it.
type writer struct {
	*grammar
	inside  bool // of a paragraph
	topic   int
	word    int // 1 + the last word, or 0
	bracket int // 1 + the kind of the open bracket, or 0
	since   int // symbols since it opened
	first   int // the word that followed it
	repeat  bool
}

// write returns n tokens and the sum of -log of their probabilities.
func (g *grammar) write(r *rand.Rand, n int) (text []int32, surprise float64) {
	w := &writer{grammar: g}
	for range n {
		symbol, p := w.step(r)
		text, surprise = append(text, int32(symbol)), surprise-math.Log(p)
	}
	return text, surprise
}

// The chances of what may happen instead of another word.
const (
	opens  = 1.0 / 10
	ends   = 1.0 / 24 // outside of brackets
	closes = 1.0 / 6  // from the second word in brackets on
)

// step draws the next symbol and returns it with its probability.
func (w *writer) step(r *rand.Rand) (symbol int, p float64) {
	switch {
	case !w.inside:
		*w = writer{grammar: w.grammar, inside: true, topic: r.IntN(topics)}
		return 1 + w.topic, 1.0 / topics
	case w.repeat:
		w.repeat, w.word = false, 1+w.first
		return firstWord + w.first, 1
	}
	p, u := 1.0, r.Float64()
	switch {
	case w.bracket == 0 && w.word > 0:
		switch {
		case u < ends:
			w.inside = false
			return 0, ends
		case u < ends+opens:
			kind := r.IntN(brackets)
			w.bracket, w.since = 1+kind, 0
			return firstOpening + kind, opens / brackets
		}
		p = 1 - ends - opens
	case w.bracket > 0 && w.since >= 2:
		if u < closes {
			kind := w.bracket - 1
			w.bracket, w.repeat = 0, true
			return firstClosing + kind, closes
		}
		p = 1 - closes
	}
	next, share := w.follower(r)
	if w.since++; w.bracket > 0 && w.since == 1 {
		w.first = next
	}
	w.word = 1 + next
	return firstWord + next, p * share
}

// follower draws the next word by the topic's table. A word that stands in the table twice has the sum of its shares.
func (w *writer) follower(r *rand.Rand) (next int, share float64) {
	row, u := w.next[w.topic][w.word], r.Float64()
	k := 0
	for u >= follows[k] && k < len(follows)-1 {
		u -= follows[k]
		k++
	}
	for i, to := range row {
		if to == row[k] {
			share += follows[i]
		}
	}
	return row[k], share
}
