package nerf_test

import (
	"context"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"graft/zoo/entry"
	"graft/zoo/experiment"
	"graft/zoo/nerf"
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
		dir := t.TempDir()
		columns, err := experiment.Draw(dir, cells, func(p *experiment.Plan) string { return p.Pipeline.Mode })
		if err != nil || len(columns) != 3 {
			t.Fatalf("columns %v, error %v", columns, err)
		}
		f, err := os.Open(filepath.Join(dir, "view2.png"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(f); err != nil {
			t.Error(err)
		}
		f.Close()
	}
}

// TestScaledRecipe checks that the scene's recipe is that of every mode, and that the published one is left alone.
func TestScaledRecipe(t *testing.T) {
	e := nerf.Entry()
	task, _, err := experiment.Open(e, "", "")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := experiment.NewPlan(e, task, experiment.Choices{Mode: "dfa"})
	if err != nil {
		t.Fatal(err)
	}
	if o := plan.Options.(*nerf.Options); o.Width != 64 || !o.White || plan.Recipe.Epochs > 10 {
		t.Errorf("options %+v, recipe %+v", o, plan.Recipe)
	}
	for _, mode := range []string{"bp", "dfa", "shallow"} {
		r := e.Recipe(mode, "")
		if r.LR != 1e-4 || r.Epochs*100 != 500_000 || r.Batch != 1024 || r.Set != nil {
			t.Errorf("published recipe %+v", r)
		}
	}
}
