package recommend

import (
	"fmt"

	"graft/graph"
	"graft/zoo/layer"
)

// DCNOptions are the choices of the deep & cross network.
type DCNOptions struct {
	Fields    int     `option:"fields" default:"39" min:"1" doc:"fields of a row"`
	Features  int     `option:"features" default:"1000000" min:"1" doc:"features of all fields: rows of the table"`
	Embedding int     `option:"embedding" default:"16" min:"1" doc:"width of an embedding"`
	Cross     int     `option:"cross" default:"6" min:"1" doc:"number of cross layers"`
	Deep      []int   `option:"deep" default:"1024,1024" min:"1" doc:"widths of the deep blocks"`
	Dropout   float64 `option:"dropout" default:"0" min:"0" max:"0.99" doc:"dropout after each deep block"`
}

// DCN returns the deep & cross network (Wang et al. 2017): a stack of cross layers and one of deep blocks over the same
// embeddings x_0, joined and read by one dense layer.
//
// Feedback points sit after the embeddings, after each cross layer but the last, after each deep block and after the
// concatenation. x_0 is read behind its cut, so the embeddings learn from the error delivered to them alone, and the last cross
// layer from what is delivered to the concatenation.
//
// Inputs: x i32[batch, fields], label i32[batch]. Output: logits [batch].
func DCN(o DCNOptions) *graph.Graph {
	const site = "logits"
	c := newClicks("dcn", o.Fields, o.Features)
	x0 := graph.Feedback(flat(c.embedding(o.Embedding)), graph.Point{Name: "embedding", Site: site})
	x := x0
	for i := range o.Cross {
		name := fmt.Sprintf("cross%d", i)
		x = cross(x0, x, name)
		if i < o.Cross-1 {
			x = graph.Feedback(x, graph.Point{Name: name, Site: site})
		}
	}
	h := tower(x0, "deep", o.Deep, o.Dropout, site)
	h = c.g.Add("concat", graph.Attrs{"axis": 1}, x, h)[0]
	h = graph.Feedback(h, graph.Point{Name: "concat", Site: site})
	return c.finish(graph.ErrorSite(layer.Dense(h, "output", 1), site))
}

// cross is a cross layer (Wang et al. 2017, equation 3): x_0 (x w) + b + x for x_0, x [batch, n], w [n, 1] and b [n].
func cross(x0, x *graph.Value, name string) *graph.Value {
	g := x.Graph()
	if x.Type.Rank() != 2 {
		return g.Invalid("cross layer %q: %v is no matrix", name, x)
	}
	width := x.Type.Dims[1]
	scalar := graph.MatMul(x, g.Param(name+"/weight", "lecun_uniform", width, 1))
	return graph.Add(graph.Add(graph.Mul(x0, scalar), g.Param(name+"/bias", "zeros", width)), x)
}
