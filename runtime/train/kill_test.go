package train_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"graft/runtime/train"

	"github.com/google/go-cmp/cmp"
)

// killDir names the variable that makes the test binary train in a directory instead of testing.
const killDir = "GRAFT_TRAIN_IN"

// long is a run that takes long enough to be killed many times.
func long(t testing.TB, dir string) *train.Run {
	r := toy(t, "dfa")
	r.Dir, r.Epochs, r.CheckpointEvery = dir, 40, 3
	return r
}

// TestTrainHelper is no test: it is what the processes do that TestKill kills.
func TestTrainHelper(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("run by TestKill")
	}
	r := long(t, dir)
	_, err := os.Stat(filepath.Join(dir, "checkpoint.safetensors"))
	r.Resume = err == nil
	r.Callbacks = []train.Callback{{AfterStep: func(*train.Status) error { time.Sleep(500 * time.Microsecond); return nil }}}
	fit(t, r)
}

// TestKill kills runs at random moments, 20 times altogether, resumes each to its end, and expects the bits of an unbroken
// run in every file.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	whole := long(t, t.TempDir())
	fit(t, whole)
	want := results(t, whole.Dir)

	random := rand.New(rand.NewPCG(3, 4))
	for kills, runs := 0, 0; kills < 20 || runs == 0; runs++ {
		dir, here := t.TempDir(), 0
		for done := false; !done; {
			cmd := exec.Command(os.Args[0], "-test.run=^TestTrainHelper$")
			cmd.Env = append(os.Environ(), killDir+"="+dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var timer *time.Timer
			if kills+here < 20 {
				timer = time.AfterFunc(time.Duration(10+random.IntN(250))*time.Millisecond, func() { cmd.Process.Kill() })
			}
			err := cmd.Wait()
			if timer != nil {
				timer.Stop()
			}
			var exit *exec.ExitError
			switch {
			case err == nil:
				done = true
			case errors.As(err, &exit) && exit.ExitCode() == -1: // killed
				here++
			default:
				t.Fatalf("the run failed after %d kills: %v", here, err)
			}
		}
		kills += here
		if diff := cmp.Diff(want, results(t, dir)); diff != "" {
			t.Errorf("after %d kills: %s", here, diff)
		}
		if left := len(contents(t, dir)); left != 3 {
			t.Errorf("%d files left, want 3", left)
		}
		t.Logf("a run killed %d times", here)
	}
}
