package nerf

import (
	"fmt"

	"graft/graph"
	"graft/zoo/layer"
)

const (
	positionFrequencies  = 10 // 3 + 2*3*10 = 63 features of a position
	directionFrequencies = 4  // 27 of a direction
	positionWidth        = 3 + 6*positionFrequencies
	directionWidth       = 3 + 6*directionFrequencies
	skipAfter            = 5 // layers of the original trunk, after which the encoded position is read again
)

// network is a radiance field: encoded positions and directions to raw colour and density. Its parameters are declared once and
// bear the names of the published code.
//
//	reference  position 63 -> W -> W ... (trunk, ReLU); density from the trunk; W -> W ReLU; with direction W+27 -> W/2 ReLU -> colour
//	paper      the same with the position read again after the fifth layer of the trunk, and no ReLU between trunk and direction
//	           (Mildenhall et al. 2020, figure 7)
type network struct {
	name                  string // also of its error site
	original              bool   // the paper's network
	trunk                 []layer.Linear
	alpha, feat, dir, rgb layer.Linear
}

func newNetwork(g *graph.Graph, name string, width, layers int, original bool) network {
	g.Helper()
	if layers == 0 {
		layers = 4
		if original {
			layers = 8
		}
	}
	n := network{name: name, original: original}
	for i := range layers {
		in := width
		if i == 0 {
			in = positionWidth
		} else if n.skips(i) {
			in += positionWidth
		}
		n.trunk = append(n.trunk, layer.NewLinear(g, name+"/"+trunkName(i), in, width))
	}
	n.alpha = layer.NewLinear(g, name+"/fc_alpha", width, 1)
	n.feat = layer.NewLinear(g, name+"/fc_feat", width, width)
	n.dir = layer.NewLinear(g, name+"/layers_dir/0", width+directionWidth, max(1, width/2))
	n.rgb = layer.NewLinear(g, name+"/fc_rgb", max(1, width/2), 3)
	return n
}

func trunkName(i int) string {
	if i == 0 {
		return "layer1"
	}
	return fmt.Sprintf("layers_xyz/%d", i-1)
}

// skips reports whether trunk layer i reads the encoded position besides the layer below.
func (n network) skips(i int) bool { return n.original && i == skipAfter }

// raw returns [rows, 4] for positions [rows, 63] and directions [rows, 27], three colours and the density, without their
// activations. When marked, it is the network's error site, and a feedback point stands after every layer but the two that end
// in it: colour and density read cut values and are trained exactly.
func (n network) raw(x, d *graph.Value, marked bool) *graph.Value {
	g := x.Graph()
	point := func(h *graph.Value, name string) *graph.Value {
		if !marked {
			return h
		}
		return graph.Feedback(h, graph.Point{Name: n.name + "/" + name, Site: n.name})
	}
	h := x
	for i, l := range n.trunk {
		if n.skips(i) {
			h = g.Add("concat", graph.Attrs{"axis": 1}, x, h)[0]
		}
		h = point(graph.Relu(l.Of(h)), trunkName(i))
	}
	feat := n.feat.Of(h)
	if !n.original {
		feat = graph.Relu(feat)
	}
	feat = g.Add("concat", graph.Attrs{"axis": 1}, point(feat, "fc_feat"), d)[0]
	turned := point(graph.Relu(n.dir.Of(feat)), "layers_dir/0")
	out := g.Add("concat", graph.Attrs{"axis": 1}, n.rgb.Of(turned), n.alpha.Of(h))[0]
	if marked {
		out = graph.ErrorSite(out, n.name)
	}
	return out
}
