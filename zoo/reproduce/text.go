package reproduce

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
	"graft/zoo/report"
)

// decimals is how many digits behind the point a metric's table shows.
func decimals(unit string) int {
	switch unit {
	case "percent":
		return 1
	case "share":
		return 3
	}
	return 2
}

func fixed(v float64, unit string) string {
	return strings.Replace(strconv.FormatFloat(v, 'f', decimals(unit), 64), "-", "−", 1)
}

// resultCell shows a row beside the published number.
func resultCell(r Row) report.Cell {
	if r.N == 0 {
		return report.Cell{Text: "–", Sub: []string{fmt.Sprintf("%d diverged", r.Diverged)}}
	}
	c := report.Cell{Text: fixed(r.Mean, r.Unit), Title: fmt.Sprintf("%s %s: mean %v, deviation %v, n %d", r.Model, r.Mode, r.Mean, r.Std, r.N)}
	if r.N > 1 {
		deviation := max(decimals(r.Unit), 2)
		if r.Unit == "percent" {
			deviation = 1
		}
		c.Sub = append(c.Sub, "± "+strconv.FormatFloat(r.Std, 'f', deviation, 64))
	}
	if r.Diverged > 0 {
		c.Sub = append(c.Sub, fmt.Sprintf("%d diverged", r.Diverged))
	}
	if r.Published != nil {
		c.Sub = append(c.Sub, "published "+fixed(*r.Published, r.Unit))
		c.Mark = report.Compare(r.Mean, r.Std, r.N, *r.Published)
	}
	return c
}

// difference is a - b of two means with half its 95 % interval.
type difference struct{ mean, half float64 }

func differ(a, b Row) difference { return difference{a.Mean - b.Mean, halfInterval(a, b)} }

// halfInterval is half of the 95 % interval of a sum or difference of independent means: Student's t with Welch's degrees of freedom
// (Welch 1947). It is 0 where a mean is of fewer than two seeds.
func halfInterval(rows ...Row) float64 {
	sum, freedom := 0.0, 0.0
	for _, r := range rows {
		if r.N < 2 {
			return 0
		}
		v := r.Std * r.Std / float64(r.N)
		sum, freedom = sum+v, freedom+v*v/float64(r.N-1)
	}
	if sum == 0 {
		return 0
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: sum * sum / freedom}.Quantile(0.975) * math.Sqrt(sum)
}

func (d difference) cell(unit string) report.Cell {
	c := report.Cell{Text: signed(d.mean, unit)}
	if d.half > 0 {
		c.Sub = []string{"± " + fixed(d.half, unit)}
	}
	return c
}

func signed(v float64, unit string) string {
	s := fixed(math.Abs(v), unit)
	if v < 0 && s != fixed(0, unit) {
		return "−" + s
	}
	return s
}

// withoutPubMed is said of every table whose data the paper has and we could not run on.
const withoutPubMed = "PubMed was not run: the file of its features (ind.pubmed.allx) was not at hand."

// notRun returns what a table has to say of data sets that the paper has and o has not.
func notRun(o Options) []string {
	for _, d := range o.Data {
		if d == "pubmed" {
			return nil
		}
	}
	return []string{withoutPubMed}
}
