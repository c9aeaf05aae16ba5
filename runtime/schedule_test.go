package runtime

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"graft/runtime/native"

	"github.com/google/go-cmp/cmp"
)

// meet returns a call that ends when so many of its kind run at the same time, and says so when they never do.
func meet(t *testing.T, number int) func(*native.Call, int, int) error {
	var here atomic.Int32
	return func(*native.Call, int, int) error {
		here.Add(1)
		for end := time.Now().Add(10 * time.Second); int(here.Load()) < number; time.Sleep(10 * time.Microsecond) {
			if time.Now().After(end) {
				t.Errorf("only %d of %d ran at the same time", here.Load(), number)
				return nil
			}
		}
		return nil
	}
}

func TestSideBySide(t *testing.T) {
	const long = 1e6
	pool := NewPool(2)
	defer pool.Close()
	for _, c := range []struct {
		name  string
		calls func(run func(*native.Call, int, int) error) []call
	}{
		{"parts of a call", func(run func(*native.Call, int, int) error) []call { return []call{{run: run, parts: 2, cost: long}} }},
		{"calls", func(run func(*native.Call, int, int) error) []call {
			return []call{{run: run, parts: 1, cost: long}, {run: run, parts: 1, cost: long}}
		}},
		{"a light call beside a heavy one", func(run func(*native.Call, int, int) error) []call {
			return []call{{run: run, parts: 1, cost: 1}, {run: run, parts: 1, cost: long}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := c.calls(meet(t, 2))
			check(t, newSchedule(nil, calls, make([][]int, len(calls)), pool).run())
		})
	}
}

// TestUrgentFirst holds the order in which calls begin against the longest way from each to the end.
func TestUrgentFirst(t *testing.T) {
	pool := NewPool(2)
	defer pool.Close()
	var mu sync.Mutex
	var began []int
	calls := make([]call, 6)
	for i, cost := range []float64{1, 1, 5000, 3, 1, 1} {
		calls[i] = call{parts: 1, cost: cost, run: func(*native.Call, int, int) error {
			mu.Lock()
			defer mu.Unlock()
			began = append(began, i)
			return nil
		}}
	}
	//  0 -> 2, 1 -> 3 -> 4, 5: ways 5001, 5, 5000, 4, 1, 1
	s := newSchedule(nil, calls, [][]int{{}, {}, {0}, {1}, {3}, {}}, pool)
	pool.Close() // the caller alone, by the rules of many
	check(t, s.run())
	if diff := cmp.Diff([]int{0, 2, 1, 3, 4, 5}, began); diff != "" {
		t.Errorf("calls began in another order (-want +got):\n%s", diff)
	}
}

// TestFreshFirst: a worker begins another call rather than share one that has been begun.
func TestFreshFirst(t *testing.T) {
	pool := NewPool(2)
	defer pool.Close()
	both := meet(t, 2)
	var begun atomic.Int32
	calls := make([]call, 2)
	for i := range calls {
		calls[i] = call{parts: 3, cost: 1e6, run: func(c *native.Call, part, parts int) error {
			if part == 0 {
				begun.Add(1)
				return both(c, part, parts)
			}
			if begun.Load() < 2 {
				t.Errorf("part %d of call %d began before the other call", part, i)
			}
			return nil
		}}
	}
	check(t, newSchedule(nil, calls, make([][]int, 2), pool).run())
}
