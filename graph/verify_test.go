package graph

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wanted finds the line of an IR file with a comment "// want: <substring of the message>".
func wanted(t *testing.T, src string) (msg string, line int) {
	t.Helper()
	for i, text := range strings.Split(src, "\n") {
		if _, after, ok := strings.Cut(text, "// want: "); ok {
			if line != 0 {
				t.Fatal("the file wants two messages")
			}
			msg, line = after, i+1
		}
	}
	if line == 0 {
		t.Fatal("the file wants no message")
	}
	return msg, line
}

func eachFile(t *testing.T, pattern string, test func(t *testing.T, file, src string)) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s (%v)", pattern, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ir"), func(t *testing.T) { test(t, file, string(src)) })
	}
}

// Every file of testdata/parse has one mistake in it and says beside it what the parser answers.
func TestParseErrors(t *testing.T) {
	eachFile(t, "testdata/parse/*.ir", func(t *testing.T, file, src string) {
		msg, line := wanted(t, src)
		_, err := Parse(file, []byte(src))
		var pe *ParseError
		if !errors.As(err, &pe) {
			t.Fatalf("got %v, want a ParseError", err)
		}
		if !strings.Contains(pe.Msg, msg) || pe.Pos != (Pos{file, line}) {
			t.Errorf("got  %v\nwant %s:%d: %s", err, file, line, msg)
		}
		text := strings.Split(src, "\n")[line-1]
		if code, _, _ := strings.Cut(text, "// want"); pe.Col < 1 || pe.Col > len(text)+1 || pe.Col > len(code)+1 && len(code) > 0 {
			t.Errorf("column %d is not in the line %q", pe.Col, text)
		}
	})
}

// ofTheGraph are the rules whose faults are no node's, so that they have no line.
var ofTheGraph = map[string]bool{"header": true, "relations": true}

// Every file of testdata/verify breaks the rule that it is named after, at the stage that its first line names.
func TestVerifyErrors(t *testing.T) {
	eachFile(t, "testdata/verify/*.ir", func(t *testing.T, file, src string) {
		msg, line := wanted(t, src)
		g, err := Parse(file, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		err = Verify(g, stageOf(t, src))
		var ve *VerifyError
		if !errors.As(err, &ve) {
			t.Fatalf("got %v, want a VerifyError", err)
		}
		pos := Pos{file, line}
		if ofTheGraph[ve.Rule] {
			pos = Pos{}
		}
		if !strings.Contains(ve.Msg, msg) || ve.Rule != ruleOf(file) || ve.Pos != pos {
			t.Errorf("got  %v\nwant %v: %s: %s", err, pos, ruleOf(file), msg)
		}
		if pos.Line != 0 && strings.Count("\n"+ve.Context, "\n\t> ") != 1 {
			t.Errorf("the context marks no node, or several:\n%s", ve.Context)
		}
	})
}

func stageOf(t *testing.T, src string) Stage {
	t.Helper()
	first, _, _ := strings.Cut(src, "\n")
	for _, s := range Stages() {
		if first == "// stage: "+s.String() {
			return s
		}
	}
	t.Fatalf("the first line names no stage: %q", first)
	return 0
}

// ruleOf takes "stores" from "testdata/verify/stores-twice.ir".
func ruleOf(file string) string {
	rule, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".ir"), "-")
	return rule
}

