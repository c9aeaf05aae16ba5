package geometric

import (
	"math/rand/v2"
	"slices"
)

// stratified returns c with another split, of all nodes into five folds that share each class evenly: one to train on, one to
// validate on and three to test on. The seed alone determines it.
//
// The published code draws the same kind of split (scikit-learn's StratifiedKFold with shuffling) for DNA only; its own draw for
// its seed 0 is not repeated.
func (c *Citation) stratified(seed int32) *Citation {
	const folds, stream = 5, 3
	rng := rand.New(rand.NewPCG(uint64(uint32(seed)), stream))
	nodes := sequence(0, c.Nodes)
	shuffle(rng, nodes)
	slices.SortStableFunc(nodes, func(u, v int32) int { return int(c.Label[u]) - int(c.Label[v]) })
	out := *c
	out.Train, out.Val, out.Test = nil, nil, nil
	for i, v := range nodes { // those of a class stand side by side, in random order
		switch i % folds {
		case 0:
			out.Train = append(out.Train, v)
		case 1:
			out.Val = append(out.Val, v)
		default:
			out.Test = append(out.Test, v)
		}
	}
	for _, set := range [][]int32{out.Train, out.Val, out.Test} {
		slices.Sort(set)
	}
	return &out
}
