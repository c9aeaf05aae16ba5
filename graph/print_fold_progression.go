package graph

import (
	"math/big"
	"strings"
)

// maxRule bounds the length of the number that a progression goes by: of a longer one a reader learns nothing.
const maxRule = 8

// progression lists words, or gives the first and the rule where there are at least three numbers that are added to or multiplied:
// "4.0, then * 2".
func progression(words []string) (list string, ruled bool) {
	list = strings.Join(words, ", ")
	if len(words) < 3 {
		return list, false
	}
	var numbers []*big.Rat // exactly what is written
	for _, w := range words {
		x, ok := new(big.Rat).SetString(w)
		if !ok || w[0] == '-' && x.Sign() == 0 { // a symbol, or -0, which no arithmetic gives
			return list, false
		}
		numbers = append(numbers, x)
	}
	step := new(big.Rat).Sub(numbers[1], numbers[0])
	if goesBy(numbers, step, (*big.Rat).Add) {
		sign := "+ "
		if step.Sign() < 0 {
			sign = "- "
		}
		if s := new(big.Rat).Abs(step).RatString(); len(s) <= maxRule {
			return words[0] + ", then " + sign + s, true
		}
	}
	if numbers[0].Sign() == 0 {
		return list, false
	}
	ratio := new(big.Rat).Quo(numbers[1], numbers[0])
	if s := ratio.RatString(); len(s) <= maxRule && goesBy(numbers, ratio, (*big.Rat).Mul) {
		return words[0] + ", then * " + s, true
	}
	return list, false
}

// goesBy reports whether each number is the one before it, next to which the operation puts by.
func goesBy(numbers []*big.Rat, by *big.Rat, operation func(z, x, y *big.Rat) *big.Rat) bool {
	for i, x := range numbers[1:] {
		if operation(new(big.Rat), numbers[i], by).Cmp(x) != 0 {
			return false
		}
	}
	return true
}
