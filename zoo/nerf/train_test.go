package nerf_test

import (
	"context"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"graft/zoo/entry"
	"graft/zoo/experiment"
	"graft/zoo/nerf"
	"graft/zoo/option"
)

// TestTraining trains for a few steps in all modes: bp must see more than shallow, which learns next to nothing, and what the
// models see is drawn.
func TestTraining(t *testing.T) {
	for _, e := range []entry.Entry{nerf.Entry(), nerf.TinyEntry()} {
		set := map[string]string{"width": "16", "samples": "8", "batch": "64", "lr": "5e-3"}
		if e.Name != "nerf-tiny" {
			set["fine"] = "8"
		}
		task, _, err := experiment.Open(e, "", "")
		if err != nil {
			t.Fatal(err)
		}
		plans, err := experiment.Comparison(e, task, experiment.Choices{Set: set, Epochs: 2}, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		cells, err := experiment.Compare(context.Background(), plans, 1, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		psnr := map[string]float64{}
		for _, c := range cells {
			psnr[c.Plan.Pipeline.Mode] = c.Outcome.Metrics["psnr"]
		}
		t.Logf("%s: %v", e.Name, psnr)
		if psnr["bp"] < psnr["shallow"]+1 {
			t.Errorf("%s: PSNR of bp %.2f, of shallow %.2f", e.Name, psnr["bp"], psnr["shallow"])
		}
		checkPictures(t, e, cells)
	}
}

// checkPictures draws what the cells see: a column for each mode and function that draws, with the metric of the table where it is the
// definition that draws, behind the truth.
func checkPictures(t *testing.T, e entry.Entry, cells []experiment.Cell) {
	t.Helper()
	var want []string
	for _, c := range cells {
		for i, v := range c.Outcome.Views {
			label := c.Plan.Pipeline.Mode
			if i == 0 && v.Metric != c.Outcome.Metrics["psnr"] {
				t.Errorf("%s %s: the views have PSNR %v, the evaluation %v", e.Name, label, v.Metric, c.Outcome.Metrics["psnr"])
			}
			if i > 0 {
				label += " render_dual"
			}
			want = append(want, fmt.Sprintf("%s (%.2f dB)", label, v.Metric))
		}
	}
	if n := 3 * (1 + len(e.Functions)); len(want) != n {
		t.Errorf("%s: %d columns, want %d", e.Name, len(want), n)
	}
	dir := t.TempDir()
	got, err := experiment.Draw(dir, cells, func(p *experiment.Plan) string { return p.Pipeline.Mode })
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("columns differ: %s, error %v", diff, err)
	}
	f, err := os.Open(filepath.Join(dir, "view2.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.DecodeConfig(f)
	if err != nil {
		t.Fatal(err)
	}
	// Views of 32 pixels are enlarged five times, with a gap as wide as one enlarged pixel.
	if width := 165*(1+len(want)) - 5; picture.Width != width || picture.Height != 160 {
		t.Errorf("%s: the picture is %d x %d, want %d x 160", e.Name, picture.Width, picture.Height, width)
	}
}

// TestScaledRecipe checks that the scene's recipe is the same in every mode, and that the published one is left alone.
func TestScaledRecipe(t *testing.T) {
	for _, e := range entries() {
		task, _, err := experiment.Open(e, "", "")
		if err != nil {
			t.Fatal(err)
		}
		var first *experiment.Plan
		for _, mode := range []string{"bp", "dfa", "shallow"} {
			plan, err := experiment.NewPlan(e, task, experiment.Choices{Mode: mode})
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = plan
			}
			if diff := cmp.Diff(first.Options, plan.Options); diff != "" {
				t.Errorf("%s: options of bp and %s differ: %s", e.Name, mode, diff)
			}
			if r, q := plan.Recipe, first.Recipe; r.LR != q.LR || r.Epochs != q.Epochs || r.Batch != q.Batch || r.Optimizer.String() != q.Optimizer.String() {
				t.Errorf("%s: the recipes of bp and %s differ: %+v, %+v", e.Name, mode, q, r)
			}
			if r := e.Recipe(mode, ""); r.Epochs*100 < 5000 || r.Set != nil || option.Map(e.Options())["noise"] != "0" {
				t.Errorf("%s: published recipe %+v", e.Name, r)
			}
		}
		if o := option.Map(first.Options); o["width"] != "64" || o["noise"] != "0.3" || first.Recipe.Epochs > 10 {
			t.Errorf("%s: options %v, recipe %+v", e.Name, o, first.Recipe)
		}
	}
	if r := nerf.Entry().Recipe("dfa", ""); r.LR != 1e-4 || r.Epochs*100 != 500_000 || r.Batch != 1024 {
		t.Errorf("published recipe %+v", r)
	}
}
