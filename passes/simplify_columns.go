package passes

import "graft/graph"

// wantedColumns returns the slice that alone reads a product, if it takes some of the columns: the cotangent of a value that was
// concatenated with one that needs none, such as an encoding of the input. Then the product of a slice of the second factor, which is
// most often a weight, does less work. The slice of the product is left with nothing to cut off, and identity drops it.
//
// Both must stand in the same region, so that none reads for another.
func wantedColumns(product *graph.Node, users map[*graph.Value][]*graph.Node) *graph.Node {
	v := product.Results[0]
	if len(users[v]) != 1 {
		return nil
	}
	n := users[v][0]
	if n.Op.Name != "slice" || n.Int("axis") != v.Type.Rank()-1 || n.Phase != product.Phase || n.Label != product.Label || n.Region != product.Region {
		return nil
	}
	return n
}

// sliceFactor returns the part of a product's second factor that the columns of a slice are made of.
func sliceFactor(g *graph.Graph, part *graph.Node, product graph.Attrs, factor *graph.Value) *graph.Value {
	axis := part.Int("axis")
	if product["transB"] == true {
		axis--
	}
	g.At(graph.Context{Phase: part.Phase, Label: part.Label, Region: part.Region, Pos: part.Pos})
	return g.Add("slice", graph.Attrs{"axis": axis, "start": part.Int("start"), "size": part.Int("size")}, factor)[0]
}
