package runtime

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"graft/graph"
)

// TestProfile checks the record of a program that many workers share: every part of every call once a step, no two at the same time
// on one lane, sums that agree, and results of the same bits as without it.
func TestProfile(t *testing.T) {
	const steps, workers = 3, 4
	g, b := mlp(5, 4, 2), graph.Binding{"batch": 6}
	pool := NewPool(workers)
	defer pool.Close()
	p := NewProfile()
	e, s := load(t, g, b, Options{Pool: pool, Kernels: parted(), eager: true, Profile: p})
	plain, want := load(t, g, b, Options{Kernels: parted()})
	feedAll(t, e, 1)
	feedAll(t, plain, 1)
	step(t, e)
	step(t, plain)
	p.Reset()
	for range steps {
		step(t, e)
		step(t, plain)
	}
	for _, name := range s.Names() {
		same(t, name, s.Buffer(name), want.Buffer(name))
	}

	type part struct{ call, part int }
	ran := map[part]int{}
	for i, e := range p.events {
		ran[part{e.call, e.part}]++
		if e.lane < 0 || e.lane >= workers || e.end < e.start || e.part >= e.parts {
			t.Fatalf("impossible event %+v", e)
		}
		for _, f := range p.events[:i] {
			if f.lane == e.lane && e.start < f.end && f.start < e.end {
				t.Fatalf("events %+v and %+v overlap", f, e)
			}
		}
	}
	if len(ran) != e.Report().Parts {
		t.Errorf("%d parts ran, the report says %d", len(ran), e.Report().Parts)
	}
	for p, n := range ran {
		if n != steps {
			t.Errorf("%+v ran %d times in %d steps", p, n, steps)
		}
	}
	checkUsage(t, p, g, b, steps)
	checkTrace(t, p)
}

// checkUsage compares both sums with the program.
func checkUsage(t *testing.T, p *Profile, g *graph.Graph, b graph.Binding, steps int) {
	t.Helper()
	calls, flops := map[string]int{}, map[string]int64{}
	for _, n := range g.Nodes {
		if n.Op.Is(graph.Leaf) || n.Op.Is(graph.Effect) || n.Phase == graph.Once {
			continue
		}
		f, err := n.FLOPs().Bind(b)
		check(t, err)
		calls[n.Op.Name] += steps
		flops[n.Op.Name] += f * int64(steps)
	}
	ops, nodes := p.ByOp(), p.ByNode()
	seen := map[string]bool{}
	for i, u := range ops {
		if seen[u.Op] || i > 0 && u.Time > ops[i-1].Time {
			t.Errorf("op %s is out of place", u.Op)
		}
		seen[u.Op] = true
		if u.Op != "copy" && (u.Calls != calls[u.Op] || u.FLOPs != flops[u.Op]) {
			t.Errorf("%s: %d calls and %d FLOPs, want %d and %d", u.Op, u.Calls, u.FLOPs, calls[u.Op], flops[u.Op])
		}
		for _, n := range nodes {
			if n.Op == u.Op {
				u.Calls, u.Time, u.FLOPs, u.Bytes = u.Calls-n.Calls, u.Time-n.Time, u.FLOPs-n.FLOPs, u.Bytes-n.Bytes
			}
		}
		if u != (Usage{Op: u.Op}) {
			t.Errorf("the nodes of %s do not add up to the op: %+v is left", u.Op, u)
		}
	}
	for op := range calls {
		if !seen[op] {
			t.Errorf("no usage of %s", op)
		}
	}
}

// checkTrace reads the trace as a viewer does.
func checkTrace(t *testing.T, p *Profile) {
	t.Helper()
	var out bytes.Buffer
	check(t, p.WriteTrace(&out))
	var trace struct {
		TraceEvents []struct {
			Name, Ph string
			Ts, Dur  float64
			Tid      int
			Args     map[string]string
		}
	}
	check(t, json.Unmarshal(out.Bytes(), &trace))
	events := 0
	for _, e := range trace.TraceEvents {
		if e.Ph != "X" {
			continue
		}
		events++
		if e.Name != "copy" && !strings.Contains(e.Args["node"], " = "+e.Name) || e.Args["part"] == "" || e.Ts < 0 || e.Dur < 0 {
			t.Fatalf("event %+v", e)
		}
	}
	if events != len(p.events) {
		t.Errorf("%d events of %d", events, len(p.events))
	}
}

// TestEmptyTrace checks that a record without events is a trace too.
func TestEmptyTrace(t *testing.T) {
	p := NewProfile()
	for range 2 { // nothing ran; then only Reset
		var out bytes.Buffer
		check(t, p.WriteTrace(&out))
		if !json.Valid(out.Bytes()) {
			t.Errorf("no JSON: %s", out.String())
		}
		p.leave(event{lane: p.enter()})
		p.Reset()
	}
}
