package train

import (
	"fmt"
	"math"
)

// Schedule gives the learning rate of the step that a run is about to make. It is a function of the moment alone, so that a
// resumed run has the rates of an unbroken one.
type Schedule func(m Moment) (float64, error)

// Moment is where a run is before a step.
type Moment struct {
	Step    int      // steps finished in all epochs
	Epoch   int      // epochs finished
	History []Record // of the finished epochs, those before a resume included
}

// smooth makes a schedule of a function of the step.
func smooth(lr func(step int) float64) Schedule {
	return func(m Moment) (float64, error) { return lr(m.Step), nil }
}

// Constant is the same rate at every step.
func Constant(lr float64) Schedule { return smooth(func(int) float64 { return lr }) }

// Exponential starts at lr and multiplies it by factor over every so many steps, smoothly.
func Exponential(lr, factor float64, steps int) Schedule {
	return smooth(func(step int) float64 { return lr * math.Pow(factor, float64(step)/float64(steps)) })
}

// Noam rises linearly for warmup steps and then falls with the square root of the step (Vaswani et al., "Attention is all
// you need", 2017): lr / sqrt(width) * min(1/sqrt(s), s/warmup^1.5) with s = step+1.
func Noam(lr float64, width, warmup int) Schedule {
	return smooth(func(step int) float64 {
		s := float64(step + 1)
		return lr / math.Sqrt(float64(width)) * min(1/math.Sqrt(s), s*math.Pow(float64(warmup), -1.5))
	})
}

// OneCycle rises from peak/25 to peak over the share rise of the steps and falls to peak/250000 over the others, along half a
// cosine each (Smith & Topin, "Super-convergence", 2018; the constants and the counting of steps are PyTorch's, which leaves the
// momentum as it is only when told to). Behind the last step it stays where it is.
func OneCycle(peak float64, steps int, rise float64) Schedule {
	const first, last = 1. / 25, 1. / 250_000
	cosine := func(from, to, at float64) float64 { return to + (from-to)/2*(1+math.Cos(math.Pi*at)) }
	top, end := rise*float64(steps)-1, float64(steps-1)
	return smooth(func(step int) float64 {
		switch s := float64(step); {
		case s >= end:
			return peak * last
		case s < top:
			return peak * cosine(first, 1, s/top)
		default:
			return peak * cosine(1, last, (s-top)/(end-top))
		}
	})
}

// Plateau multiplies the rate by factor when a metric of the records has not improved for more than patience epochs in a row, and
// counts anew. An epoch improves that is better than the best by more than one part in 10000 of it. These are the rules of
// PyTorch's ReduceLROnPlateau, where a cut of less than 1e-8 is none.
func Plateau(lr, factor float64, patience int, metric string) Schedule {
	const threshold, least = 1e-4, 1e-8
	return func(m Moment) (float64, error) {
		rate, bad, top := lr, 0, math.NaN()
		for i := range m.History {
			v, err := m.History[i].value(metric)
			if err != nil {
				return 0, fmt.Errorf("the schedule: %w", err)
			}
			// What the value must be better than: threshold of the best, towards the better.
			bar := top * (1 + threshold)
			if Better(metric, 0, 1) {
				bar = top * (1 - threshold)
			}
			if Better(metric, v, bar) {
				top, bad = v, 0
			} else {
				bad++
			}
			if bad > patience {
				bad = 0
				if rate-rate*factor > least {
					rate *= factor
				}
			}
		}
		return rate, nil
	}
}
