package recommend

import (
	"fmt"

	"graft/graph"
	"graft/zoo/layer"
)

// clicks are the inputs of every model: x i32[batch, fields], the rows of the offset table, and label i32[batch], 0 or 1.
type clicks struct {
	g        *graph.Graph
	x, label *graph.Value
	features int // rows of the table
}

func newClicks(name string, fields, features int) clicks {
	g := graph.New(name)
	return clicks{g, g.Input("x", graph.I32, "batch", fields), g.Input("label", graph.I32, "batch"), features}
}

// linear is torchfm's FeaturesLinear, [batch, 1]: a weight for each feature, standard normal at first, and a bias.
func (c clicks) linear() *graph.Value {
	w := layer.Embedding(c.x, "linear", "normal(1)", c.features, 1)
	return graph.Add(graph.Sum(w, 1), c.g.Param("linear/bias", "zeros", 1))
}

// embedding is torchfm's FeaturesEmbedding, [batch, fields, width], Xavier uniform over the whole table.
func (c clicks) embedding(width int) *graph.Value {
	return layer.Embedding(c.x, "embedding", "glorot_uniform", c.features, width)
}

// finish declares the output logits [batch], and the loss: the binary cross entropy of the logit [batch, 1].
func (c clicks) finish(logit *graph.Value) *graph.Graph {
	logits := graph.Reshape(logit, "batch")
	c.g.Output("logits", logits)
	c.g.Loss(c.g.Add("sigmoid_cross_entropy", nil, logits, graph.Cast(c.label, graph.F32))[0])
	return c.g
}

// flat joins the fields of x [batch, fields, width].
func flat(x *graph.Value) *graph.Value {
	if x.Type.Rank() != 3 {
		return x.Graph().Invalid("%v has no fields to join", x)
	}
	return graph.Reshape(x, x.Type.Dims[0], x.Type.Dims[1].Mul(x.Type.Dims[2]))
}

// tower is a stack of blocks name0, name1, ..., each followed by a feedback point of its name.
func tower(x *graph.Value, name string, widths []int, dropout float64, site string) *graph.Value {
	for i, width := range widths {
		block := fmt.Sprintf("%s%d", name, i)
		x = graph.Feedback(layer.NormBlock(x, block, width, dropout), graph.Point{Name: block, Site: site})
	}
	return x
}
