package feedback

import (
	"fmt"
	"slices"
	"strings"
)

// The granularities. Macro selects the points that sit after whole blocks; Micro selects those and the ones inside blocks.
const (
	Macro = "macro"
	Micro = "micro"
)

// The ways in which the points of a site share a matrix.
const (
	Shared      = "shared"      // one matrix per site, leading columns per point: the published rule
	Independent = "independent" // one matrix per point
)

// Options are the choices of feedback. The zero value is the published method.
type Options struct {
	Granularity string // macro (default) or micro
	Sharing     string // shared (default) or independent
	Dist        string // uniform (default), normal, rademacher, orthogonal or identity
	Given       bool   // matrices are state leaves "feedback/<point>" and are used as given
	Generate    bool   // matrices are generated where they are multiplied and take no memory; uniform and rademacher only
	Route       int    // hops along each point's route operator; 0 is the direct route
}

// String describes the matrices and their routes, for reports. Where matrices are kept makes no difference to results.
func (o Options) String() string {
	matrices := fmt.Sprintf("%s %s matrices, ", o.Sharing, o.Dist)
	switch {
	case o.Given:
		matrices = "given matrices"
	case o.Generate:
		matrices += "generated where they are multiplied"
	default:
		matrices += "kept in memory"
	}
	return fmt.Sprintf("%s, route %d", matrices, o.Route)
}

// WithDefaults returns o with empty fields set to the published method's choices, or says what is not a choice.
func (o Options) WithDefaults() (Options, error) {
	fields := []struct {
		name    string
		value   *string
		choices []string
	}{
		{"granularity", &o.Granularity, []string{Macro, Micro}},
		{"sharing", &o.Sharing, []string{Shared, Independent}},
		{"feedback distribution", &o.Dist, []string{"uniform", "normal", "rademacher", "orthogonal", "identity"}},
	}
	for _, f := range fields {
		if *f.value == "" {
			*f.value = f.choices[0]
		}
		if !slices.Contains(f.choices, *f.value) {
			return o, fmt.Errorf("%s %q is not one of %s", f.name, *f.value, strings.Join(f.choices, ", "))
		}
	}
	if o.Generate && o.Given {
		return o, fmt.Errorf("given feedback matrices are not generated")
	}
	if o.Generate && o.Dist != "uniform" && o.Dist != "rademacher" {
		return o, fmt.Errorf("feedback distribution %s: only uniform and rademacher matrices are generated where they are multiplied", o.Dist)
	}
	if o.Route < 0 {
		return o, fmt.Errorf("route %d: the number of hops cannot be negative", o.Route)
	}
	return o, nil
}

// Selects reports whether a point of the given level is cut at o's granularity.
func (o Options) Selects(level string) bool { return level == Macro || o.Granularity == Micro }
