package zoo_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"graft/feedback"
	"graft/zoo"

	"github.com/google/go-cmp/cmp"
	"gorgonia.org/tensor"
)

// radianceFields are the state_dict of NeRF's networks, coarse and fine, in both of its variants.
const radianceFields = `
	*.layer1.weight - */layer1/weight'
	*.layer1.bias - */layer1/bias
	*.layers_xyz.*.weight - */layers_xyz/*/weight'
	*.layers_xyz.*.bias - */layers_xyz/*/bias
	*.fc_alpha.weight - */fc_alpha/weight'
	*.fc_alpha.bias - */fc_alpha/bias
	*.fc_feat.weight - */fc_feat/weight'
	*.fc_feat.bias - */fc_feat/bias
	*.layers_dir.0.weight - */layers_dir/0/weight'
	*.layers_dir.0.bias - */layers_dir/0/bias
	*.fc_rgb.weight - */fc_rgb/weight'
	*.fc_rgb.bias - */fc_rgb/bias`

// stateDicts are the state_dicts of the models' counterparts at tiny sizes. Each line has a tensor's name and shape as PyTorch 2.15
// and PyTorch Geometric 2.8 list them, and the parameter that it holds: with ' where it is transposed, and with [k] where it is
// matrix k. A * stands for the same on both sides, and shapes that depend on it are left out.
var stateDicts = map[string]string{
	// Linear throughout
	"mlp": `
		dense0.weight 4x5 dense0/weight'
		dense0.bias 4 dense0/bias
		dense1.weight 6x4 dense1/weight'
		dense1.bias 6 dense1/bias
		output.weight 3x6 output/weight'
		output.bias 3 output/bias`,
	"nerf": radianceFields, "nerf-xl": radianceFields,
	"nerf-tiny": `
		layer1.weight 5x63 layer1/weight'
		layer1.bias 5 layer1/bias
		layer2.weight 5x5 layer2/weight'
		layer2.bias 5 layer2/bias
		layer3.weight 4x5 layer3/weight'
		layer3.bias 4 layer3/bias`,
	// GCNConv, ChebConv(K=2), SplineConv(dim=1, kernel_size=2), GATConv, DNAConv, and GAE over an encoder of GCNConv
	"gcn": `
		conv1.lin.weight 4x5 conv1/weight'
		conv1.bias 4 conv1/bias
		conv2.lin.weight 3x4 conv2/weight'
		conv2.bias 3 conv2/bias`,
	"cheb": `
		conv1.lins.0.weight 4x5 conv1/weight[0]'
		conv1.lins.1.weight 4x5 conv1/weight[1]'
		conv1.bias 4 conv1/bias
		conv2.lins.0.weight 3x4 conv2/weight[0]'
		conv2.lins.1.weight 3x4 conv2/weight[1]'
		conv2.bias 3 conv2/bias`,
	"spline": `
		conv1.weight 2x5x4 conv1/weight
		conv1.lin.weight 4x5 conv1/root'
		conv1.bias 4 conv1/bias
		conv2.weight 2x4x3 conv2/weight
		conv2.lin.weight 3x4 conv2/root'
		conv2.bias 3 conv2/bias`,
	"gat": `
		conv1.att_src 1x2x3 conv1/att_j
		conv1.att_dst 1x2x3 conv1/att_i
		conv1.bias 6 conv1/bias
		conv1.lin.weight 6x5 conv1/lin/weight'
		conv2.att_src 1x1x3 conv2/att_j
		conv2.att_dst 1x1x3 conv2/att_i
		conv2.bias 3 conv2/bias
		conv2.lin.weight 3x6 conv2/lin/weight'`,
	"dna": `
		lin1.weight 8x5 lin1/weight'
		lin1.bias 8 lin1/bias
		convs.*.multi_head.lin_*.weight 4x2x2 convs/*/multi_head/lin_*/weight
		convs.*.multi_head.lin_*.bias 8 convs/*/multi_head/lin_*/bias
		lin2.weight 3x8 lin2/weight'
		lin2.bias 3 lin2/bias`,
	"gae": `
		encoder.conv1.lin.weight 4x5 conv1/weight'
		encoder.conv1.bias 4 conv1/bias
		encoder.conv2.lin.weight 3x4 conv2/weight'
		encoder.conv2.bias 3 conv2/bias`,
	// Embedding, Linear, BatchNorm1d, MultiheadAttention
	"fm": `
		embedding.weight 7x3 embedding/weight
		linear.weight 7x1 linear/weight
		linear.bias 1 linear/bias`,
	"deepfm": `
		embedding.weight 7x3 embedding/weight
		linear.weight 7x1 linear/weight
		linear.bias 1 linear/bias
		mlp*.dense.weight - mlp*/dense/weight'
		mlp*.dense.bias - mlp*/dense/bias
		mlp*.norm.weight - mlp*/norm/weight
		mlp*.norm.bias - mlp*/norm/bias
		mlp*.norm.running_mean - mlp*/norm/running_mean
		mlp*.norm.running_var - mlp*/norm/running_var
		output.weight 1x5 output/weight'
		output.bias 1 output/bias`,
	"dcn": `
		embedding.weight 7x2 embedding/weight
		cross*.weight 1x6 cross*/weight'
		cross*.bias 6 cross*/bias
		deep*.dense.weight - deep*/dense/weight'
		deep*.dense.bias - deep*/dense/bias
		deep*.norm.weight - deep*/norm/weight
		deep*.norm.bias - deep*/norm/bias
		deep*.norm.running_mean - deep*/norm/running_mean
		deep*.norm.running_var - deep*/norm/running_var
		output.weight 1x11 output/weight'
		output.bias 1 output/bias`,
	"afn": `
		embedding.weight 7x2 embedding/weight
		linear.weight 7x1 linear/weight
		linear.bias 1 linear/bias
		lnn.weight 4x3 lnn/weight'
		mlp*.dense.weight - mlp*/dense/weight'
		mlp*.dense.bias - mlp*/dense/bias
		mlp*.norm.weight - mlp*/norm/weight
		mlp*.norm.bias - mlp*/norm/bias
		mlp*.norm.running_mean - mlp*/norm/running_mean
		mlp*.norm.running_var - mlp*/norm/running_var
		output.weight 1x5 output/weight'
		output.bias 1 output/bias`,
	"autoint": `
		embedding.weight 7x3 embedding/weight
		linear.weight 7x1 linear/weight
		linear.bias 1 linear/bias
		attention.embedding.weight 4x3 attention/embedding/weight'
		attention.embedding.bias 4 attention/embedding/bias
		attention*.in_proj_weight 12x4 attention*/in/weight'
		attention*.in_proj_bias 12 attention*/in/bias
		attention*.out_proj.weight 4x4 attention*/out/weight'
		attention*.out_proj.bias 4 attention*/out/bias
		attention.residual.weight 4x3 attention/residual/weight'
		attention.residual.bias 4 attention/residual/bias
		attention.output.weight 1x12 attention/output/weight'
		attention.output.bias 1 attention/output/bias
		mlp*.dense.weight - mlp*/dense/weight'
		mlp*.dense.bias - mlp*/dense/bias
		mlp*.norm.weight - mlp*/norm/weight
		mlp*.norm.bias - mlp*/norm/bias
		mlp*.norm.running_mean - mlp*/norm/running_mean
		mlp*.norm.running_var - mlp*/norm/running_var
		output.weight 1x5 output/weight'
		output.bias 1 output/bias`,
	// Embedding, TransformerEncoder, Linear
	"transformer": `
		embedding.weight 7x8 embedding/weight
		encoder.layers.*.self_attn.in_proj_weight 24x8 block*/attention/in/weight'
		encoder.layers.*.self_attn.in_proj_bias 24 block*/attention/in/bias
		encoder.layers.*.self_attn.out_proj.weight 8x8 block*/attention/out/weight'
		encoder.layers.*.self_attn.out_proj.bias 8 block*/attention/out/bias
		encoder.layers.*.linear1.weight 6x8 block*/ffn/hidden/weight'
		encoder.layers.*.linear1.bias 6 block*/ffn/hidden/bias
		encoder.layers.*.linear2.weight 8x6 block*/ffn/out/weight'
		encoder.layers.*.linear2.bias 8 block*/ffn/out/bias
		encoder.layers.*.norm1.weight 8 block*/norm1/weight
		encoder.layers.*.norm1.bias 8 block*/norm1/bias
		encoder.layers.*.norm2.weight 8 block*/norm2/weight
		encoder.layers.*.norm2.bias 8 block*/norm2/bias
		decoder.weight 7x8 decoder/weight'
		decoder.bias 7 decoder/bias`,
	// attention without a counterpart: Linear layers and the synthesizing parameters
	"transformer-dense": `
		embedding.weight 7x8 embedding/weight
		encoder.layers.*.self_attn.in_proj.weight 16x8 block*/attention/in/weight'
		encoder.layers.*.self_attn.in_proj.bias 16 block*/attention/in/bias
		encoder.layers.*.self_attn.out_proj.weight 8x8 block*/attention/out/weight'
		encoder.layers.*.self_attn.out_proj.bias 8 block*/attention/out/bias
		encoder.layers.*.self_attn.1.weight 2x4x4 block*/attention/1/weight
		encoder.layers.*.self_attn.1.bias 2x1x4 block*/attention/1/bias
		encoder.layers.*.self_attn.2.weight 2x4x4 block*/attention/2/weight
		encoder.layers.*.self_attn.2.bias 2x1x4 block*/attention/2/bias
		encoder.layers.*.linear1.weight 6x8 block*/ffn/hidden/weight'
		encoder.layers.*.linear1.bias 6 block*/ffn/hidden/bias
		encoder.layers.*.linear2.weight 8x6 block*/ffn/out/weight'
		encoder.layers.*.linear2.bias 8 block*/ffn/out/bias
		encoder.layers.*.norm1.weight 8 block*/norm1/weight
		encoder.layers.*.norm1.bias 8 block*/norm1/bias
		encoder.layers.*.norm2.weight 8 block*/norm2/weight
		encoder.layers.*.norm2.bias 8 block*/norm2/bias
		decoder.weight 7x8 decoder/weight'
		decoder.bias 7 decoder/bias`,
	"transformer-random": `
		embedding.weight 7x8 embedding/weight
		encoder.layers.*.self_attn.in_proj.weight 8x8 block*/attention/in/weight'
		encoder.layers.*.self_attn.in_proj.bias 8 block*/attention/in/bias
		encoder.layers.*.self_attn.out_proj.weight 8x8 block*/attention/out/weight'
		encoder.layers.*.self_attn.out_proj.bias 8 block*/attention/out/bias
		encoder.layers.*.self_attn.logits 2x4x4 block*/attention/logits
		encoder.layers.*.linear1.weight 6x8 block*/ffn/hidden/weight'
		encoder.layers.*.linear1.bias 6 block*/ffn/hidden/bias
		encoder.layers.*.linear2.weight 8x6 block*/ffn/out/weight'
		encoder.layers.*.linear2.bias 8 block*/ffn/out/bias
		encoder.layers.*.norm1.weight 8 block*/norm1/weight
		encoder.layers.*.norm1.bias 8 block*/norm1/bias
		encoder.layers.*.norm2.weight 8 block*/norm2/weight
		encoder.layers.*.norm2.bias 8 block*/norm2/bias
		decoder.weight 7x8 decoder/weight'
		decoder.bias 7 decoder/bias`,
	"transformer-fixed": `
		embedding.weight 7x8 embedding/weight
		encoder.layers.*.self_attn.in_proj.weight 8x8 block*/attention/in/weight'
		encoder.layers.*.self_attn.in_proj.bias 8 block*/attention/in/bias
		encoder.layers.*.linear1.weight 6x8 block*/ffn/hidden/weight'
		encoder.layers.*.linear1.bias 6 block*/ffn/hidden/bias
		encoder.layers.*.linear2.weight 8x6 block*/ffn/out/weight'
		encoder.layers.*.linear2.bias 8 block*/ffn/out/bias
		encoder.layers.*.norm1.weight 8 block*/norm1/weight
		encoder.layers.*.norm1.bias 8 block*/norm1/bias
		encoder.layers.*.norm2.weight 8 block*/norm2/weight
		encoder.layers.*.norm2.bias 8 block*/norm2/bias
		decoder.weight 7x8 decoder/weight'
		decoder.bias 7 decoder/bias`,
}

