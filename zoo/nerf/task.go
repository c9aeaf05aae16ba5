package nerf

import (
	"fmt"

	"graft/runtime/train"
	"graft/zoo/entry"
)

const syntheticScene = "synthetic-scene"

// open generates the scene on the given background: 20 views of 32 x 32 pixels to train on, and 3 to test.
func open(data string, white bool, adapt func(string, entry.Recipe) entry.Recipe) (*entry.Task, error) {
	if data != syntheticScene {
		return nil, fmt.Errorf("there is no scene %q", data)
	}
	return newTask(Synthetic(0, 32, 20, 3, white), adapt), nil
}

func newTask(d *Dataset, adapt func(string, entry.Recipe) entry.Recipe) *entry.Task {
	return &entry.Task{
		Data: d.Name,
		Train: func(seed int32, rays int) (train.Source, error) {
			return randomRays{d, rays, seed}, nil
		},
		Evaluate: func() (train.Source, train.Meter, error) {
			return wholeViews{d}, &psnr{}, nil
		},
		Align: func() (*train.Batch, error) {
			b := &train.Batch{}
			return b, wholeViews{d}.Batch(0, 0, b)
		},
		Adapt: adapt,
		Pictures: &entry.Pictures{
			Source: func() train.Source { return wholeViews{d} },
			Output: "rgb",
			Write:  d.writeViews,
		},
	}
}
