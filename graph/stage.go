package graph

import "slices"

// Stage is a point on a graph's way from definition to execution. Each stage has its own ops and rules.
type Stage uint8

// The stages in order.
const (
	Built          Stage = iota // a definition as the user builds it, with feedback points
	Cut                         // a definition whose points are cuts, with the cotangents that are delivered to them
	Differentiated              // a program: gradients and update rules are nodes, marks are gone
	Optimized                   // a program without dead nodes, perhaps with fused ops
	Planned                     // a program that is ready to be scheduled
)

// Stages returns the stages in order.
func Stages() []Stage { return []Stage{Built, Cut, Differentiated, Optimized, Planned} }

func (s Stage) String() string {
	if int(s) < len(stages) {
		return stages[s].name
	}
	return "invalid"
}

// stage is the entry of one stage: whether its graphs are programs, the ops that it refuses, and the rules besides.
type stage struct {
	name    string
	program bool
	refuses func(op *Op) (because string)
	rules   []rule
}

// rule is one thing that Verify checks, with the reason for it. The check returns the first fault, or nil. It may rely on the
// rules before it.
type rule struct {
	name, why string
	check     func(g *Graph, s *stage) *fault
}

// stages is the table of the verifier, indexed by Stage.
var stages = [...]stage{
	Built:          {"built", false, notBuilt, slices.Concat(always, definition, []rule{streams})},
	Cut:            {"cut", false, notCut, slices.Concat(always, definition, []rule{seeds})},
	Differentiated: {"differentiated", true, notDifferentiated, slices.Concat(always, program)},
	Optimized:      {"optimized", true, notOptimized, slices.Concat(always, program, []rule{dead, barriers})},
	Planned:        {"planned", true, notOptimized, slices.Concat(always, program, []rule{dead, barriers})},
}

// always holds at every stage. The first three are what all others rely on.
var always = []rule{
	{"nodes", "every pass follows the links between nodes and values", checkNodes},
	{"order", "a graph is a list in topological order", checkOrder},
	{"types", "a node's types are what its op's shape rule infers from its operands", checkTypes},
	{"leaves", "leaves are found, fed and stored by name", checkLeaves},
	{"header", "a definition is compiled and a program is run; passes for the one would misread the other", checkHeader},
	{"relations", "a sum of dimensions is a symbol that is checked when it is bound", checkRelations},
	{"ops", "a stage has the ops that its passes know", checkOps},
	{"outputs", "callers read outputs by name", checkOutputs},
	{"stores", "every read of a leaf sees its value before the step, and the step leaves one new value", checkStores},
	{"phases", "every node of a program belongs to the phase that runs it, and a definition has no phases", checkPhases},
	{"sweeps", "the nodes of a sweep are computed together, block by block of rows", checkSweeps},
}

// definition holds until differentiation.
var definition = []rule{
	{"loss", "training minimises one scalar, whose cotangent is 1", checkLoss},
	{"sites", "points name the site whose error they receive", checkSites},
	{"points", "a point's name keys its feedback matrix and its entries in reports", checkPoints},
	{"rows", "each row of an error is delivered to one row of a point, or to k rows", checkRows},
	{"widths", "a feedback matrix has known dimensions", checkWidths},
	{"routes", "a route operator carries errors between the rows of its point", checkRoutes},
	{"ancestors", "a point can only receive an error that it helped to make", checkAncestors},
}

var (
	streams = rule{"streams", "two draws from one stream are equal, which is hardly meant", checkStreams}
	seeds   = rule{"seeds", "a cut receives one delivered cotangent, and only a cut does", checkSeeds}
	dead    = rule{"dead", "work whose result nobody reads is not done", checkDead}

	barriers = rule{"barriers", "a barrier keeps what the backward phase computes again apart from what forward has computed, and moves nothing", checkBarriers}
)

// program holds from differentiation on.
var program = []rule{
	{"flow", "phases run one after the other", checkFlow},
	{"once", "what runs once must not depend on what changes from step to step", checkOnce},
	{"optimizers", "parameters change after every gradient has been computed", checkOptimizers},
}

func notBuilt(op *Op) string {
	switch op.Name {
	case "cut", "cotangent", "seed":
		return "the compiler makes it out of feedback points"
	}
	return notInDefinition(op)
}

func notCut(op *Op) string {
	if op.Name == "feedback" {
		return "a point is selected and cut, or erased"
	}
	return notInDefinition(op)
}

func notInDefinition(op *Op) string {
	switch {
	case op.Is(Optimizer):
		return "update rules are added after differentiation"
	case op.Is(Fused):
		return "fusion comes last: fused ops have no gradient rules"
	case op.Name == "barrier":
		return "there is no backward phase yet in which anything could be computed again"
	}
	return ""
}

func notDifferentiated(op *Op) string {
	switch {
	case op.Is(Fused):
		return "fusion comes last, after dead nodes are gone"
	case op.Name == "barrier":
		return "what is computed again is chosen last, when it is known what backward reads"
	}
	return notOptimized(op)
}

func notOptimized(op *Op) string {
	switch {
	case op.Is(Mark) && op.Name != "barrier":
		return "differentiation resolves all marks"
	case op.Name == "loss":
		return "after differentiation the loss is an output"
	case op.Name == "seed":
		return "differentiation has used the seeds up"
	}
	return ""
}