// TestGradTorchLayout gives every model its weights as a state_dict in the form above, and expects the gradients of graft's own
// layout in the same form, bit for bit, in every mode.
func TestGradTorchLayout(t *testing.T) {
	for _, e := range zoo.Entries() {
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			t.Run(e.Name+"/"+mode, func(t *testing.T) {
				p := newGradProblem(t, e, variantsOf(e)[0], mode, feedback.Macro, false)
				want := p.run(t, p.weights(), "")
				weights := torchNamed(t, e.Name, p.weights(), "")
				for name := range p.w.leaves {
					if norm, ok := strings.CutSuffix(name, "/running_mean"); ok {
						weights[strings.ReplaceAll(norm, "/", ".")+".num_batches_tracked"] = dense([]int64{3})
					}
				}
				got := p.run(t, weights, "torch")
				tensors := torchNamed(t, e.Name, want.Tensors, "grad/")
				if g, w := slices.Sorted(maps.Keys(got.Tensors)), slices.Sorted(maps.Keys(tensors)); !slices.Equal(g, w) {
					t.Fatalf("there are (-want +got)\n%s", cmp.Diff(w, g))
				}
				for name, w := range tensors {
					if g := got.Tensors[name]; !g.Shape().Eq(w.Shape()) || !slices.Equal(g.Float32s(), w.Float32s()) {
						t.Errorf("%s differs: %v, want %v", name, g, w)
					}
				}
			})
		}
	}
}

