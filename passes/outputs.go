package passes

import (
	"fmt"
	"slices"
	"strings"

	"graft/graph"
)

// selectOutputs drops the definition's outputs that Options.Outputs does not name. The loss is no output of a definition and stays,
// as do the stores; what only a dropped output read is left to dce.
var selectOutputs = Pass{
	Name: "select-outputs",
	Why:  "what nobody reads of a step is neither computed nor kept",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		var names []string
		for _, n := range g.Effects("output") {
			names = append(names, n.Name())
		}
		for _, name := range o.Outputs {
			if !slices.Contains(names, name) {
				return nil, fmt.Errorf("the definition has no output %q: its outputs are [%s]", name, strings.Join(names, ", "))
			}
		}
		c := graph.NewCopier(g)
		for _, n := range g.Nodes {
			if n.Op.Name != "output" || slices.Contains(o.Outputs, n.Name()) {
				c.Copy(n)
			}
		}
		return c.New, c.New.Err()
	},
}
