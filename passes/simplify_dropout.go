package passes

import (
	"maps"

	"graft/graph"
)

// undropped returns the operands with which relu_grad n can do without the dropout that its cotangent has passed, and the factor that
// is left of it; y is nil where n cannot.
//
// With y = dropout(h), relu_grad(dropout(d), h) is factor * relu_grad(d, y), with the same bits: a draw that drops an element makes
// both 0; where it is kept, y is factor*h, which is above 0 exactly where h is, since factor >= 1 and so not even a denormal h
// vanishes. An infinite h stays so, and NaN, 0, -0 and all below are not above 0 in y either. So the draws are made once, and h
// need not be kept.
func undropped(n *graph.Node, users map[*graph.Value][]*graph.Node) (d, y *graph.Value, factor float64) {
	drop, h := n.Args[0].Node, n.Args[1]
	if !isDropout(drop) || drop.Float("rate") == 0 || len(users[n.Args[0]]) != 1 {
		return nil, nil, 0
	}
	for _, u := range users[h] {
		if isDropout(u) && u.Phase == graph.Forward && u.Args[0] == h && sameDraws(u, drop) && (u.Region == "" || u.Region == n.Label) {
			return drop.Args[0], u.Results[0], 1 / (1 - drop.Float("rate"))
		}
	}
	return nil, nil, 0
}

func isDropout(n *graph.Node) bool {
	return n.Op.Name == "dropout" || n.Op.Name == "dropout_given"
}

// sameDraws says whether two dropouts drop the same elements.
func sameDraws(a, b *graph.Node) bool {
	return a.Op == b.Op && a.Args[1] == b.Args[1] && maps.EqualFunc(a.Attrs, b.Attrs, func(x, y any) bool { return x == y })
}
