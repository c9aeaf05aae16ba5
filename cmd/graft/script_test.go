package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"graft": main})
}

// TestScripts runs testdata/script. Scripts see no data sets but those that they make; GRAFT_DATA is handed on as REALDATA, for
// lines under the condition [realdata].
func TestScripts(t *testing.T) {
	real := os.Getenv("GRAFT_DATA")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
			e.Setenv("REALDATA", real)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "realdata" {
				return real != "", nil
			}
			return false, errors.New("unknown condition")
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":       exits,
			"jsonkeys":    jsonKeys,
			"flip":        flip,
			"await":       await,
			"samerun":     sameRun,
			"mktensors":   makeTensors,
			"lstensors":   listTensors,
			"mkplanetoid": makePlanetoid,
			"mkmnist":     makeMNIST,
		},
	})
}

// message is what a failure looks like: lines of which exactly the first of the message begins with "graft: ".
var message = regexp.MustCompile(`(?m)^graft: .+`)

// exits runs graft and checks its status: exits STATUS ARG... A failure must say so in one message on standard error, without
// a stack or the usage text, and write nothing to standard output.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	status := 0
	var exit *exec.ExitError
	if err := ts.Exec("graft", args[1:]...); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if status != want {
		ts.Fatalf("status %d, want %d", status, want)
	}
	if want == succeeded {
		return
	}
	stderr := ts.ReadFile("stderr")
	if n := len(message.FindAllString(stderr, -1)); n != 1 {
		ts.Fatalf("%d messages on standard error, want 1", n)
	}
	for _, bad := range []string{"goroutine", "internal error", "Usage:"} {
		if strings.Contains(stderr, bad) {
			ts.Fatalf("standard error holds %q", bad)
		}
	}
	if hint := strings.Contains(stderr, "`graft help"); hint != (want == misused) {
		ts.Fatalf("a hint at the help is given: %v", hint)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output holds %q", out)
	}
}

// flip inverts one bit of the byte at an offset, from the end when negative: flip FILE OFFSET.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := []byte(ts.ReadFile(args[0]))
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}
