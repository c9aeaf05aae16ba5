package safetensors_test

import (
	"fmt"
	"os"
	"path/filepath"

	"graft/runtime/safetensors"

	"gorgonia.org/tensor"
)

func Example() {
	dir, err := os.MkdirTemp("", "graft")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "checkpoint.safetensors")

	weight := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float32{1, 2, 3, 4}))
	err = safetensors.Write(path, &safetensors.File{
		Tensors:  map[string]*tensor.Dense{"dense0/weight": weight},
		Metadata: map[string]string{"mode": "dfa"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := safetensors.ReadChecked(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Metadata["mode"], f.Tensors["dense0/weight"].Data())
	// Output: dfa [1 2 3 4]
}
