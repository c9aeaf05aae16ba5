package passes

import (
	"slices"

	"graft/graph"
)

// fuseTable keeps the gradient of a table in the rows that a batch names, where an update and norms alone read it. The gradient
// itself, of which most rows are zeros, is then never written; the norm of the rows is its norm, since zeros add nothing. Every row
// is still updated: the moments of those without a gradient decay, and so do the rows themselves.
var fuseTable = Pass{
	Name: "fuse-table",
	Why:  "the gradient of a table, most of whose rows are zeros, is kept in the rows that the batch names",
	Run: func(g *graph.Graph, _ *Options) (*graph.Graph, error) {
		users := g.Users()
		c := graph.NewCopier(g)
		sorted := map[sorting][]*graph.Value{}
		index := map[*graph.Value]*graph.Value{} // of the gradients that have become rows
		for _, n := range g.Nodes {
			c.New.At(graph.Context{Phase: n.Phase, Label: n.Label, Region: n.Region, Pos: n.Pos})
			if rows, ok := tableGradient(n, users); ok {
				key := sorting{n.Args[1], rows, n.Label}
				if sorted[key] == nil {
					sorted[key] = c.New.Add("sort_index", graph.Attrs{"rows": rows}, c.Value(n.Args[1]))
				}
				order := sorted[key]
				merged := c.New.Add("merge_rows", graph.Attrs{"axes": n.Args[1].Type.Rank()}, c.Value(n.Args[0]), order[0], order[1])
				c.Map(n.Results[0], merged[0])
				index[n.Results[0]] = order[0]
				continue
			}
			if !isUpdate(n) || index[n.Args[3]] == nil {
				c.Copy(n)
				continue
			}
			args := slices.Insert(c.Values(n.Args), 6, index[n.Args[3]])
			for i, v := range c.New.Add(n.Op.Name+"_rows", n.Attrs, args...) {
				c.Map(n.Results[i], v)
			}
		}
		return c.New, c.New.Err()
	},
}

// sorting is what tables with the same indices have in common within a region: regions read nothing of one another.
type sorting struct {
	index  *graph.Value
	rows   int
	region string
}

// manyRows is where a gradient is worth keeping in rows. A smaller table has fewer rows than many a batch has indices.
const manyRows = 1024

// tableGradient says whether n makes a gradient that one update and any number of norms read, and of how many rows.
func tableGradient(n *graph.Node, users map[*graph.Value][]*graph.Node) (rows int, ok bool) {
	if n.Op.Name != "scatter_add" {
		return 0, false
	}
	updates := 0
	for _, u := range users[n.Results[0]] {
		switch {
		case isUpdate(u) && u.Args[3] == n.Results[0]:
			updates++
		case u.Op.Name != "global_norm":
			return 0, false
		}
	}
	rows, known := n.Results[0].Type.Dims[0].Const()
	return rows, known && rows >= manyRows && updates == 1
}

// isUpdate reports whether n is an update that can read rows.
func isUpdate(n *graph.Node) bool { return n.Op.Name == "adam" || n.Op.Name == "radam" }
