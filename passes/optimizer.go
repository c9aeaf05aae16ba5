package passes

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"graft/graph"
)

// Optimizer is an update rule with its constants. The learning rate is the program's input "lr", since it may vary per step.
type Optimizer struct {
	Rule        string  `json:"rule"` // sgd, adam and radam (coupled L2) or adamw (decoupled decay)
	Momentum    float64 `json:"momentum,omitempty"`
	Beta1       float64 `json:"beta1,omitempty"` // 0 stands for 0.9
	Beta2       float64 `json:"beta2,omitempty"` // 0 stands for 0.999
	Eps         float64 `json:"eps,omitempty"`   // 0 stands for 1e-8
	WeightDecay float64 `json:"weight_decay,omitempty"`
	ClipNorm    float64 `json:"clip_norm,omitempty"` // the largest global norm of the gradients; 0 does not clip
	Groups      []Group `json:"groups,omitempty"`    // the first that matches a parameter applies to it
}

// Group changes the constants for the parameters that a pattern (path.Match) matches.
type Group struct {
	Match       string   `json:"match"`
	LRScale     *float64 `json:"lr_scale,omitempty"`
	WeightDecay *float64 `json:"weight_decay,omitempty"`
}

// validate refuses constants that mean nothing, so that no wish is dropped silently. params are the model's.
func (o Optimizer) validate(params []*graph.Value) error {
	switch {
	case !slices.Contains([]string{"sgd", "adam", "adamw", "radam"}, o.Rule):
		return fmt.Errorf("optimizer %q is not one of sgd, adam, adamw, radam", o.Rule)
	case o.Rule != "sgd" && o.Momentum != 0:
		return fmt.Errorf("optimizer %s has no momentum: it has beta1", o.Rule)
	case o.Rule == "sgd" && (o.Beta1 != 0 || o.Beta2 != 0 || o.Eps != 0):
		return fmt.Errorf("optimizer sgd has no beta1, beta2 and eps: it has momentum")
	case o.ClipNorm < 0:
		return fmt.Errorf("optimizer %s: the largest norm %v is negative", o.Rule, o.ClipNorm)
	}
	for _, g := range o.Groups {
		matches := func(p *graph.Value) bool {
			ok, _ := path.Match(g.Match, p.Node.Name())
			return ok
		}
		if _, err := path.Match(g.Match, ""); err != nil {
			return fmt.Errorf("optimizer group %q: %v", g.Match, err)
		}
		if !slices.ContainsFunc(params, matches) {
			return fmt.Errorf("optimizer group %q matches no parameter", g.Match)
		}
	}
	return nil
}

// constants returns the decay and rate factor of one parameter.
func (o Optimizer) constants(param string) (decay, lrScale float64) {
	decay, lrScale = o.WeightDecay, 1
	for _, g := range o.Groups {
		if ok, _ := path.Match(g.Match, param); ok {
			if g.WeightDecay != nil {
				decay = *g.WeightDecay
			}
			if g.LRScale != nil {
				lrScale = *g.LRScale
			}
			break
		}
	}
	return decay, lrScale
}

// optimizer writes the update rule behind the gradients and takes their outputs away.
var optimizer = Pass{
	Name: "optimizer",
	Why:  "the update rule is part of the program, so that a gradient dies where it is used",
	Run: func(g *graph.Graph, o *Options) (*graph.Graph, error) {
		if err := o.Optimizer.validate(g.Leaves("param")); err != nil {
			return nil, err
		}
		c := graph.NewCopier(g)
		of := map[string]*graph.Value{}
		for _, n := range g.Nodes {
			if name, ok := gradientName(n); ok {
				of[name] = c.Value(n.Args[0])
				continue
			}
			c.Copy(n)
		}
		var grads []gradient // in the order of the parameters, which is the order of the global norm's sum
		for _, p := range c.New.Leaves("param") {
			if v := of[p.Node.Name()]; v != nil {
				grads = append(grads, gradient{p, v})
			}
		}
		return o.Optimizer.update(c.New, grads)
	},
}

