package entry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTorchTensors checks names, forms and which of several rules counts.
func TestTorchTensors(t *testing.T) {
	rules := Torch{
		{Param: "block*/in/*", Name: "layers.*.in_proj_*", Form: Linear},
		{Param: "block*", Name: "layers.*"},
		{Param: "conv/weight", Name: "lins.#.weight", Form: Linears},
		{Param: "lin/*", Form: Linear},
		{Param: "*/lin/*", Name: "never"},
	}
	for _, c := range []struct {
		param string
		shape []int
		want  []TorchTensor
	}{
		{"block12/in/weight", []int{2, 6}, []TorchTensor{{"layers.12.in_proj_weight", true, 0}}},
		{"block12/in/bias", []int{6}, []TorchTensor{{"layers.12.in_proj_bias", false, 0}}},
		{"block0/out/weight", []int{2, 6}, []TorchTensor{{"layers.0.out.weight", false, 0}}},
		{"conv/weight", []int{2, 3, 4}, []TorchTensor{{"lins.0.weight", true, 0}, {"lins.1.weight", true, 1}}},
		{"lin/weight", []int{3, 4}, []TorchTensor{{"lin.weight", true, 0}}},
		{"lin/logits", []int{2, 3, 4}, []TorchTensor{{"lin.logits", false, 0}}},
		{"a.b/weight", []int{3, 4}, []TorchTensor{{"a.b.weight", false, 0}}},
	} {
		if d := cmp.Diff(c.want, rules.Tensors(c.param, c.shape)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.param, d)
		}
	}
}
