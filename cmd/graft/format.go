package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"graft/zoo/experiment"
)

// decimals returns how many digits after the point a value deserves; negative means that significant digits count.
func decimals(v float64, unit string) int {
	switch unit {
	case "percent", "dB":
		return 2
	case "cosine", "coefficient":
		return 3
	case "share", "nats":
		return 4
	case "s":
		if v >= 10 {
			return 1
		}
		return 2
	}
	return -1
}

// format writes a value of a unit.
func format(v float64, unit string) string { return withDecimals(v, decimals(v, unit)) }

func withDecimals(v float64, n int) string {
	if n < 0 {
		return fmt.Sprintf("%.4g", v)
	}
	return strconv.FormatFloat(v, 'f', n, 64)
}

// formatPublished writes a published value with the digits that papers give.
func formatPublished(v float64, unit string) string {
	if unit == "percent" {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprint(v)
}

// spread writes a mean and, of several values, their deviation.
func spread(r experiment.Row) string {
	mean := format(r.Mean, r.Unit)
	if r.N < 2 {
		return mean
	}
	return mean + " ± " + withDecimals(r.Std, decimals(r.Mean, r.Unit))
}

// roundTime drops the digits that nobody reads.
func roundTime(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// words writes the name of a metric for people.
func words(metric string) string { return strings.ReplaceAll(metric, "_", " ") }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
