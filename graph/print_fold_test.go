package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"graft/feedback"
	"graft/graph"
	"graft/passes"
	"graft/zoo"
	"graft/zoo/experiment"
)

// folded returns the folded text of g.
func folded(t testing.TB, g *graph.Graph) string {
	t.Helper()
	var b strings.Builder
	if err := g.WriteFolded(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkFold holds the folded text of the graph with the given body against want, and against what it unfolds to.
func checkFold(t *testing.T, header, body, want string) {
	t.Helper()
	text := func(body string) string { return "graft-ir 1\n\n" + header + " g {\n" + body + "}\n" }
	g, err := graph.Parse("g", []byte(text(body)))
	if err != nil {
		t.Fatal(err)
	}
	got := folded(t, g)
	if d := cmp.Diff(text(want), got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff(text(body), unfold(t, g, got)); d != "" {
		t.Errorf("unfolded (-want +got):\n%s", d)
	}
}

// residual is a network of n equal layers, %layer0 and so on, each of which edit may change in one place. The values of layer i
// are %3i+1 to %3i+3, and its input is %3i.
func residual(n, layer int, old, new string) string {
	text := "  %x = input : f32[4, 4]\n  %0 = relu %x : f32[4, 4]\n"
	for i := range n {
		in := 3 * i
		l := fmt.Sprintf("  %%layer%d/weight = param : f32[4, 4]\n", i) +
			fmt.Sprintf("  %%%d = matmul %%%d, %%layer%d/weight : f32[4, 4]\n", in+1, in, i) +
			fmt.Sprintf("  %%%d = scale %%%d {by=2.0} : f32[4, 4]\n", in+2, in+1) +
			fmt.Sprintf("  %%%d = add %%%d, %%%d : f32[4, 4]\n", in+3, in+2, in)
		if i == layer {
			l = strings.Replace(l, old, new, 1)
		}
		text += l
	}
	return text + fmt.Sprintf("  output \"y\" %%%d\n", 3*n)
}

// Equal layers are written once, and the line behind them says what every copy has in their place.
func TestFoldOfLayers(t *testing.T) {
	first := strings.TrimSuffix(residual(1, -1, "", ""), "  output \"y\" %3\n")
	checkFold(t, "graph", residual(5, -1, "", ""),
		first+"  ... the 4 lines above 4 times more, with layer0 -> layer1 to layer4; %1 to %3 + 3; %0 + 3\n  output \"y\" %15\n")
	checkFold(t, "graph", residual(3, -1, "", ""),
		first+"  ... the 4 lines above 2 times more, with layer0 -> layer1, layer2; %1 to %3 + 3; %0 + 3\n  output \"y\" %9\n")
	// A fold that hides fewer lines than it asks to be read is not made.
	checkFold(t, "graph", residual(2, -1, "", ""), residual(2, -1, "", ""))
}

// Names that count up are written as a span; of others a fold lists a few, and does not go on with many.
func TestFoldOfNames(t *testing.T) {
	params := func(names ...string) string {
		text := ""
		for _, name := range names {
			text += "  %" + name + "/weight = param : f32[4]\n"
		}
		return text
	}
	checkFold(t, "graph", params("p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14"),
		params("p7")+"  ... the line above 7 times more, with p7 -> p8 to p14\n")
	checkFold(t, "graph", params("a", "c", "b", "p", "q", "s"), params("a")+"  ... the line above 5 times more, with a -> c, b, p, q, s\n")
	checkFold(t, "graph", params("a", "c", "b", "p", "q", "s", "e", "g"),
		params("a")+"  ... the line above 6 times more, with a -> c, b, p, q, s, e\n"+params("g"))
}

// A layer that differs in anything but names is none of the copies. Where the second of three does, nothing repeats.
func TestNoFold(t *testing.T) {
	for name, edit := range map[string]struct{ old, new string }{
		"attribute":                     {"by=2.0", "by=3.0"},
		"op":                            {"= add", "= sub"},
		"initialisation":                {"= param", "= param {init=ones}"},
		"operands exchanged":            {"%5, %3", "%3, %5"},
		"another value of its own":      {"%5, %3", "%4, %3"},
		"its own value for the carried": {"%5, %3", "%5, %4"},
		"the carried for its own":       {"%5, %3", "%3, %3"},
		"another carried":               {"%5, %3", "%5, %2"},
		"the weight of another":         {"%3, %layer1/weight", "%3, %layer0/weight"},
		"a leaf for a value":            {"%5, %3", "%5, %x"},
	} {
		t.Run(name, func(t *testing.T) {
			text := residual(3, 1, edit.old, edit.new)
			if text == residual(3, -1, "", "") {
				t.Fatal("the edit changes nothing")
			}
			checkFold(t, "graph", text, text)
		})
	}
}

// What is carried from copy to copy is listed where its number does not grow evenly. Whole sections repeat too, and what they read of
// the forward phase may be numbered the other way.
func TestFoldOfSections(t *testing.T) {
	leaves, backward := "  %x = input : f32[2, 4]\n", ""
	forward := []string{"    %0 = relu %x : f32[2, 4]\n"}
	for i, in := range []int{0, 3, 8} { // the normalised value is the third of five of a block
		v := 5*i + 1
		leaves += fmt.Sprintf("  %%b%d/weight = param : f32[4]\n  %%b%d/bias = param : f32[4]\n", i, i)
		forward = append(forward, fmt.Sprintf("    %%%d = neg %%%d : f32[2, 4]\n    %%%d = square %%%d : f32[2, 4]\n", v, in, v+1, v)+
			fmt.Sprintf("    %%%d, %%%d, %%%d = layer_norm %%%d, %%b%d/weight, %%b%d/bias : f32[2, 4], f32[2], f32[2]\n", v+2, v+3, v+4, v+1, i, i))
	}
	section := func(i, v int) string {
		x := 5*i + 1
		return fmt.Sprintf("  backward \"b%d\" {\n", i) +
			fmt.Sprintf("    %%%d, %%%d, %%%d = layer_norm_grad %%0, %%%d, %%b%d/weight, %%%d, %%%d : f32[2, 4], f32[4], f32[4]\n", v, v+1, v+2, x+1, i, x+3, x+4) +
			fmt.Sprintf("    output \"grad/b%d/weight\" %%%d\n    output \"grad/b%d/bias\" %%%d\n  }\n", i, v+1, i, v+2)
	}
	for i := 2; i >= 0; i-- {
		backward += section(i, 22-3*i)
	}
	checkFold(t, "program", leaves+"  forward {\n"+strings.Join(forward, "")+"  }\n"+backward,
		leaves+"  forward {\n"+forward[0]+forward[1]+
			"    ... the 3 lines above 2 times more, with b0 -> b1, b2; %1 to %5 + 5; %0 -> %3, %8\n  }\n"+
			section(2, 16)+"  ... the 5 lines above 2 times more, with b2 -> b1, b0; %16 to %18 + 3; %12, %14, %15 - 5\n")
}

// Attributes that are added to or multiplied go by a rule, exactly as they are written; of others a fold lists a few.
func TestFoldOfProgressions(t *testing.T) {
	waves := func(by ...string) string {
		text := ""
		for i, x := range by {
			text += fmt.Sprintf("  %%%d = scale %%x {by=%s} : f32[4]\n  %%%d = sin %%%d : f32[4]\n", 2*i, x, 2*i+1, 2*i)
		}
		return text
	}
	x := "  %x = input : f32[4]\n"
	for _, c := range []struct{ by, with string }{
		{"2.0 4.0 8.0 16.0", "by=2.0 -> 4.0, then * 2"},
		{"7.0 2.0 1.0 0.5 0.25", "by=7.0 -> 2.0, then * 1/2"},
		{"0.1 0.2 0.3 0.4", "by=0.1 -> 0.2, then + 1/10"},
		{"2.0 1.0 0.0 -1.0", "by=2.0 -> 1.0, then - 1"},
		{"1.0 -2.0 4.0 -8.0", "by=1.0 -> -2.0, then * -2"},
		{"1.0 1e+10 1e+20 1e+30", "by=1.0 -> 1e+10, 1e+20, 1e+30"}, // the rule is too long to say anything
		{"2.0 1.0 -0.0 -1.0", "by=2.0 -> 1.0, -0.0, -1.0"},
		{"1.0 2.0 4.0 7.0", "by=1.0 -> 2.0, 4.0, 7.0"},
	} {
		by := strings.Fields(c.by)
		checkFold(t, "graph", x+waves(by...), x+waves(by[0])+
			fmt.Sprintf("  ... the 2 lines above %d times more, with %s; %%0 to %%1 + 2\n", len(by)-1, c.with))
	}
	// One that stays the same is none that follows a rule.
	text := waves("2.0", "4.0", "2.0", "8.0")
	checkFold(t, "graph", x+text, x+text)
	primes := strings.Fields("2.0 3.0 5.0 7.0 11.0 13.0 17.0 19.0")
	checkFold(t, "graph", x+waves(primes...), x+waves(primes[0])+
		"  ... the 2 lines above 6 times more, with by=2.0 -> 3.0, 5.0, 7.0, 11.0, 13.0, 17.0; %0 to %1 + 2\n"+
		strings.TrimPrefix(waves(primes...), waves(primes[:7]...)))
}

// A dimension is another one everywhere, in types and attributes, or nowhere.
func TestFoldOfDims(t *testing.T) {
	rows := func(i int, n string) string {
		return fmt.Sprintf("  %%%d = broadcast %%x {shape=[%s, 3]} : f32[%s, 3]\n  %%%d = slice %%%d {axis=1, size=2} : f32[%s, 2]\n", 2*i, n, n, 2*i+1, 2*i, n)
	}
	x := "  %x = input : f32[1, 3]\n"
	checkFold(t, "graph", x+rows(0, "64*rays")+rows(1, "128*rays")+rows(2, "192*rays")+rows(3, "256*rays"), x+rows(0, "64*rays")+
		"  ... the 2 lines above 3 times more, with dim 64 -> 128, then + 64; %0 to %1 + 2\n")
	checkFold(t, "graph", x+rows(0, "rays")+rows(1, "tokens")+rows(2, "items")+rows(3, "users"), x+rows(0, "rays")+
		"  ... the 2 lines above 3 times more, with dim rays -> tokens, items, users; %0 to %1 + 2\n")
	for _, text := range []string{
		rows(0, "3*rays") + rows(1, "6*rays") + rows(2, "9*rays") + rows(3, "12*rays"),    // 3 is a width too
		rows(0, "rays") + rows(1, "2*rays") + rows(2, "rays*tokens") + rows(3, "4*items"), // of another form
	} {
		checkFold(t, "graph", x+text, x+text)
	}
}

// The lines of a fold are counted as they are written: another fold among them is one line.
func TestFoldInFold(t *testing.T) {
	stack := func(n, v int) string {
		text := fmt.Sprintf("  %%stack%d/x = input : f32[4]\n  %%%d = relu %%stack%d/x : f32[4]\n", n, v, n)
		for i := range 8 {
			text += fmt.Sprintf("  %%%d = neg %%%d : f32[4]\n", v+1+i, v+i)
		}
		return text + fmt.Sprintf("  %%%d = exp %%%d : f32[4]\n", v+9, v+8)
	}
	checkFold(t, "graph", stack(0, 0)+stack(1, 10)+stack(2, 20), "  %stack0/x = input : f32[4]\n  %0 = relu %stack0/x : f32[4]\n"+
		"  %1 = neg %0 : f32[4]\n  ... the line above 7 times more, with %1 + 1; %0 + 1\n  %9 = exp %8 : f32[4]\n"+
		"  ... the 5 lines above 2 times more, with stack0 -> stack1, stack2; %0 to %9 + 10\n")
}

// What stands further up, in the section or in another, is not written again, if it is long enough.
func TestFoldAgain(t *testing.T) {
	network := func(name string, in, v, rows int) string {
		text := ""
		for _, op := range []string{"relu", "square", "sigmoid", "tanh"} {
			text += fmt.Sprintf("    %%%d = matmul %%%d, %%%s/weight : f32[%d, 4]\n    %%%d = %s %%%d : f32[%d, 4]\n", v, in, name, rows, v+1, op, v, rows)
			in, v = v+1, v+2
		}
		return text
	}
	first := "  %x = input : f32[5, 4]\n  %coarse/weight = param : f32[4, 4]\n  %fine/weight = param : f32[4, 4]\n" +
		"  forward {\n    %0 = exp %x : f32[5, 4]\n" + network("coarse", 0, 1, 5) + "    %9 = slice %8 {axis=0, size=3} : f32[3, 4]\n"
	second := network("fine", 9, 10, 3)
	again := "    ... the 8 lines from %1 once more, with coarse -> fine; dim 5 -> 3; %1 to %8 + 9; %0 + 9\n  }\n"
	checkFold(t, "program", first+second+"  }\n", first+again)
	border := "  }\n  backward \"fine\" {\n"
	checkFold(t, "program", first+border+second+"  }\n", first+border+again)
	short := strings.TrimSuffix(second, "    %17 = tanh %16 : f32[3, 4]\n") + "  }\n"
	checkFold(t, "program", first+short, first+short)
}

// A text of thousands of lines that are alike is written in bounded time, whether they can be folded or not.
func TestFoldIsBounded(t *testing.T) {
	for name, operand := range map[string]func(i int) int{
		"chain":    func(i int) int { return i },
		"unlike":   func(i int) int { return (i*i*i + 7*i*i) % 1009 % (i + 1) },
		"in pairs": func(i int) int { return i / 2 * 2 },
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString("graft-ir 1\n\ngraph g {\n  %x = input : f32[4]\n  %0 = relu %x : f32[4]\n")
			for i := range 10000 {
				fmt.Fprintf(&b, "  %%%d = neg %%%d : f32[4]\n", i+1, operand(i))
			}
			g, err := graph.Parse("g", []byte(b.String()+"}\n"))
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			text := folded(t, g)
			took := time.Since(start)
			if took > 20*time.Second { // one or two; without a bound, minutes
				t.Errorf("folding took %v", took)
			}
			if d := cmp.Diff(g.String(), unfold(t, g, text)); d != "" {
				t.Errorf("unfolds to another text (-want +got):\n%s", d)
			}
			t.Logf("%v, %d lines of %d", took, strings.Count(text, "\n"), strings.Count(g.String(), "\n"))
		})
	}
}

// Every program of every model unfolds to its text.
func TestFoldsOfModels(t *testing.T) {
	for _, e := range zoo.Entries() {
		check := func(g *graph.Graph) int {
			text := folded(t, g)
			if d := cmp.Diff(strings.Split(uncounted(g), "\n"), strings.Split(unfold(t, g, text), "\n")); d != "" {
				t.Fatalf("%s, mode %q unfolds to another text (-want +got):\n%s", e.Name, g.Mode, d)
			}
			return strings.Count(text, " above ")
		}
		folds := 0
		variants := e.Variants
		if variants == nil {
			variants = []string{""}
		}
		for _, variant := range variants {
			for _, mode := range []string{"bp", "dfa", "shallow"} {
				plan, err := experiment.NewPlan(e, nil, experiment.Choices{Mode: mode, Variant: variant, Feedback: feedback.Options{Granularity: feedback.Micro}})
				if err != nil {
					t.Fatal(err)
				}
				c, err := plan.Compile(passes.Step)
				if err != nil {
					t.Fatal(err)
				}
				folds += check(c.Program)
				def, err := plan.Definition()
				if err != nil {
					t.Fatal(err)
				}
				folds += check(def)
			}
		}
		if folds == 0 && strings.HasPrefix(e.Name, "transformer") {
			t.Errorf("nothing of %s is folded", e.Name)
		}
	}
}

// No graph that can be written down makes WriteFolded panic, and no fold loses or changes a line.
func FuzzWriteFolded(f *testing.F) {
	for _, g := range definitions() {
		f.Add([]byte(g.String()))
	}
	for _, file := range files(f, "testdata/text/*.ir") {
		f.Add(read(f, file))
	}
	f.Add([]byte("graft-ir 1\n\ngraph g {\n" + residual(4, -1, "", "") + "}\n"))
	f.Add([]byte("graft-ir 1\n\ngraph g {\n" + residual(4, 2, "add", "sub") + "}\n"))
	for _, rows := range []string{"64*rays 192*rays 320*rays 448*rays", "rays 2*rays 4*rays 8*rays"} {
		text := "graft-ir 1\n\ngraph g {\n  %x = input : f32[1, 3]\n"
		for i, n := range strings.Fields(rows) {
			text += fmt.Sprintf("  %%%d = scale %%x {by=%d.5} : f32[1, 3]\n  %%%d = broadcast %%%d {shape=[%s, 3]} : f32[%s, 3]\n", 2*i, 1<<i, 2*i+1, 2*i, n, n)
		}
		f.Add([]byte(text + "}\n"))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		g, err := graph.Parse("fuzz", src)
		if err != nil {
			return
		}
		text := folded(t, g)
		if strings.Contains(g.String(), "update {") || len(g.Leaves("state")) > 0 {
			return // counted, not folded
		}
		folds := 0
		for _, l := range strings.Split(text, "\n") {
			if foldLine.MatchString(l) {
				folds++
				if strings.Count(l, "; ") >= 8 {
					t.Errorf("nobody follows %q", l)
				}
			}
		}
		if folds == 0 && text != g.String() {
			t.Errorf("without a fold, the text is another: %s", cmp.Diff(g.String(), text))
		}
		if hidden := strings.Count(g.String(), "\n") - strings.Count(text, "\n"); hidden < 4*folds {
			t.Errorf("%d folds hide %d lines, and ought to hide four each", folds, hidden)
		}
		if d := cmp.Diff(g.String(), unfold(t, g, text)); d != "" {
			t.Errorf("unfolds to another text (-want +got):\n%s", d)
		}
	})
}
