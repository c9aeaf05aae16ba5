package language_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/zoo/entry"
	"graft/zoo/language"
)

// tiny are the options of models that tests can afford.
func tiny() language.Options {
	return language.Options{Vocabulary: 7, Width: 8, FFN: 12, Blocks: 2, Heads: 4, Time: 5, Dropout: 0.1, Site: "encoder"}
}

func kinds() []language.Attention {
	return []language.Attention{language.Standard, language.Dense, language.Random, language.Fixed}
}

func compile(t *testing.T, def *graph.Graph, mode string, o passes.Options) *passes.Compiled {
	t.Helper()
	p, err := passes.Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	o.Verify = true
	if o.Optimizer.Rule == "" {
		o.Optimizer = passes.Optimizer{Rule: "adam", ClipNorm: 0.5}
	}
	c, err := passes.Compile(def, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestEntriesCompile compiles every entry in every variant, mode, granularity and site, with and without its other switches.
func TestEntriesCompile(t *testing.T) {
	for _, e := range language.Entries() {
		for _, variant := range e.Variants {
			for _, set := range []map[string]string{
				{}, {"site": "vocab"}, {"tied": "true", "site": "vocab"}, {"tied": "true"}, {"embed_point": "true", "frozen": "true"},
			} {
				options, err := e.Configure(map[string]string{"vocabulary": "7", "width": "16", "ffn": "12", "blocks": "2", "time": "5"}, set)
				if err != nil {
					t.Fatal(err)
				}
				def, err := e.Build(options, variant)
				if err != nil {
					t.Fatal(err)
				}
				for _, mode := range []string{"bp", "dfa", "shallow"} {
					for _, granularity := range []string{feedback.Macro, feedback.Micro} {
						t.Run(fmt.Sprint(e.Name, variant, set, mode, granularity), func(t *testing.T) {
							o := passes.Options{Feedback: feedback.Options{Granularity: granularity}, Optimizer: e.Recipe(mode, variant).Optimizer}
							c := compile(t, def, mode, o)
							checkPoints(t, c, set["embed_point"] != "", mode, granularity)
						})
					}
				}
			}
		}
	}
}

// checkPoints holds the report against the published placement: points after each block, and in micro granularity two more in it.
func checkPoints(t *testing.T, c *passes.Compiled, embed bool, mode, granularity string) {
	want := 2
	if granularity == feedback.Micro {
		want = 6
	}
	if embed {
		want++
	}
	cut, grafted := 0, 0
	for _, p := range c.Report.Points {
		if p.Cut {
			cut++
		}
		if p.Grafted {
			grafted++
		}
	}
	wantCut, wantGrafted := 0, 0
	if mode != "bp" {
		wantCut = want
	}
	if mode == "dfa" {
		wantGrafted = want
	}
	if cut != wantCut || grafted != wantGrafted {
		t.Errorf("%d points cut and %d grafted, want %d and %d", cut, grafted, wantCut, wantGrafted)
	}
}

// TestParameterCount compares the full-size model with what the published code's modules add up to: 3,152,384 parameters a
// block, 512 V for the embedding and 513 V for the decoder.
func TestParameterCount(t *testing.T) {
	e := language.Entries()[0]
	def, err := e.Build(e.Options(), entry.Paper)
	if err != nil {
		t.Fatal(err)
	}
	const vocabulary = 32000
	want := map[string]int{"embedding": 512 * vocabulary, "decoder": 513 * vocabulary}
	for i := range 6 {
		want[fmt.Sprintf("block%d", i)] = 3_152_384
	}
	got := map[string]int{}
	for _, p := range def.Leaves("param") {
		n := 1
		for _, d := range p.Type.Dims {
			k, _ := d.Const()
			n *= k
		}
		part, _, _ := strings.Cut(p.Node.Name(), "/")
		got[part] += n
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("parameters %v, want %v", got, want)
	}
}

// TestShallow checks that shallow trains the decoder alone.
func TestShallow(t *testing.T) {
	for _, a := range kinds() {
		c := compile(t, language.Transformer(a, tiny(), language.Reference{}), "shallow", passes.Options{})
		for _, p := range c.Program.Leaves("param") {
			decoder := strings.HasPrefix(p.Node.Name(), "decoder/")
			if frozen := slices.Contains(c.Report.Frozen, p.Node.Name()); frozen == decoder {
				t.Errorf("%s attention: %s is frozen: %v", a, p.Node.Name(), frozen)
			}
		}
	}
}

// TestFrozenSynthesizer checks that the option freezes the synthesizing parameters and nothing else.
func TestFrozenSynthesizer(t *testing.T) {
	for a, want := range map[language.Attention][]string{
		language.Dense:  {"block0/attention/1/weight", "block0/attention/1/bias", "block0/attention/2/weight", "block0/attention/2/bias"},
		language.Random: {"block0/attention/logits"},
	} {
		o := tiny()
		o.Blocks, o.Frozen = 1, true
		got := compile(t, language.Transformer(a, o, language.Reference{}), "bp", passes.Options{}).Report.Frozen
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s attention: frozen %v, want %v", a, got, want)
		}
	}
}

// TestWeightTransport checks the report's word on what DFA still transports: at the published site the decoder's weight lies
// between loss and error, at the logits nothing does. Within a block the gradients read the block's own weights, and never
// another's.
func TestWeightTransport(t *testing.T) {
	for site, want := range map[string][]string{"encoder": {"decoder/weight"}, "vocab": nil} {
		o := tiny()
		o.Site = site
		own := false
		for _, tr := range compile(t, language.Transformer(language.Standard, o, language.Reference{}), "dfa", passes.Options{}).Report.Transport {
			block, _, _ := strings.Cut(tr.Param, "/")
			if block == "decoder" {
				continue
			}
			if !slices.Equal(tr.ErrorPath, want) || len(tr.OtherRegion) > 0 {
				t.Errorf("site %s: the gradient of %s reads %v on the error's path and %v of other regions, want %v and none",
					site, tr.Param, tr.ErrorPath, tr.OtherRegion, want)
			}
			for _, p := range tr.OwnRegion {
				own = own || strings.HasPrefix(p, "block0/attention/") && tr.Param == "embedding/weight"
			}
		}
		if !own {
			t.Errorf("site %s: the embedding's gradient is said not to read the attention's weights", site)
		}
	}
}

// TestMistakes checks what is said of options that do not fit together.
func TestMistakes(t *testing.T) {
	for want, change := range map[string]func(o *language.Options) language.Attention{
		"a multiple of its 3 heads": func(o *language.Options) language.Attention { o.Heads = 3; return language.Standard },
		"fixed attention has 4":     func(o *language.Options) language.Attention { o.Heads = 2; return language.Fixed },
		"a multiple of its 4 heads": func(o *language.Options) language.Attention { o.Width = 10; return language.Dense },
	} {
		o := tiny()
		a := change(&o)
		for _, alike := range []bool{false, true} {
			err := language.Transformer(a, o, language.Reference{AlikeBlocks: alike}).Err()
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got error %v, want %q", err, want)
			}
		}
	}
}
