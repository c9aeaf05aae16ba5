// Package metric holds the figures of merit that several families report.
package metric

import (
	"cmp"
	"math"
	"slices"
)

// Ranking returns how well scores tell positives from negatives: the area under the ROC curve, that is the share of pairs of one
// positive and one negative in which the positive scores higher, ties counting half (Hanley & McNeil 1982); and the average
// precision, the sum over distinct thresholds of precision times the gain in recall, as scikit-learn defines it. Both are exact,
// and NaN without positives, without negatives or with a score that is NaN.
func Ranking[T float32 | float64](positive, negative []T) (auc, ap float64) {
	if len(positive) == 0 || len(negative) == 0 {
		return math.NaN(), math.NaN()
	}
	type scored struct {
		score    T
		positive bool
	}
	all := make([]scored, 0, len(positive)+len(negative))
	for _, s := range positive {
		all = append(all, scored{s, true})
	}
	for _, s := range negative {
		all = append(all, scored{s, false})
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	if last := all[len(all)-1].score; last != last { // NaN is sorted last
		return math.NaN(), math.NaN()
	}
	p, n := 0.0, 0.0 // positives and negatives so far
	for i := 0; i < len(all); {
		tp, fp, score := 0.0, 0.0, all[i].score // in this tie
		for ; i < len(all) && all[i].score == score; i++ {
			if all[i].positive {
				tp++
			} else {
				fp++
			}
		}
		auc += fp * (p + tp/2)
		p, n = p+tp, n+fp
		ap += tp * p / (p + n)
	}
	total := float64(len(positive))
	return auc / (total * float64(len(negative))), ap / total
}
