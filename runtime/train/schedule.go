package train

import "math"

// Schedule gives the learning rate of a step; step is global, and both count from 0.
type Schedule func(step, epoch int) float64

// Constant is the same rate at every step.
func Constant(lr float64) Schedule { return func(int, int) float64 { return lr } }

// Exponential starts at lr and multiplies it by factor over every so many steps, smoothly.
func Exponential(lr, factor float64, steps int) Schedule {
	return func(step, _ int) float64 { return lr * math.Pow(factor, float64(step)/float64(steps)) }
}

// Noam rises linearly for warmup steps and then falls with the square root of the step (Vaswani et al., "Attention is all
// you need", 2017): lr / sqrt(width) * min(1/sqrt(s), s/warmup^1.5) with s = step+1.
func Noam(lr float64, width, warmup int) Schedule {
	return func(step, _ int) float64 {
		s := float64(step + 1)
		return lr / math.Sqrt(float64(width)) * min(1/math.Sqrt(s), s*math.Pow(float64(warmup), -1.5))
	}
}
