package runtime

import "graft/graph"

// once knows what the nodes of phase once were computed from: by the verifier's rule constants, the scalar input seed, other inputs, and
// leaves that the program does not store. Other programs may store them.
type once struct {
	done bool // the nodes have been computed
	seed *Feed
	last int32
	fed  []fedRead
	held []heldRead
}

type fedRead struct {
	feed *Feed
	last uint64 // generation
}

type heldRead struct {
	entry *entry
	last  uint64 // generation
}

func newOnce(p *graph.Graph, s *State, feeds map[string]*Feed) once {
	var o once
	seen := map[*graph.Value]bool{}
	for _, n := range p.Nodes {
		if n.Phase != graph.Once {
			continue
		}
		for _, a := range n.Args {
			switch {
			case seen[a]:
			case a.Is("input") && a.Type.IsScalar():
				o.seed = feeds[a.Node.Name()]
			case a.Is("input"):
				o.fed = append(o.fed, fedRead{feed: feeds[a.Node.Name()]})
			case a.Is("state"), a.Is("param"):
				o.held = append(o.held, heldRead{entry: s.entries[a.Node.Name()]})
			}
			seen[a] = true
		}
	}
	return o
}

// stale reports whether the nodes have to run before the next step.
func (o *once) stale() bool {
	if !o.done || o.seed != nil && o.seed.buf.I32[0] != o.last {
		return true
	}
	for _, r := range o.fed {
		if r.feed.generation != r.last {
			return true
		}
	}
	for _, r := range o.held {
		if r.entry.generation != r.last {
			return true
		}
	}
	return false
}

// mark notes that the nodes' results belong to what the leaves hold now.
func (o *once) mark() {
	o.done = true
	if o.seed != nil {
		o.last = o.seed.buf.I32[0]
	}
	for i := range o.fed {
		o.fed[i].last = o.fed[i].feed.generation
	}
	for i := range o.held {
		o.held[i].last = o.held[i].entry.generation
	}
}
