package passes

import (
	"fmt"
	"slices"
	"strings"
)

// Pipeline is a training mode: its name and the passes that make its program, in order. A user adds a mode by writing another.
type Pipeline struct {
	Mode   string
	Passes []Pass
}

// fusions returns the passes at the end of every pipeline. They change how a program is computed, not what.
func fusions() []Pass { return []Pass{fuseAttention, fuseHead, fuseTable, fuse, sweep} }

func isFusion(p Pass) bool {
	return slices.ContainsFunc(fusions(), func(f Pass) bool { return f.Name == p.Name })
}

// Modes returns the three training modes. They differ in what happens before differentiation and in nothing else.
func Modes() []Pipeline {
	rest := append([]Pass{differentiate, optimizer, simplify, cse, dce}, fusions()...)
	return []Pipeline{
		{"bp", append([]Pass{eraseFeedback}, rest...)},
		{"dfa", append([]Pass{selectPoints, cut, graft}, rest...)},
		{"shallow", append([]Pass{selectPoints, cut}, rest...)},
	}
}

// Mode returns the pipeline of that name.
func Mode(name string) (Pipeline, error) {
	var names []string
	for _, p := range Modes() {
		if p.Mode == name {
			return p, nil
		}
		names = append(names, p.Mode)
	}
	return Pipeline{}, fmt.Errorf("mode %q is not one of %s", name, strings.Join(names, ", "))
}

// constraint says that one pass must come before another wherever both are in a pipeline.
type constraint struct{ before, after, reason string }

// constraints are checked on every pipeline, also on users' own.
var constraints = []constraint{
	{"select-outputs", "differentiate", "its result has outputs of its own, such as gradients, which nobody named"},
	{"retype", "differentiate", "gradients take the dtype of the values that they belong to"},
	{"give-random", "evaluate", "evaluation would remove the draws that are to be given"},
	{"evaluate", "differentiate", "after it dropout appears twice, forward and on the cotangent"},
	{"erase-feedback", "differentiate", "a feedback point that is left would be taken for one that a mode has kept"},
	{"select-points", "cut", "only selected points are cut"},
	{"cut", "graft", "projections are delivered to cuts"},
	{"graft", "differentiate", "differentiation resolves the placeholders of the sites' cotangents"},
	{"cut", "differentiate", "a cut stops cotangents while they are built; later there is nothing left to stop"},
	{"differentiate", "optimizer", "update rules read gradients"},
	{"differentiate", "cse", "regions are found while the cuts are there; CSE must know them to keep them apart"},
	{"differentiate", "fuse", "fused ops have no gradient rules"},
	{"optimizer", "dce", "without updates every gradient output would be dead or kept for nothing"},
	{"simplify", "cse", "CSE sees equal nodes only once identities are gone"},
	{"cse", "dce", "merged nodes leave dead operands"},
	{"differentiate", "fuse-attention", "fused ops have no gradient rules"},
	{"dce", "fuse-attention", "a dead reader of the weights would keep them from being fused"},
	{"fuse-attention", "fuse", "a product that is fused with what comes after it is no longer seen as attention's"},
	{"dce", "fuse", "a dead reader of a sum would keep it from being fused"},
	{"dce", "sweep", "a dead reader of a value would keep it in memory"},
	{"fuse", "sweep", "a sweep is made of what is left of products, and nodes of a sweep are not fused any more"},
	{"dce", "fuse-head", "a dead reader of logits would keep them from being fused"},
	{"fuse-head", "fuse", "a head begins with a product and a bias that are still two nodes"},
	{"optimizer", "hoist", "stores tell which parameters are trained"},
	{"hoist", "fuse", "what is fused is computed in one phase"},
	{"optimizer", "fuse-table", "only updates can read rows"},
	{"dce", "fuse-table", "a dead reader of a gradient would keep it dense"},
	{"recompute", "sweep", "what is computed again is computed in sweeps too"},
	{"fuse", "recompute", "what is fused is never stored, and what has been made a second reader of a sum would keep it from being fused"},
}

// checkOrder refuses a pipeline that breaks a constraint, or has a pass twice or one that does nothing.
func checkOrder(passes []Pass) error {
	at := map[string]int{}
	for i, p := range passes {
		if _, ok := at[p.Name]; ok {
			return fmt.Errorf("pass %q stands twice in the pipeline", p.Name)
		}
		if p.Run == nil {
			return fmt.Errorf("pass %q has no Run", p.Name)
		}
		at[p.Name] = i
	}
	for _, c := range constraints {
		i, ok := at[c.before]
		j, ok2 := at[c.after]
		if ok && ok2 && i > j {
			return fmt.Errorf("pass %q must come before %q: %s", c.before, c.after, c.reason)
		}
	}
	return nil
}

// forPart returns the passes that make the given part of the mode's program.
func (p Pipeline) forPart(o *Options) ([]Pass, error) {
	passes := slices.Clone(p.Passes)
	without := func(name string) {
		passes = slices.DeleteFunc(passes, func(q Pass) bool { return q.Name == name })
	}
	switch o.Part {
	case Step:
	case Gradient:
		without("optimizer")
	case Predict:
		passes = append([]Pass{eraseFeedback, forwardOnly, simplify, cse, dce}, fusions()...)
	case Alignment:
		i := slices.IndexFunc(passes, func(q Pass) bool { return q.Name == differentiate.Name })
		if i < 0 || !slices.ContainsFunc(passes, func(q Pass) bool { return q.Name == graft.Name }) {
			return nil, fmt.Errorf("mode %q grafts no feedback: it has no alignment", p.Mode)
		}
		passes[i] = align
		without("optimizer")
	default:
		return nil, fmt.Errorf("part %q is not one of %s, %s, %s, %s", o.Part, Step, Gradient, Predict, Alignment)
	}
	var first []Pass
	if o.Outputs != nil {
		first = append(first, selectOutputs)
	}
	if o.F64 {
		first = append(first, retype)
	}
	if o.GivenRandom != nil {
		first = append(first, giveRandom)
	}
	if o.Evaluate || o.Part == Predict || o.Part == Alignment && !o.DrawnAlignment {
		first = append(first, evaluate)
	}
	passes = append(first, passes...)
	if o.FixedInputs && (o.Part == Step || o.Part == Predict) {
		if i := slices.IndexFunc(passes, func(p Pass) bool { return p.Name == dce.Name }); i >= 0 {
			passes = slices.Insert(slices.Clone(passes), i+1, hoist)
		}
	}
	if o.Recompute.FLOPsPerByte > 0 && (o.Part == Step || o.Part == Gradient) {
		i := slices.IndexFunc(passes, func(p Pass) bool { return p.Name == sweep.Name })
		if i < 0 {
			i = len(passes)
		}
		passes = slices.Insert(slices.Clone(passes), i, recompute)
	}
	return passes, nil
}