// gradientName returns the parameter whose gradient an output node declares.
func gradientName(n *graph.Node) (string, bool) {
	if n.Op.Name != "output" {
		return "", false
	}
	return strings.CutPrefix(n.Name(), "grad/")
}

// updateProgram makes the program that reads the gradients of the given gradient program as inputs. Run after it, it is the step
// program bit for bit, since both are written by the same code, as far as fusion keeps the bits.
func updateProgram(gradients *graph.Graph, o Optimizer) (*graph.Graph, error) {
	if err := o.validate(gradients.Leaves("param")); err != nil {
		return nil, err
	}
	g := graph.NewWith(gradients.Name, gradients.Ops())
	g.Program, g.Mode, g.Granularity, g.Part = true, gradients.Mode, gradients.Granularity, Update
	g.Relations = slices.Clone(gradients.Relations)
	var grads []gradient
	for _, p := range gradients.Leaves("param") {
		name := p.Node.Name()
		if gradients.Result("grad/"+name) != nil {
			w := g.ParamOf(name, p.Node.Str("init"), p.Type)
			grads = append(grads, gradient{w, g.InputOf("grad/"+name, p.Type)})
		}
	}
	return o.update(g, grads)
}

type gradient struct{ param, value *graph.Value }

// update appends the update section to g.
func (o Optimizer) update(g *graph.Graph, grads []gradient) (*graph.Graph, error) {
	if len(grads) == 0 {
		return layout(g)
	}
	g.At(graph.Context{Phase: graph.Update, Pos: graph.Pos{File: "optimizer"}})
	lr := g.Scalar("lr", grads[0].param.Type.DType)
	var factor []*graph.Value // of clipping, or none
	if o.ClipNorm > 0 {
		all := make([]*graph.Value, len(grads))
		for i, gr := range grads {
			all[i] = gr.value
		}
		factor = g.Add("clip_factor", graph.Attrs{"max": o.ClipNorm}, g.Add("global_norm", nil, all...)...)
	}
	for _, gr := range grads {
		o.step(g, gr, lr, factor)
	}
	return layout(g)
}

// step appends the update of one parameter, clipped if there is a factor.
func (o Optimizer) step(g *graph.Graph, gr gradient, lr *graph.Value, factor []*graph.Value) {
	name, w := gr.param.Node.Name(), gr.param
	decay, lrScale := o.constants(name)
	attrs := graph.Attrs{"weight_decay": decay, "lr_scale": lrScale, "clipped": factor != nil}
	slot := func(s string) *graph.Value { return g.State(name+"/"+s, "zeros", w.Type) }
	if o.Rule == "sgd" {
		attrs["momentum"] = o.Momentum
		args := []*graph.Value{w, gr.value, lr}
		if o.Momentum != 0 {
			args = append(args, slot("momentum"))
		}
		out := g.Add("sgd", attrs, append(args, factor...)...)
		g.Store(name, out[0])
		if o.Momentum != 0 {
			g.Store(name+"/momentum", out[1])
		}
		return
	}
	for attr, v := range map[string]float64{"beta1": o.Beta1, "beta2": o.Beta2, "eps": o.Eps} {
		if v != 0 {
			attrs[attr] = v
		}
	}
	op := o.Rule
	if op == "adamw" {
		op, attrs["decoupled"] = "adam", true
	}
	args := []*graph.Value{w, slot("m"), slot("v"), gr.value, lr, g.Scalar("step", graph.I32)}
	out := g.Add(op, attrs, append(args, factor...)...)
	g.Store(name, out[0])
	g.Store(name+"/m", out[1])
	g.Store(name+"/v", out[2])
}

// String writes the rule and its constants as JSON.
func (o Optimizer) String() string {
	b, err := json.Marshal(o)
	if err != nil {
		return o.Rule // constants that are not numbers have no JSON
	}
	return string(b)
}
