package passes

import (
	"slices"

	"graft/graph"
)

// tables lets the update of a table read the rows of its gradient. The gradient itself, of which most rows are zeros, is then never
// written; every row is still updated, since its moments decay.
//
// An update works in place and must not fail halfway: the indices must be those of a gather from as many rows, which refuses
// bad ones before any update.
func (f *fusion) tables() {
	for _, n := range f.Nodes {
		if n.Op.Name != "scatter_add" {
			continue
		}
		update := f.onlyReader(n.Results[0])
		if update != nil && slices.Contains([]string{"adam", "radam"}, update.Op.Name) && f.gathered(n.Args[1], n.Results[0].Type.Dims[0]) {
			args := slices.Clone(update.Args)
			args[3] = n.Args[0]
			f.taken[n] = true
			f.by[update] = &whole{update.Op.Name + "_rows", update.Attrs, append(args, n.Args[1]), update.Results}
		}
	}
}

// gathered says whether rows of a table of so many are gathered by the index.
func (f *fusion) gathered(index *graph.Value, rows graph.Dim) bool {
	return slices.ContainsFunc(f.users[index], func(n *graph.Node) bool {
		return n.Op.Name == "gather" && n.Args[1] == index && n.Args[0].Type.Dims[0] == rows
	})
}
