package interpreter

import (
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/reads"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// layout is what the interpreter has to know of a plan beyond its steps.
type layout struct {
	nodes    map[*plan.Step]*node
	byID     map[string]*node
	binders  map[*plan.Step][]*plan.Step // action -> the approvals that bind it
	outputs  reads.Outputs
	hasPhase map[string]bool
}

// node is a step with the loops around it, outermost first.
type node struct {
	step  *plan.Step
	loops []*plan.Step
}

func (m *Machine) layout(p *plan.Plan) *layout {
	if l := m.layouts[p.Digest]; l != nil {
		return l
	}
	l := &layout{
		nodes: map[*plan.Step]*node{}, byID: map[string]*node{}, binders: map[*plan.Step][]*plan.Step{},
		outputs: reads.Of(p), hasPhase: map[string]bool{},
	}
	l.add(p.Steps, nil)
	plan.Walk(p.Steps, func(s *plan.Step) bool {
		if s.Kind == plan.KindApproval {
			l.bind(s)
		}
		return true
	})
	m.layouts[p.Digest] = l
	return l
}

func (l *layout) add(steps []*plan.Step, loops []*plan.Step) {
	for _, s := range steps {
		n := &node{step: s, loops: loops}
		l.nodes[s] = n
		l.hasPhase[s.Phase] = true
		// A loop written on one step shares its id with the step inside: the loop
		// is what the rest of the playbook means.
		if _, taken := l.byID[s.ID]; !taken {
			l.byID[s.ID] = n
		}
		inside := loops
		if s.Kind == plan.KindForEach || s.Kind == plan.KindRepeat {
			inside = append(slices.Clone(loops), s)
		}
		for _, children := range s.Children() {
			l.add(children, inside)
		}
	}
}

// bind notes which writing actions the approval covers. Reads and notifications
// run without: nothing about them is approved.
func (l *layout) bind(approval *plan.Step) {
	for _, id := range approval.Approval.Bind {
		bound := l.byID[id]
		if bound == nil {
			continue
		}
		plan.Walk([]*plan.Step{bound.step}, func(s *plan.Step) bool {
			if writes(s) {
				l.binders[s] = append(l.binders[s], approval)
			}
			return true
		})
	}
}

func writes(s *plan.Step) bool {
	return s.Kind == plan.KindAction && soar.Risk(s.Action.Risk).Writes()
}

// place is where a walk stands: the run, its plan, and the turns of the loops
// around, outermost first.
type place struct {
	run   *state.Run
	plan  *plan.Plan
	lay   *layout
	turns []turn
}

// turn is one pass through a loop's body.
type turn struct {
	loop  *plan.Step
	key   string // r1/reputation[3]
	index int
	item  any // for_each only
}

// in is the place inside one more turn.
func (p *place) in(t turn) *place {
	inner := *p
	inner.turns = append(slices.Clone(p.turns), t)
	return &inner
}

// sees tells whether the step's loops are all among the turns around, so that
// one instance of it is meant.
func (p *place) sees(s *plan.Step) bool {
	n := p.lay.nodes[s]
	if n == nil || len(n.loops) > len(p.turns) {
		return false
	}
	for i, loop := range n.loops {
		if p.turns[i].loop != loop {
			return false
		}
	}
	return true
}

// key names the instance of the step that is meant here. The place must see it.
func (p *place) key(s *plan.Step) string {
	n := p.lay.nodes[s]
	if len(n.loops) == 0 {
		return p.run.ID + "/" + s.Path
	}
	last := len(n.loops) - 1
	rest, below := strings.CutPrefix(s.Path, n.loops[last].Path)
	if !below {
		rest = "/" + s.Path
	}
	return p.turns[last].key + rest
}

// record gives the record of the step here, or nil.
func (p *place) record(s *plan.Step) *state.Record {
	if !p.sees(s) {
		return nil
	}
	return p.run.Find(p.key(s))
}

// reached tells whether a walk has begun the step here, or gone past it.
func (p *place) reached(s *plan.Step) bool {
	rec := p.run.Find(p.key(s))
	return rec != nil && (rec.Begun || rec.Status.Ended())
}
