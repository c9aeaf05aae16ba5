package nerf

import (
	"fmt"

	"graft/runtime/train"
	"graft/zoo/entry"
)

const syntheticScene = "synthetic-scene"

// densityNoise is the deviation of the noise on the raw density, the same in every mode, with which networks are trained on the
// built-in scene. ReLU leaves a network whose density is negative everywhere with neither an image nor a gradient, for ever; it gets
// there by its initial draw, or by a step too far. Noise lets the gradient through wherever it lifts a density over 0, so that on
// average over the draws ReLU has a slope everywhere; in evaluation it is as published. Mildenhall et al. (2020, appendix A) and the
// published code have such noise, with deviation 1, for LLFF's scenes. Mip-NeRF (Barron et al. 2021) replaces ReLU by softplus(x-1)
// for the same reason; but that, like a density bias of 0.5, starts in a fog, which was seen to cost nerf's dfa 3 dB here.
const densityNoise = "0.3"

// open generates the scene on the given background: 20 views of 32 x 32 pixels to train on, 3 to test, and 3 more to choose settings
// by.
func open(data string, white bool, adapt func(string, entry.Recipe) entry.Recipe) (*entry.Task, error) {
	if data != syntheticScene {
		return nil, fmt.Errorf("there is no scene %q", data)
	}
	return newTask(Synthetic(0, 32, 20, 3, white), adapt), nil
}

func newTask(d *Dataset, adapt func(string, entry.Recipe) entry.Recipe) *entry.Task {
	test := wholeViews{d, d.Test}
	task := &entry.Task{
		Data: d.Name,
		Train: func(seed int32, rays int) (train.Source, error) {
			return randomRays{d, rays, seed}, nil
		},
		Evaluate: func() (train.Source, train.Meter, error) {
			return test, &psnr{}, nil
		},
		Align: func() (*train.Batch, error) {
			b := &train.Batch{}
			return b, test.Batch(0, 0, b)
		},
		Adapt: adapt,
		Pictures: &entry.Pictures{
			Source: func() train.Source { return test },
			Output: "rgb",
			Meter:  func() train.Meter { return &psnr{} },
			Write:  d.writeViews,
		},
	}
	task.Tuning = func() *entry.Task {
		t := *task
		t.Tuning, t.Validation = nil, "val_psnr"
		t.Evaluate = func() (train.Source, train.Meter, error) {
			source, meter := entry.Validated(entry.Part{Source: wholeViews{d, d.Val}, Meter: &psnr{}}, entry.Part{Source: test, Meter: &psnr{}})
			return source, meter, nil
		}
		return &t
	}
	return task
}
