package reproduce

import (
	"fmt"
	"strings"

	"graft/feedback"
	"graft/zoo"
	"graft/zoo/entry"
	"graft/zoo/experiment"
)

// Cell is what is trained with several seeds to become one number of a table.
type Cell struct {
	Model, Data, Variant, Mode string
	Route                      Route // in dfa
	Epochs                     int   // 0 stands for the recipe's
	Hidden                     bool  // keeps the hidden activations too
}

// Route says how projected errors travel: so many hops along an operator of the model. The zero value is the direct route.
type Route struct {
	Hops     int
	Operator string
}

// ParseRoute reads hops:operator, such as 2:mean. "direct" and "0" are the direct route, and the operator is symmetric where none is
// named.
func ParseRoute(text string) (Route, error) {
	if text == "direct" || text == "0" {
		return Route{}, nil
	}
	hops, operator, named := strings.Cut(text, ":")
	r := Route{Operator: operator}
	if !named {
		r.Operator = "symmetric"
	}
	if n, err := fmt.Sscanf(hops, "%d", &r.Hops); n != 1 || err != nil || fmt.Sprint(r.Hops) != hops || r.Hops < 1 || r.Operator == "" {
		return Route{}, &experiment.UsageError{Err: fmt.Errorf("route %q: it is written hops:operator, such as 2:mean, or direct", text)}
	}
	return r, nil
}

// String writes the route as [ParseRoute] reads it.
func (r Route) String() string {
	if r.Hops == 0 {
		return "direct"
	}
	return fmt.Sprintf("%d:%s", r.Hops, r.Operator)
}

// String names the cell in progress and messages.
func (c Cell) String() string {
	s := c.Data + " " + c.Model + " " + c.Mode
	if c.Route.Hops > 0 {
		s += " " + c.Route.String()
	}
	if c.Variant != entry.Paper {
		s += " (" + c.Variant + ")"
	}
	return s
}

// file names the file of a training.
func (c Cell) file(seed int32) string {
	parts := []string{c.Data, c.Model, c.Variant, c.Mode}
	if c.Route.Hops > 0 {
		parts = append(parts, fmt.Sprintf("route%d-%s", c.Route.Hops, c.Route.Operator))
	}
	if c.Epochs > 0 {
		parts = append(parts, fmt.Sprintf("epochs%d", c.Epochs))
	}
	if c.Hidden {
		parts = append(parts, "hidden")
	}
	return strings.Join(append(parts, fmt.Sprintf("seed%d", seed)), "_") + ".json"
}

// plan resolves the cell for its task, or without one to see whether there are such choices.
func (c Cell) plan(task *entry.Task) (*experiment.Plan, error) {
	e, err := zoo.Lookup(c.Model)
	if err != nil {
		return nil, &experiment.UsageError{Err: err}
	}
	choices := experiment.Choices{Mode: c.Mode, Variant: c.Variant, Epochs: c.Epochs, Feedback: feedback.Options{Route: c.Route.Hops}}
	if c.Route.Hops > 0 && c.Route.Operator != "symmetric" {
		choices.Set = map[string]string{"route_operator": c.Route.Operator}
	}
	return experiment.NewPlan(e, task, choices)
}