// broken breaks by hand, in a copy of the graph of twoRelus, the rules that neither the builder nor the parser lets anyone break.
var broken = []struct {
	rule, msg string
	line      int
	damage    func(g *Graph)
}{
	{"nodes", "node 1 has no op", 0, func(g *Graph) { g.Nodes[1] = nil }},
	{"nodes", "node 1 has no op", 0, func(g *Graph) { g.Nodes[1].Op = nil }},
	{"nodes", "operand 0 of node 2 (relu) is missing", 0, func(g *Graph) { g.Nodes[2].Args[0] = nil }},
	{"nodes", "operand 0 of node 2 (relu) is missing", 0, func(g *Graph) { g.Nodes[2].Args[0] = &Value{} }},
	{"nodes", "result 0 of node 1 (relu) is not linked to it", 0, func(g *Graph) { g.Nodes[1].Results[0].Index = 3 }},
	{"nodes", "result 0 of node 1 (relu) is not linked to it", 0, func(g *Graph) { g.Nodes[1].Results = g.Nodes[2].Results }},
	{"order", "operand 0, relu at two:4 : f32[n], is defined after its use", 5, func(g *Graph) {
		g.Nodes[1], g.Nodes[2] = g.Nodes[2], g.Nodes[1]
	}},
	{"order", `operand 0, input "y" : f32[n], is not in this graph`, 5, func(g *Graph) {
		g.Nodes[2].Args[0] = New("other").Input("y", F32, "n")
	}},
	{"order", "the node stands in the list twice", 4, func(g *Graph) { g.Nodes = append(g.Nodes, g.Nodes[1]) }},
	{"types", "result 0 of relu is f32[n], the node has f32[m]", 4, func(g *Graph) {
		g.Nodes[1].Results[0].Type = Tensor(F32, Sym("m"))
	}},
	{"types", "relu: 0 operands given, x wanted", 4, func(g *Graph) { g.Nodes[1].Args = nil }},
	{"types", `relu: relu has no attribute "by"`, 4, func(g *Graph) { g.Nodes[1].Attrs = Attrs{"by": []int{1}} }},
	{"types", "relu has 1 result, the node has 2", 5, func(g *Graph) {
		n := g.Nodes[2]
		n.Results = append(n.Results, &Value{Node: n, Index: 1, graph: g})
	}},
	{"types", `op table does not have this op "relu"`, 4, func(g *Graph) {
		op := *g.Nodes[1].Op
		g.Nodes[1].Op = &op
	}},
	{"types", "a leaf has one result, of a sensible type", 3, func(g *Graph) { g.Nodes[0].Results[0].Type.Dims[0] = Int(-1) }},
	{"types", "attribute keep has its default and must be left out", 6, func(g *Graph) { g.Nodes[3].Attrs["keep"] = false }},
	{"types", "attribute by is a int, not a float64", 4, func(g *Graph) {
		g.Nodes[1].Op, g.Nodes[1].Attrs = g.Ops().Lookup("scale"), Attrs{"by": 2}
	}},
	{"leaves", `"z" is not the name of this leaf alone`, 3, func(g *Graph) { g.Nodes[0].Attrs["name"] = "z" }},
	{"header", `"a b" is not a name`, 0, func(g *Graph) { g.Name = "a b" }},
	{"header", `"two" is a definition and has no mode, "bp"`, 0, func(g *Graph) { g.Mode = "bp" }},
	{"relations", "relation: n is a sum of nothing", 0, func(g *Graph) { g.Relations = []Relation{{Sum: "n"}} }},
	{"phases", "relu has the phase 9, which does not exist", 0, func(g *Graph) { g.Nodes[1].Phase = 9 }},
	{"phases", "the node stands in the section", 3, func(g *Graph) { g.Nodes[0].Phase = Forward }},
}

func twoRelus(t *testing.T) *Graph {
	g, err := Parse("two", []byte("graft-ir 1\ngraph two {\n%x = input : f32[n]\n%0 = relu %x : f32[n]\n%1 = relu %0 : f32[n]\n%2 = sum %1 {axes=[0]} : f32[]\nloss %2\n}"))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestVerifyBrokenByHand(t *testing.T) {
	if err := Verify(twoRelus(t), Built); err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		g := twoRelus(t)
		b.damage(g)
		err := Verify(g, Built)
		var ve *VerifyError
		if !errors.As(err, &ve) {
			t.Errorf("%s: got %v, want %s", b.rule, err, b.msg)
			continue
		}
		want := Pos{}
		if b.line > 0 {
			want = Pos{"two", b.line}
		}
		if ve.Rule != b.rule || !strings.Contains(ve.Msg, b.msg) || ve.Pos != want {
			t.Errorf("got %v\nwant %v: %s: %s", err, want, b.rule, b.msg)
		}
	}
}