// torchNamed brings the tensors whose names begin with prefix into the form of the model's state_dict. Other tensors stay.
func torchNamed(t *testing.T, model string, tensors map[string]*tensor.Dense, prefix string) map[string]*tensor.Dense {
	t.Helper()
	out := map[string]*tensor.Dense{}
	for name, d := range tensors {
		param, ok := strings.CutPrefix(name, prefix)
		if !ok || strings.HasPrefix(name, "feedback/") {
			out[name] = d
			continue
		}
		found := false
		for line := range strings.Lines(strings.TrimSpace(stateDicts[model])) {
			f := strings.Fields(line)
			from, turned := strings.CutSuffix(f[2], "'")
			from, plane, _ := strings.Cut(strings.TrimSuffix(from, "]"), "[")
			stars := regexp.MustCompile("^" + strings.ReplaceAll(from, "*", "([^/]*)") + "$").FindStringSubmatch(param)
			if stars == nil {
				continue
			}
			found = true
			to := f[0]
			for _, star := range stars[1:] {
				to = strings.Replace(to, "*", star, 1)
			}
			part := d
			if shape := d.Shape(); turned {
				k, _ := strconv.Atoi(plane)
				part = transposed(d.Float32s(), k, shape[len(shape)-2], shape[len(shape)-1])
			}
			if got := strings.ReplaceAll(strings.Trim(fmt.Sprint([]int(part.Shape())), "[]"), " ", "x"); f[1] != "-" && got != f[1] {
				t.Errorf("%s: %s is %s, want %s", model, to, got, f[1])
			}
			out[prefix+to] = part
		}
		if !found {
			t.Errorf("%s: no tensor holds %q", model, param)
		}
	}
	return out
}

func transposed(v []float32, plane, rows, cols int) *tensor.Dense {
	out := make([]float32, 0, rows*cols)
	for j := range cols {
		for i := range rows {
			out = append(out, v[plane*rows*cols+i*cols+j])
		}
	}
	return dense(out, cols, rows)
}
