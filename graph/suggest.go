package graph

import "fmt"

// suggest returns "; did you mean ...?" for the known name nearest to a mistyped one, or "" when none is near.
func suggest(name string, known []string) string {
	best, near := "", min(3, (len(name)+2)/3)+1
	if len(name) > 64 {
		return ""
	}
	for _, k := range known {
		if d := editDistance(name, k, near); d < near {
			best, near = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance counts the insertions, deletions and substitutions between a and b, or returns limit when their lengths
// alone ask for that many.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := ascending(len(b) + 1)
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
