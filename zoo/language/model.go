package language

import (
	"fmt"
	"maps"
	"strings"

	"graft/graph"
	"graft/zoo/layer"
)

// Options are the choices of a Transformer language model.
type Options struct {
	Vocabulary int     `option:"vocabulary" default:"32000" min:"2" doc:"number of tokens"`
	Width      int     `option:"width" default:"512" min:"1" doc:"width of embeddings and blocks"`
	FFN        int     `option:"ffn" default:"2048" min:"1" doc:"width of the feed-forward networks' hidden layer"`
	Blocks     int     `option:"blocks" default:"6" min:"1" doc:"number of blocks"`
	Heads      int     `option:"heads" default:"8" min:"1" doc:"attention heads; fixed attention has 4"`
	Time       int     `option:"time" default:"128" min:"1" doc:"tokens of a sequence"`
	Dropout    float64 `option:"dropout" default:"0.1" min:"0" max:"0.99" doc:"dropout of embeddings, attention, feed-forward and residual branches"`
	Tied       bool    `option:"tied" default:"false" doc:"use the embedding's table as the decoder's weight"`
	Site       string  `option:"site" default:"encoder" enum:"encoder|vocab" doc:"where the error is taken: before or after the vocabulary projection"`
	EmbedPoint bool    `option:"embed_point" default:"false" doc:"set a feedback point on the scaled embedding too"`
	Frozen     bool    `option:"frozen" default:"false" doc:"leave the synthesizing parameters as drawn (dense and random attention)"`
}

// Attention is how a block's positions see one another.
type Attention string

// The kinds of attention.
const (
	Standard Attention = "standard"
	Dense    Attention = "dense"
	Random   Attention = "random"
	Fixed    Attention = "fixed"
)

// Reference are the habits of the published code that a definition may take over.
type Reference struct {
	AlikeBlocks bool // all blocks start as copies of the first
	MixedHeads  bool // dense synthesizers apply weights across sequences and heads
}

// rows is the number of leading axes that are rows of an error: sequences and positions.
const rows = 2

// Transformer returns the causal language model of Launay et al. (2020, section 3.4): embedding and sinusoid positions, post-norm
// encoder blocks under a causal mask, and a linear decoder, uniform on +-0.1 with bias 0. A macro feedback point stands at the
// end of each block, behind its last normalisation; micro points stand behind the first normalisation and on the feed-forward
// network's hidden activation, behind ReLU and dropout. The error site is the encoder's output, as in the published results,
// or the logits.
//
// Inputs: tokens and target, i32[batch, time]. Outputs: logits [batch, time, vocabulary].
func Transformer(a Attention, o Options, r Reference) *graph.Graph {
	g := graph.New("transformer")
	if a != Standard {
		g = graph.New("transformer-" + string(a))
	}
	tokens := g.Input("tokens", graph.I32, "batch", o.Time)
	target := g.Input("target", graph.I32, "batch", o.Time)
	b := blocks{Options: o, attention: a, mixed: r.MixedHeads}

	h, table := layer.Tokens(tokens, "embedding", o.Vocabulary, o.Width)
	if o.EmbedPoint {
		h = b.point(h, "embedding", false)
	}
	h = graph.Dropout(layer.Positions(h), o.Dropout, "embedding/dropout")
	for i := range o.Blocks {
		h = b.block(h, fmt.Sprintf("block%d", i))
	}
	if o.Site == "encoder" {
		h = graph.ErrorSite(h, o.Site, rows)
	}
	logits := b.decode(h, table)
	if o.Site == "vocab" {
		logits = graph.ErrorSite(logits, o.Site, rows)
	}
	g.Output("logits", logits)
	g.Loss(graph.SoftmaxCrossEntropy(logits, target))
	if r.AlikeBlocks {
		return alike(g)
	}
	return g
}

// blocks builds the parts of a model.
type blocks struct {
	Options
	attention Attention
	mixed     bool
}

func (b blocks) point(x *graph.Value, name string, micro bool) *graph.Value {
	return graph.Feedback(x, graph.Point{Name: name, Site: b.Site, Rows: rows, Micro: micro})
}

// block is one encoder block. The residual into its second half reads the marked value, so a cut there leaves no way around.
func (b blocks) block(x *graph.Value, name string) *graph.Value {
	residual := func(x, branch *graph.Value, part string) *graph.Value {
		branch = graph.Dropout(branch, b.Dropout, name+"/dropout"+part)
		return layer.LayerNorm(graph.Add(x, branch), name+"/norm"+part)
	}
	h := residual(x, b.attend(x, name+"/attention"), "1")
	h = b.point(h, name+"/norm1", true)
	f := layer.FeedForward(h, name+"/ffn", b.FFN, b.Dropout, func(hidden *graph.Value) *graph.Value {
		return b.point(hidden, name+"/ffn", true)
	})
	return b.point(residual(h, f, "2"), name, false)
}

func (b blocks) attend(x *graph.Value, name string) *graph.Value {
	s := layer.Synthesizer{Heads: b.Heads, Dropout: b.Dropout, Frozen: b.Frozen, Mixed: b.mixed}
	switch b.attention {
	case Standard:
		return layer.CausalAttention(x, name, b.Heads, b.Dropout)
	case Dense:
		return s.Dense(x, name)
	case Random:
		return s.Random(x, name)
	case Fixed:
		if b.Heads != layer.FixedHeads {
			return x.Graph().Invalid("fixed attention has %d heads, not %d", layer.FixedHeads, b.Heads)
		}
		return layer.FixedAttention(x, name)
	}
	return x.Graph().Invalid("there is no attention %q", b.attention)
}

// decode returns the logits of the encoder's output h [batch, time, width].
func (b blocks) decode(h, table *graph.Value) *graph.Value {
	if !b.Tied {
		return layer.Affine(h, "decoder", b.Vocabulary, "uniform(0.1)", "zeros")
	}
	tokens := graph.Sym("batch").Mul(graph.Int(b.Time))
	logits := graph.MatMulT(graph.Reshape(h, tokens, b.Width), table, false, true)
	logits = graph.Add(logits, h.Graph().Param("decoder/bias", "zeros", b.Vocabulary))
	return graph.Reshape(logits, "batch", b.Time, b.Vocabulary)
}

// alike returns g with the parameters of every block drawn as those of the first, of which the published code makes deep copies.
func alike(g *graph.Graph) *graph.Graph {
	if g.Err() != nil {
		return g
	}
	c := graph.NewCopier(g)
	for _, n := range g.Nodes {
		attrs := n.Attrs
		if block, rest, _ := strings.Cut(n.Name(), "/"); n.Op.Name == "param" && strings.HasPrefix(block, "block") && block != "block0" {
			attrs = maps.Clone(attrs)
			attrs["init"] = n.Str("init") + " as block0/" + rest
		}
		c.CopyAs(n, attrs, c.Values(n.Args)...)
	}
	return c.New
}
