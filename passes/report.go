package passes

import (
	"slices"

	"graft/graph"
)

// Report is what a reader wants to know of a compilation.
type Report struct {
	Model       string `json:"model"`
	Mode        string `json:"mode"`
	Granularity string `json:"granularity,omitempty"`
	Part        string `json:"part"`
	// Feedback says which matrices errors are multiplied with and where those come from; empty where no error is delivered.
	Feedback string `json:"feedback,omitempty"`
	// Points are the feedback points of the definition. When there are none, every mode is backpropagation.
	Points    []PointReport `json:"points"`
	Regions   []string      `json:"regions"`
	Frozen    []string      `json:"frozen"`
	Bypasses  []Bypass      `json:"bypasses"`
	Barriers  []string      `json:"barriers"`
	Transport []Transport   `json:"weight_transport"`
	Phases    []PhaseCost   `json:"phases"`
	Critical  CriticalPath  `json:"backward_critical_path"`
	// Recomputed is what recomputation changed; nil when it is off.
	Recomputed *Recomputed `json:"recomputed,omitempty"`
}

// PointReport is one feedback point: whether the mode cuts there and delivers there.
type PointReport struct {
	Name    string `json:"name"`
	Site    string `json:"site"`
	Level   string `json:"level"`
	Type    string `json:"type"`
	Cut     bool   `json:"cut"`
	Grafted bool   `json:"grafted"`
	// LearnedOperator says that activations make the point's route operator: routes read them.
	LearnedOperator bool `json:"learned_operator,omitempty"`
}

// Bypass is a point whose cut some paths to the loss avoid: the parameters listed receive exact gradient, besides the projected one
// where the point is delivered to.
type Bypass struct {
	Point  string   `json:"point"`
	Params []string `json:"params"`
}

// PhaseCost is the work of one phase of a program.
type PhaseCost struct {
	Phase string     `json:"phase"`
	Nodes int        `json:"nodes"`
	FLOPs graph.Cost `json:"-"`
	Bytes graph.Cost `json:"-"`
}

// CriticalPath is the longest chain of dependent nodes in the backward phase, graft sections included.
type CriticalPath struct {
	Nodes int        `json:"nodes"`
	FLOPs graph.Cost `json:"-"`
}

// newReport reads the definition, the graph before and after differentiation, and the finished program.
func newReport(def, marked, differentiated, g *graph.Graph, o *Options) *Report {
	r := &Report{Model: g.Name, Mode: g.Mode, Granularity: g.Granularity, Part: g.Part, Regions: []string{}, Barriers: []string{}}
	cuts, seeds := map[string]bool{}, map[string]bool{}
	for _, n := range marked.Effects("cut") {
		cuts[n.Str("point")] = true
	}
	for _, n := range marked.Effects("seed") {
		seeds[n.Str("point")] = true
	}
	if len(seeds) > 0 {
		r.Feedback = o.Feedback.String()
	}
	r.Points = []PointReport{}
	for _, n := range def.Effects("feedback") {
		p := n.Str("point")
		r.Points = append(r.Points, PointReport{p, n.Str("site"), n.Str("level"), n.Results[0].Type.String(), cuts[p], seeds[p], n.Bool("learned")})
	}
	r.Bypasses = findBypasses(marked)
	for _, n := range g.Nodes {
		if n.Phase == graph.Backward && n.Label != "" && n.Label != sharedLabel && !slices.Contains(r.Regions, n.Label) {
			r.Regions = append(r.Regions, n.Label)
		}
		switch {
		case n.Op.Name == "global_norm":
			r.Barriers = append(r.Barriers, "global_norm over all gradients")
		case n.Label == sharedLabel && n.Op.Name == "add":
			r.Barriers = append(r.Barriers, "sum over regions of a gradient of "+n.Results[0].Type.String())
		}
	}
	r.Frozen = findFrozen(marked)
	r.Transport = findTransport(differentiated)
	r.Phases = phaseCosts(g)
	r.Critical = criticalPath(g)
	return r
}

// findFrozen lists the parameters from which no uncut path of values that carry a cotangent leads to the loss or to a point that
// an error is delivered to. It reads the definition, so that the program can be held against it.
func findFrozen(g *graph.Graph) []string {
	out := []string{}
	reaches := map[*graph.Value]bool{}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		switch n.Op.Name {
		case "loss", "seed":
			reaches[n.Args[0]] = true
			continue
		case "cut", "detach":
			continue
		}
		if slices.ContainsFunc(n.Results, func(v *graph.Value) bool { return reaches[v] }) {
			for _, a := range n.Args {
				reaches[a] = reaches[a] || a.Type.Differentiable()
			}
		}
	}
	for _, p := range g.Leaves("param") {
		if !reaches[p] {
			out = append(out, p.Node.Name())
		}
	}
	return out
}

// findBypasses lists, for each cut that is delivered to or that never is, the parameters below it that reach the loss by another
// way as well.
func findBypasses(g *graph.Graph) []Bypass {
	out := []Bypass{}
	loss := g.LossValue()
	if loss == nil {
		return out
	}
	exact := paramsBelow(loss)
	delivered := map[string]bool{}
	for _, n := range g.Effects("seed") {
		delivered[n.Str("point")] = true
	}
	for _, n := range g.Effects("cut") {
		b := Bypass{Point: n.Str("point")}
		if n.Bool("graft") && !delivered[b.Point] {
			continue // the mode delivers nothing: there is nothing to be added to
		}
		for _, p := range paramsBelow(n.Args[0]) {
			if slices.Contains(exact, p) {
				b.Params = append(b.Params, p)
			}
		}
		if b.Params != nil {
			out = append(out, b)
		}
	}
	return out
}

// paramsBelow returns the parameters from which an uncut path leads to v.
func paramsBelow(v *graph.Value) []string {
	var out []string
	seen := map[*graph.Node]bool{}
	var walk func(n *graph.Node)
	walk = func(n *graph.Node) {
		if seen[n] || n.Op.Name == "cut" || n.Op.Name == "detach" {
			return
		}
		seen[n] = true
		if n.Op.Name == "param" {
			out = append(out, n.Name())
		}
		for _, a := range n.Args {
			walk(a.Node)
		}
	}
	walk(v.Node)
	return out
}

func phaseCosts(g *graph.Graph) []PhaseCost {
	var out []PhaseCost
	traffic := g.Traffic()
	for _, p := range []graph.Phase{graph.Once, graph.Forward, graph.Backward, graph.Graft, graph.Update} {
		c := PhaseCost{Phase: p.String()}
		for _, n := range g.Nodes {
			if n.Phase == p && !n.Op.Is(graph.Effect) {
				c.Nodes++
				c.FLOPs, c.Bytes = c.FLOPs.Plus(n.FLOPs()), c.Bytes.Plus(traffic[n])
			}
		}
		if c.Nodes > 0 {
			out = append(out, c)
		}
	}
	return out
}

// criticalPath finds the chain with the most nodes; of equally long ones, the first in graph order.
func criticalPath(g *graph.Graph) CriticalPath {
	longest := map[*graph.Node]CriticalPath{}
	best := CriticalPath{}
	for _, n := range g.Nodes {
		if n.Phase != graph.Backward && n.Phase != graph.Graft || n.Op.Is(graph.Effect) {
			continue
		}
		var below CriticalPath
		for _, a := range n.Args {
			if c := longest[a.Node]; c.Nodes > below.Nodes {
				below = c
			}
		}
		c := CriticalPath{below.Nodes + 1, below.FLOPs.Plus(n.FLOPs())}
		longest[n] = c
		if c.Nodes > best.Nodes {
			best = c
		}
	}
	return best
}
