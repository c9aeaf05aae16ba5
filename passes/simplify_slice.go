package passes

import "graft/graph"

// sliceProduct lets a slice of a product's columns be the product with a slice of the second factor, most often a weight: in the
// gradient of a concatenation before a layer each part is then made by itself, and a part that nobody wants is not. Weights are few
// beside a gradient of many rows; of another factor, and in other phases, no more than one part is cut. It returns nil for other slices, and where slices
// overlap, since the columns that they share would be computed twice. All must stand in one region, so that none reads for another.
func sliceProduct(c *graph.Copier, n *graph.Node, users map[*graph.Value][]*graph.Node) *graph.Value {
	whole, product := n.Args[0], c.Value(n.Args[0]).Node
	if product.Op.Name != "matmul" || product.Phase != n.Phase || product.Label != n.Label || product.Region != n.Region {
		return nil
	}
	if len(users[whole]) > 1 && !(n.Phase == graph.Backward && product.Args[1].Is("param")) {
		return nil
	}
	last, columns := whole.Type.Rank()-1, 0
	for _, u := range users[whole] {
		if u.Op.Name != "slice" || u.Int("axis") != last {
			return nil
		}
		columns += u.Int("size")
	}
	if columns > lengthOf(whole, last) {
		return nil
	}
	axis := last
	if product.Bool("transB") {
		axis--
	}
	c.New.At(graph.Context{Phase: n.Phase, Label: n.Label, Region: n.Region, Pos: n.Pos})
	factor := c.New.Add("slice", graph.Attrs{"axis": axis, "start": n.Int("start"), "size": n.Int("size")}, product.Args[1])[0]
	part := c.New.Add("matmul", product.Attrs, product.Args[0], factor)[0]
	part.ReadBy = n.Results[0].ReadBy
	return part
}
