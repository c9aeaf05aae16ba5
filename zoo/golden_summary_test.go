package zoo_test

import (
	"fmt"
	"slices"
	"strings"

	"graft/graph"
	"graft/passes"
)

// summary has a line for every point, region, seed, frozen parameter, bypass, barrier and gradient, and for every list of weights that
// gradients read.
func summary(c *compiled) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	r := c.Report
	for _, p := range r.Points {
		here := "not cut"
		switch {
		case p.Grafted:
			here = "cut, error delivered"
		case p.Cut:
			here = "cut"
		}
		line("point %s: %s, site %s, %s, %s", p.Name, p.Level, p.Site, p.Type, here)
	}
	for _, name := range r.Regions {
		line("region %s", name)
	}
	for _, s := range seeds(c) {
		line("seed %s", s)
	}
	for _, name := range r.Frozen {
		line("frozen %s", name)
	}
	for _, x := range r.Bypasses {
		line("bypass of %s: %s", x.Point, strings.Join(x.Params, ", "))
	}
	for _, name := range r.Barriers {
		line("barrier %s", name)
	}
	for _, out := range c.after("differentiate").Effects("output") {
		if param, ok := strings.CutPrefix(out.Name(), "grad/"); ok {
			line("gradient %s: region %s", param, out.Args[0].Node.Label)
		}
	}
	for _, s := range transport(r.Transport) {
		line("%s", s)
	}
	return b.String()
}

// seeds lists where cotangents begin: at the loss, and where the mode delivers an error, how it is made of the site's.
func seeds(c *compiled) []string {
	var out []string
	if c.definition.LossValue() != nil {
		out = append(out, "loss: 1")
	}
	grafted := c.after("graft")
	if grafted == nil {
		return out
	}
	for _, n := range grafted.Effects("seed") {
		var steps []string
		v := n.Args[1]
		for ; v.Node.Op.Name != "cotangent"; v = delivered(v.Node) {
			step := v.Node.Op.Name
			switch step {
			case "project":
				step = fmt.Sprintf("project by %s times %.4g", matrix(v.Node.Args[1]), v.Node.Float("scale"))
			case "slice":
				step = fmt.Sprintf("slice %d:%d", v.Node.Int("start"), v.Node.Int("start")+v.Node.Int("size"))
			}
			steps = append(steps, step)
		}
		slices.Reverse(steps)
		out = append(out, fmt.Sprintf("%s: error of %s, %s", n.Str("point"), v.Node.Str("site"), strings.Join(steps, ", ")))
	}
	return out
}

// delivered returns the operand of a node of a graft that the error comes in by: the last of a sparse product, otherwise the first.
func delivered(n *graph.Node) *graph.Value {
	if n.Op.Group == "sparse" {
		return n.Args[len(n.Args)-1]
	}
	return n.Args[0]
}

func matrix(b *graph.Value) string {
	if b.Node.Op.Name == "feedback_matrix" {
		return fmt.Sprintf("%s %v", b.Node.Str("stream"), b.Type)
	}
	return fmt.Sprintf("%s %v", b.Node.Op.Name, b.Type)
}

// transport lists the weights that gradients read, and the activations that stand where weights could; gradients that read the
// same ones together.
func transport(list []passes.Transport) []string {
	var out []string
	into := map[string][]string{}
	for _, x := range list {
		for _, l := range []struct {
			line  string
			items []string
		}{
			{"weight transport from their own region into %s: ", x.OwnRegion},
			{"weight transport from the error's path into %s: ", x.ErrorPath},
			{"weight transport FROM ANOTHER REGION into %s: ", x.OtherRegion},
			{"activations as factors into %s: ", unnamed(x.Activations)},
		} {
			if len(l.items) == 0 {
				continue
			}
			line := l.line + strings.Join(l.items, ", ")
			if into[line] == nil {
				out = append(out, line)
			}
			into[line] = append(into[line], x.Param)
		}
	}
	for i, line := range out {
		out[i] = strings.Replace(line, "%s", strings.Join(into[line], ", "), 1)
	}
	return out
}

// unnamed leaves out the numbers of values, which are those of a program that is not shown, and counts what is alike.
func unnamed(values []string) []string {
	var out []string
	count := map[string]int{}
	for _, v := range values {
		_, v, _ = strings.Cut(v, " ")
		if count[v]++; count[v] == 1 {
			out = append(out, v)
		}
	}
	for i, v := range out {
		out[i] = fmt.Sprintf("%d %s", count[v], v)
	}
	return out
}
