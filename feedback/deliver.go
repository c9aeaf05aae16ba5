package feedback

import (
	"fmt"
	"math"
	"slices"

	"graft/graph"
)

// Target is a selected feedback point: the node that marks it and what it needs.
type Target struct {
	Name     string
	Value    *graph.Value // the point's activation
	Rows     int          // leading row axes of Value
	Operator *Operator    // the route operator, or nil
}

// Operator is a fixed sparse linear operator over the rows of a point.
type Operator struct{ Pattern, Entries *graph.Value }

// Site is an error site: its name, the value that stands for its cotangent, and that value's leading row axes.
type Site struct {
	Name      string
	Cotangent *graph.Value
	Rows      int
}

// split returns the row count and per-row width of a value with the given number of leading row axes.
func split(t graph.Type, rows int) (r, f graph.Dim) {
	r, f = graph.Int(1), graph.Int(1)
	for i, d := range t.Dims {
		if i < rows {
			r = r.Mul(d)
		} else {
			f = f.Mul(d)
		}
	}
	return r, f
}

// Deliver builds into g what brings the cotangent of site to each target, and returns the delivered values in order of the
// targets, each of its target's type. Errors name the point whose shape does not fit the site.
func Deliver(g *graph.Graph, site Site, targets []Target, o Options) ([]*graph.Value, error) {
	errRows, errWidth := split(site.Cotangent.Type, site.Rows)
	width, ok := errWidth.Const()
	if !ok {
		return nil, fmt.Errorf("error site %q: the width %v of its rows must be a number", site.Name, errWidth)
	}
	widths := make([]int, len(targets))
	widest := 0
	for i, t := range targets {
		_, f := split(t.Value.Type, t.Rows)
		if widths[i], ok = f.Const(); !ok {
			return nil, fmt.Errorf("feedback point %q: the width %v of its rows must be a number", t.Name, f)
		}
		widest = max(widest, widths[i])
	}
	e := reshape(site.Cotangent, errRows, errWidth)
	d := delivery{g: g, site: site.Name, o: o, width: width, widest: widest, dt: e.Type.DType}
	if err := checkRoute(targets, o.Route); err != nil {
		return nil, err
	}
	out := make([]*graph.Value, len(targets))
	for i, t := range targets {
		carried, err := route(e, t, o.Route)
		if err != nil {
			return nil, err
		}
		p := d.project(carried, t.Name, widths[i])
		rows, _ := split(t.Value.Type, t.Rows)
		if p, err = repeatRows(p, rows, t.Name, site.Name); err != nil {
			return nil, err
		}
		out[i] = reshape(p, t.Value.Type.Dims...)
	}
	return out, g.Err()
}

// delivery is what the projections of one site have in common.
type delivery struct {
	g             *graph.Graph
	site          string
	o             Options
	width, widest int
	dt            graph.DType
}

// project returns the leading columns of the carried error's projection. Points of a site that share a matrix and a route build
// the same project node; common subexpression elimination keeps one of it.
func (d delivery) project(e *graph.Value, point string, width int) *graph.Value {
	scale := 1 / math.Sqrt(float64(d.widest))
	if d.o.Dist == "identity" || d.o.Given {
		scale = 1
	}
	if d.o.Given {
		b := d.g.State("feedback/"+point, "zeros", graph.Tensor(d.dt, graph.Dims(d.width, width)...))
		return d.times(e, b, scale)
	}
	if d.o.Sharing == Independent {
		return d.random(e, point, width, scale)
	}
	p := d.random(e, d.site, d.widest, scale)
	if width == d.widest {
		return p
	}
	return d.g.Add("slice", graph.Attrs{"axis": 1, "size": width}, p)[0]
}

// random projects by the random matrix of the given site or point.
func (d delivery) random(e *graph.Value, name string, columns int, scale float64) *graph.Value {
	if d.o.Generate {
		return d.g.Add("project_generated", graph.Attrs{
			"scale": scale, "columns": columns, "stream": stream(name), "dist": d.o.Dist,
		}, e, d.seed())[0]
	}
	return d.times(e, d.matrix(name, columns), scale)
}

func (d delivery) times(e, b *graph.Value, scale float64) *graph.Value {
	return d.g.Add("project", graph.Attrs{"scale": scale}, e, b)[0]
}

// matrix draws B [error width, columns] from the stream of the given site or point.
func (d delivery) matrix(name string, columns int) *graph.Value {
	return d.g.Add("feedback_matrix", graph.Attrs{
		"shape": graph.Dims(d.width, columns), "stream": stream(name), "dist": d.o.Dist, "dtype": d.dt.String(),
	}, d.seed())[0]
}

func stream(name string) string { return "feedback/" + name }

func (d delivery) seed() *graph.Value { return d.g.Scalar("seed", graph.I32) }

// checkRoute refuses hops where no point of a site names an operator. A point that names none beside others that do is one that nothing
// propagates behind: what it receives is not carried.
func checkRoute(targets []Target, hops int) error {
	if hops == 0 || slices.ContainsFunc(targets, func(t Target) bool { return t.Operator != nil }) || len(targets) == 0 {
		return nil
	}
	return fmt.Errorf("feedback point %q names no route operator, nor does another of its site: only the direct route (0) reaches it", targets[0].Name)
}

// route carries the error along the target's operator. The transpose is the direction of the backward path: if the forward
// path computes A h, cotangents travel by A^T. It is done before the projection, since the error is narrower than the point.
func route(e *graph.Value, t Target, hops int) (*graph.Value, error) {
	if hops == 0 || t.Operator == nil {
		return e, nil
	}
	if n := t.Operator.Pattern.Type.Dims[0]; n != e.Type.Dims[0] {
		return nil, fmt.Errorf("feedback point %q: its route operator is over %v rows, the error has %v", t.Name, n, e.Type.Dims[0])
	}
	for range hops {
		e = e.Graph().Add("spmm", graph.Attrs{"trans": true}, t.Operator.Pattern, t.Operator.Entries, e)[0]
	}
	return e, nil
}

// repeatRows gives a point with k times the error's rows each row k times, divided by sqrt(k).
func repeatRows(p *graph.Value, rows graph.Dim, point, site string) (*graph.Value, error) {
	if p.Type.Dims == nil || rows == p.Type.Dims[0] {
		return p, nil
	}
	ratio, ok := rows.Div(p.Type.Dims[0])
	k, number := ratio.Const()
	if !ok || !number {
		return nil, fmt.Errorf("feedback point %q has %v rows, which is not a multiple of the %v rows of its error site %q", point, rows, p.Type.Dims[0], site)
	}
	p = p.Graph().Add("repeat", graph.Attrs{"axis": 0, "times": k}, p)[0]
	return graph.Scale(p, 1/math.Sqrt(float64(k))), nil
}

func reshape(v *graph.Value, dims ...graph.Dim) *graph.Value {
	if v.Type.Equal(graph.Tensor(v.Type.DType, dims...)) {
		return v
	}
	return v.Graph().Add("reshape", graph.Attrs{"shape": dims}, v)[0]
}
