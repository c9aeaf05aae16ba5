package geometric

import (
	"context"
	"slices"
	"testing"

	"gorgonia.org/tensor"
	"graft/graph"
	"graft/passes"
	"graft/runtime"
	"graft/runtime/train"
	"graft/zoo/dataset"
	"graft/zoo/entry"
)

// model is an entry with the tiny graph as its task.
type model struct {
	entry.Entry
	task *entry.Task
}

// models are all of the family, by name.
func models(t *testing.T) map[string]model {
	t.Helper()
	c := tiny(t)
	out := map[string]model{}
	for _, m := range []struct {
		e entry.Entry
		p preparation
	}{
		{GCNEntry(), gcnData()}, {ChebEntry(), chebData()}, {SplineEntry(), splineData()}, {GATEntry(), gatData()}, {DNAEntry(), dnaData()},
	} {
		task, err := m.p.task(c)
		if err != nil {
			t.Fatal(err)
		}
		out[m.e.Name] = model{m.e, task}
	}
	task, err := predictLinks(c)
	if err != nil {
		t.Fatal(err)
	}
	out["gae"] = model{GAEEntry(), task}
	return out
}

// tiny is a graph of three classes of ten nodes in a ring each, which a few edges join.
func tiny(t *testing.T) *Citation {
	t.Helper()
	const size, classes = 10, 3
	var edges [][2]int32
	words := make([][]stored, size*classes)
	label := make([]int32, size*classes)
	for v := range words {
		class, place := v/size, v%size
		label[v] = int32(class)
		edges = append(edges, [2]int32{int32(v), int32(class*size + (place+1)%size)}, [2]int32{int32(v), int32(class*size + (place+3)%size)})
		if place == 0 {
			edges = append(edges, [2]int32{int32(v), int32((v + size) % len(words))})
		}
		words[v] = []stored{{int32(2*class + place%2), 1}, {int32(6 + v%4), 1}}
	}
	adj, err := adjacency(len(words), edges)
	if err != nil {
		t.Fatal(err)
	}
	x, values, err := sparse(words, 10)
	if err != nil {
		t.Fatal(err)
	}
	c := &Citation{Name: "tiny", Nodes: len(words), Features: 10, Classes: classes, X: x, XEntries: values, Label: label, Adj: adj}
	for v := range int32(len(words)) {
		switch v % size {
		case 0, 1, 2, 3:
			c.Train = append(c.Train, v)
		case 4, 5:
			c.Val = append(c.Val, v)
		default:
			c.Test = append(c.Test, v)
		}
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

func variants(e entry.Entry) []string {
	if e.Variants == nil {
		return []string{entry.Paper}
	}
	return e.Variants
}

// compiled returns a program of an entry for the tiny graph.
func compiled(t *testing.T, e entry.Entry, task *entry.Task, mode, variant, part string) *passes.Compiled {
	t.Helper()
	recipe := e.Recipe(mode, variant)
	o, err := e.Configure(task.Set, recipe.Set)
	if err != nil {
		t.Fatal(err)
	}
	def, err := e.Build(o, variant)
	if err != nil {
		t.Fatal(err)
	}
	p, err := passes.Mode(mode)
	if err != nil {
		t.Fatal(err)
	}
	out, err := passes.Compile(def, p, passes.Options{Part: part, Optimizer: recipe.Optimizer, Verify: true, ShuffleSeed: 5})
	if err != nil {
		t.Fatalf("%s, mode %s, variant %s: %v", e.Name, mode, variant, err)
	}
	return out
}

// TestDataSets checks that every entry has the three published graphs, with the paper's numbers, and for each a stand-in without.
func TestDataSets(t *testing.T) {
	for name, m := range models(t) {
		for _, data := range []string{"cora", "citeseer", "pubmed"} {
			standIn := m.StandIn[data]
			if _, known := dataset.Lookup(data); !known || !slices.Contains(m.Data, data) || !slices.Contains(m.Data, standIn) || standIn == data {
				t.Errorf("%s: data sets %v, in place of %s %q", name, m.Data, data, standIn)
			}
			for _, metric := range m.Metrics() {
				for _, mode := range []string{"bp", "dfa"} {
					if _, ok := metric.Published(data, mode); !ok {
						t.Errorf("%s: nothing published of %s on %s, %s", name, metric.Name, data, mode)
					}
					if v, ok := metric.Published(standIn, mode); ok {
						t.Errorf("%s: %s of %v is published on %s, %s", name, metric.Name, v, standIn, mode)
					}
				}
			}
		}
	}
}

// TestFunctions compiles the other functions of the entries: they have no parameters but those of the definition.
func TestFunctions(t *testing.T) {
	functions := 0
	for name, m := range models(t) {
		step := compiled(t, m.Entry, m.task, "dfa", variants(m.Entry)[0], passes.Step)
		for function, define := range m.Functions {
			functions++
			e := m.Entry
			e.Define = define
			predict := compiled(t, e, m.task, "dfa", variants(e)[0], passes.Predict)
			for _, p := range predict.Program.Leaves("param") {
				i := slices.IndexFunc(step.Program.Leaves("param"), func(q *graph.Value) bool { return q.Node.Name() == p.Node.Name() })
				if i < 0 || p.Type.String() != step.Program.Leaves("param")[i].Type.String() {
					t.Errorf("%s %s: parameter %s is not the definition's", name, function, p.Node.Name())
				}
			}
		}
	}
	if functions == 0 {
		t.Error("no entry has a function")
	}
}

// TestTraining trains every model in every mode and variant: it compiles with every graph on the way verified, the loss falls, and
// what is frozen keeps its bits.
func TestTraining(t *testing.T) {
	points := map[string]int{"gcn": 1, "cheb": 1, "spline": 1, "gat": 1, "dna": 6, "gae": 1}
	for name, m := range models(t) {
		for _, variant := range variants(m.Entry) {
			for _, mode := range []string{"bp", "dfa", "shallow"} {
				t.Run(name+"/"+variant+"/"+mode, func(t *testing.T) {
					step := compiled(t, m.Entry, m.task, mode, variant, passes.Step)
					grafted := 0
					for _, p := range step.Report.Points {
						if p.Grafted {
							grafted++
						}
					}
					if mode == "dfa" && grafted != points[name] {
						t.Errorf("%d points are delivered to, want %d", grafted, points[name])
					}
					if mode != "shallow" && len(step.Report.Frozen) > 0 {
						t.Errorf("frozen: %v", step.Report.Frozen)
					}
					s := fit(t, m.Entry.Recipe(mode, variant), m.task, step)
					// The mean of some epochs: the loss of one is a draw where there is dropout.
					mean := func(epochs []train.Record) (sum float64) {
						for _, e := range epochs {
							sum += e.Loss
						}
						return sum / float64(len(epochs))
					}
					first, last := mean(s.History[:5]), mean(s.History[len(s.History)-5:])
					if mode != "shallow" && !(last < 0.95*first) {
						t.Errorf("the loss went from %v to %v", first, last)
					}
				})
			}
		}
	}
}

// fit trains for 60 epochs and checks frozen parameters.
func fit(t *testing.T, recipe entry.Recipe, task *entry.Task, step *passes.Compiled) *train.Summary {
	t.Helper()
	source, err := task.Train(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	var b train.Batch
	if err := source.Batch(0, 0, &b); err != nil {
		t.Fatal(err)
	}
	state := runtime.NewState()
	if err := state.Init(step.Program, b.Binding, 1); err != nil {
		t.Fatal(err)
	}
	before := map[string]*tensor.Dense{}
	for _, p := range step.Report.Frozen {
		before[p] = state.Tensor(p).Clone().(*tensor.Dense)
	}
	run := &train.Run{Program: step.Program, State: state, Source: source, Epochs: 60, Seed: 1, LR: train.Constant(recipe.LR)}
	s, err := run.Fit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for p, was := range before {
		if !slices.Equal(was.Float32s(), state.Tensor(p).Float32s()) {
			t.Errorf("frozen parameter %q has changed", p)
		}
	}
	return s
}

// TestEvaluation runs the predict programs on what tasks evaluate, and checks that a seed's task is its own and repeats.
func TestEvaluation(t *testing.T) {
	for name, m := range models(t) {
		task := m.task
		if task.ForSeed != nil {
			var err error
			if task, err = m.task.ForSeed(3); err != nil {
				t.Fatal(err)
			}
		}
		source, meter, err := task.Evaluate()
		if err != nil {
			t.Fatal(err)
		}
		predict := compiled(t, m.Entry, task, "dfa", variants(m.Entry)[0], passes.Predict)
		state := runtime.NewState()
		if err := state.Init(compiled(t, m.Entry, task, "dfa", variants(m.Entry)[0], passes.Step).Program, nil, 1); err != nil {
			t.Fatal(err)
		}
		got, err := (&train.Evaluation{Program: predict.Program, Source: source, Meter: meter}).Run(context.Background(), state, runtime.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, metric := range m.Metrics() {
			if _, ok := got[metric.Name]; !ok {
				t.Errorf("%s: no metric %q in %v", name, metric.Name, got)
			}
		}
		if _, ok := got[task.Best]; task.Best != "" && !ok {
			t.Errorf("%s: no metric %q in %v", name, task.Best, got)
		}
		if _, ok := got[task.Validation]; !ok {
			t.Errorf("%s: no metric %q in %v", name, task.Validation, got)
		}
	}
}