// Every rule of the table is broken by a file, or by hand where no file can.
func TestEveryRuleIsBroken(t *testing.T) {
	tried := map[string]bool{}
	for _, b := range broken {
		tried[b.rule] = true
	}
	files, _ := filepath.Glob("testdata/verify/*.ir")
	for _, f := range files {
		tried[ruleOf(f)] = true
	}
	known := map[string]bool{}
	for _, s := range stages {
		for _, r := range s.rules {
			known[r.name] = true
			if !tried[r.name] {
				t.Errorf("nothing breaks the rule %q", r.name)
			}
			if r.why == "" || r.check == nil {
				t.Errorf("rule %q is incomplete", r.name)
			}
		}
	}
	for name := range tried {
		if !known[name] {
			t.Errorf("there is no rule %q to be broken", name)
		}
	}
}

func TestVerifyError(t *testing.T) {
	g := twoRelus(t)
	g.Nodes[1], g.Nodes[2] = g.Nodes[2], g.Nodes[1]
	const want = `two:5: order: operand 0, relu at two:4 : f32[n], is defined after its use (a graph is a list in topological order)
	  %x = input : f32[n]
	> %0 = relu %1 : f32[n]
	  %1 = relu %x : f32[n]`
	if got := Verify(g, Built).Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestVerifyRefuses(t *testing.T) {
	bad := New("bad")
	Relu(bad.Input("x", I32, 4))
	for _, c := range []struct {
		g    *Graph
		s    Stage
		want string
	}{
		{nil, Built, "no graph given"},
		{bad, Built, "operand 0 must be a dense floating-point value"},
		{New("g"), 77, "there is no stage 77"},
	} {
		if err := Verify(c.g, c.s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// stagesOf are the stages at which the files of testdata/text are in order.
var stagesOf = map[string][]Stage{
	"sparse.ir":    {Built},
	"recipe.ir":    {Built},
	"cut.ir":       {Cut},
	"program.ir":   {Differentiated, Optimized, Planned},
	"positions.ir": {Differentiated, Optimized, Planned},
	"fused.ir":     {Optimized, Planned},
	"products.ir":  {Optimized, Planned},
	"barrier.ir":   {Optimized, Planned},
	"attention.ir": {Optimized, Planned},
}

func TestVerifyAccepts(t *testing.T) {
	eachFile(t, "testdata/text/*.ir", func(t *testing.T, file, src string) {
		g, err := Parse(file, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range Stages() {
			err := Verify(g, s)
			switch want := slices.Contains(stagesOf[filepath.Base(file)], s); {
			case want && err != nil:
				t.Errorf("%v: %v", s, err)
			case !want && err == nil:
				t.Errorf("%v: nothing is wrong", s)
			}
		}
	})
}

// A shuffled graph obeys the same rules, has the same nodes, and is the same for the same seed.
func TestShuffle(t *testing.T) {
	eachFile(t, "testdata/text/*.ir", func(t *testing.T, file, src string) {
		g, err := Parse(file, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		stage := stagesOf[filepath.Base(file)][0]
		orders := map[string]bool{}
		for seed := range int64(20) {
			s := Shuffle(g, seed)
			if err := Verify(s, stage); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if len(s.Nodes) != len(g.Nodes) {
				t.Fatalf("seed %d: %d nodes of %d", seed, len(s.Nodes), len(g.Nodes))
			}
			if d := Diff(s, Shuffle(g, seed)); d != "" {
				t.Errorf("seed %d: shuffled twice: %s", seed, d)
			}
			if a, b := sections(g), sections(s); a != b {
				t.Errorf("seed %d: sections %s, want %s", seed, b, a)
			}
			orders[s.String()] = true
		}
		if len(orders) < 5 {
			t.Errorf("20 seeds give only %d orders", len(orders))
		}
	})
}

// sections lists the section headers in order.
func sections(g *Graph) string {
	var list []string
	for line := range strings.Lines(g.String()) {
		if strings.HasSuffix(line, " {\n") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return strings.Join(list, " ")
}
