package runtime

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"graft/graph"
	"graft/runtime/native"
)

// Profile records when every part of every call of a program ran. Given in [Options], it stands between the scheduler and the
// native kernels; an executable that was loaded without one does nothing for it. It may be read between steps. Recording takes
// a lock twice a part, so profiled steps are a little slower, and grows the record.
type Profile struct {
	mu     sync.Mutex
	began  time.Time
	calls  []profiled
	busy   []bool // by lane
	events []event
}

// profiled is what is known of a call beforehand.
type profiled struct {
	op, text, phase, region string
	flops, bytes            int64
}

// event is one part of one call. Its lane is the lowest that was free when it began, so that there are as many lanes as parts
// ran at the same time: the workers.
type event struct {
	call, part, parts int
	lane              int
	start, end        time.Duration
}

// NewProfile returns an empty record.
func NewProfile() *Profile { return &Profile{began: time.Now()} }

// Reset forgets what was recorded, for instance the steps of a warm-up. It must not be called during a step.
func (p *Profile) Reset() { p.events, p.began = p.events[:0], time.Now() }

// Usage is what an op or a node took of all recorded steps.
type Usage struct {
	Op     string
	Node   string // its line in the text form; "" in a sum over nodes
	Phase  string // "" in a sum over phases
	Region string
	Calls  int
	// Time is summed over the parts: what two workers did at the same time counts twice.
	Time time.Duration
	// FLOPs and Bytes are those of the cost model, summed over the calls.
	FLOPs, Bytes int64
}

// ByOp returns the usage of each op, the longest first. Copies, which the planner makes, are called copy.
func (p *Profile) ByOp() []Usage {
	return p.usage(func(c profiled) Usage { return Usage{Op: c.op} })
}

// ByNode returns the usage of each node of the program, the longest first.
func (p *Profile) ByNode() []Usage {
	return p.usage(func(c profiled) Usage { return Usage{Op: c.op, Node: c.text, Phase: c.phase, Region: c.region} })
}

// usage sums the events by what key says of their calls; a key has no sums.
func (p *Profile) usage(key func(c profiled) Usage) []Usage {
	sums := map[Usage]*Usage{}
	var out []*Usage
	for _, e := range p.events {
		c := p.calls[e.call]
		k := key(c)
		u := sums[k]
		if u == nil {
			first := k
			u = &first
			sums[k] = u
			out = append(out, u)
		}
		u.Time += e.end - e.start
		if e.part == 0 {
			u.Calls, u.FLOPs, u.Bytes = u.Calls+1, u.FLOPs+c.flops, u.Bytes+c.bytes
		}
	}
	slices.SortStableFunc(out, func(a, b *Usage) int { return cmp.Compare(b.Time, a.Time) })
	list := make([]Usage, len(out))
	for i, u := range out {
		list[i] = *u
	}
	return list
}

// observe returns run with a record of its parts.
func (p *Profile) observe(c profiled, run func(c *native.Call, part, parts int) error) func(c *native.Call, part, parts int) error {
	p.mu.Lock()
	p.calls = append(p.calls, c)
	call := len(p.calls) - 1
	p.mu.Unlock()
	return func(c *native.Call, part, parts int) error {
		lane := p.enter()
		start := time.Since(p.began)
		err := run(c, part, parts)
		p.leave(event{call: call, part: part, parts: parts, lane: lane, start: start, end: time.Since(p.began)})
		return err
	}
}

// enter takes a free lane.
func (p *Profile) enter() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, busy := range p.busy {
		if !busy {
			p.busy[i] = true
			return i
		}
	}
	p.busy = append(p.busy, true)
	return len(p.busy) - 1
}

func (p *Profile) leave(e event) {
	p.mu.Lock()
	p.busy[e.lane] = false
	p.events = append(p.events, e)
	p.mu.Unlock()
}

// describe says what is known of a task beforehand.
func describe(t task, names map[*graph.Value]string, c *native.Call, b graph.Binding) profiled {
	d := profiled{op: t.node.Op.Name, text: graph.FormatNode(t.node, names), phase: t.node.Phase.String(), region: t.node.Label}
	if t.copies {
		d.op, d.bytes = "copy", 2*int64(c.Out[0].Len())*c.Out[0].DType.Bytes()
		return d
	}
	if t.sweep != nil {
		d.op, d.text = "sweep", t.sweep.text(names)
		for _, x := range slices.Concat(c.In, c.Out) {
			d.bytes += int64(x.Len()) * x.DType.Bytes()
		}
	} else {
		d.bytes, _ = t.node.Bytes().Bind(b)
	}
	for _, n := range t.nodes() {
		// It was bound when the calls were found heavy or light; what cannot be bound counts as nothing.
		flops, _ := n.FLOPs().Bind(b)
		d.flops += flops
	}
	return d
}
