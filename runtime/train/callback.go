package train

import (
	"errors"

	"graft/runtime"

	"gorgonia.org/tensor"
)

// ErrStop, returned by a callback, ends the run without an error. The epoch that is running ends with this step: it is evaluated
// and recorded like any other.
var ErrStop = errors.New("stop the run")

// Callback is called back by a Run. Functions that are nil are left out. Any error but [ErrStop] ends the run at once; it then
// resumes from the last checkpoint.
type Callback struct {
	AfterStep func(s *Status) error
	// AfterEpoch is called after the evaluation and before anything is written. It may add to the Metrics of the last record.
	AfterEpoch func(s *Status) error
	AtEnd      func(s *Summary) error
}

// Status is how far a run is. It is valid during the call.
type Status struct {
	Epoch   int      // epochs finished
	Step    int      // steps finished
	Loss    float64  // of the last step
	LR      float64  // of the last step
	History []Record // of the finished epochs, those before a resume included
	State   *runtime.State
	// Output gives the last step's outputs by name; nil in AfterEpoch.
	Output func(name string) *tensor.Dense
}

// Patience stops a run when a metric has been worse than the best epoch's for n epochs in a row. Like the published recipes,
// it lets an epoch that equals the best one start the count anew.
func Patience(metric string, n int) Callback {
	return Callback{AfterEpoch: func(s *Status) error {
		bad, top := 0, 0
		for i := range s.History {
			v, err := s.History[i].value(metric)
			if err != nil {
				return err
			}
			w, _ := s.History[top].value(metric)
			switch {
			case i == 0:
			case Better(metric, w, v):
				bad++
			default:
				bad, top = 0, i
			}
		}
		if bad >= n {
			return ErrStop
		}
		return nil
	}}
}
