package state

import (
	"strconv"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Record is one step instance as far as it got. A walk that comes to it again
// goes on from what stands here and evaluates nothing twice.
type Record struct {
	Key        string          `json:"key"` // run id, path and loop indexes: r1/reputation[3]/lookup
	StepID     string          `json:"step_id"`
	Kind       plan.Kind       `json:"kind"`
	Title      string          `json:"title,omitempty"`
	Phase      string          `json:"phase,omitempty"`
	Action     string          `json:"action,omitempty"`
	Status     soar.StepStatus `json:"status"`
	Error      string          `json:"error,omitempty"`
	StartedAt  time.Time       `json:"started_at"`
	EndedAt    *time.Time      `json:"ended_at,omitempty"`
	Due        *time.Time      `json:"due,omitempty"`  // the step's own timeout
	Wake       *time.Time      `json:"wake,omitempty"` // end of a pause: wait, repeat, an outage
	Always     bool            `json:"always,omitempty"`
	Begun      bool            `json:"begun,omitempty"` // past when and skip_when
	Generation int             `json:"generation,omitempty"`
	By         *soar.Actor     `json:"by,omitempty"`   // who asked for this repeat
	Skip       *Order          `json:"skip,omitempty"` // a person skips it

	// Containers: what was chosen and how far it got.
	Branch  *int   `json:"branch,omitempty"`  // switch: index of the branch; -1: none fitted
	List    []any  `json:"list,omitempty"`    // for_each: the resolved list
	Listed  bool   `json:"listed,omitempty"`  // for_each: List is resolved, also when it is empty
	Items   []Item `json:"items,omitempty"`   // for_each: one for each element of List
	Times   int    `json:"times,omitempty"`   // repeat: turns that ended
	From    int    `json:"from,omitempty"`    // repeat: turns that a person has let go by when trying it again
	Stopped bool   `json:"stopped,omitempty"` // parallel: the branches still running were told to stop
	Undoing bool   `json:"undoing,omitempty"` // failed, and its effects are being taken back
	Child   string `json:"child,omitempty"`   // call: the run
	Event   int    `json:"event,omitempty"`   // wait: sequence number of the event taken

	// Leaves.
	Args          map[string]any `json:"args,omitempty"` // action: evaluated once; nil: not yet
	Target        string         `json:"target,omitempty"`
	Output        any            `json:"output,omitempty"`
	Asked         bool           `json:"asked,omitempty"`   // action: its args stand, the step is past evaluation
	Rounds        int            `json:"rounds,omitempty"`  // action: how often the activity was scheduled
	Person        bool           `json:"person,omitempty"`  // action: the outcome is not known, a person decides
	Verdict       *Verdict       `json:"verdict,omitempty"` // what the person decided
	Approval      string         `json:"approval,omitempty"`
	Preauthorised string         `json:"preauthorised,omitempty"` // approval: the policy that stood in for it
	Task          string         `json:"task,omitempty"`
	Escalation    string         `json:"escalation,omitempty"`

	// Flying says that its activity is under way. It is never carried: no
	// activity is in flight when the workflow continues as new.
	Flying bool `json:"-"`
}

// Item is one turn of a for_each.
type Item struct {
	Status soar.StepStatus `json:"status,omitempty"` // empty: not ended
	Error  string          `json:"error,omitempty"`
	Value  map[string]any  `json:"value,omitempty"` // what expressions see: status, output or steps, error, index, item
}

// Verdict is a person's word on an action whose outcome is not known.
type Verdict struct {
	Order
	Done bool `json:"done,omitempty"` // it happened; false: try again
}

// Indexed gives the key of one turn of a loop.
func Indexed(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }

// View is the record as the projection and the console see it.
func (r *Record) View(runID string) protocol.StepView {
	return protocol.StepView{
		Key: r.Key, RunID: runID, StepID: r.StepID, Kind: string(r.Kind), Title: r.Title, Phase: r.Phase,
		Action: r.Action, Status: r.Status, Error: r.Error, StartedAt: r.StartedAt, EndedAt: r.EndedAt,
	}
}

// TouchStep lets the step's view ride along with the next journal batch.
func (c *Case) TouchStep(r *Record) {
	run := c.RunOf(r.Key)
	if run == nil {
		return
	}
	if c.Journal.Dirty.Steps == nil {
		c.Journal.Dirty.Steps = map[string]protocol.StepView{}
	}
	c.Journal.Dirty.Steps[r.Key] = r.View(run.ID)
}

// EndStep gives the step its last status.
func (c *Case) EndStep(r *Record, status soar.StepStatus, problem string, now time.Time) {
	r.Status, r.Error, r.EndedAt = status, problem, &now
	r.Due, r.Wake, r.Skip, r.Verdict = nil, nil, nil, nil
	r.Person, r.Undoing = false, false
	c.TouchStep(r)
}

// Compact forgets what lies below a loop that succeeded: the items keep what
// expressions may still read, and the record has the rest.
func (c *Case) Compact(run *Run, loop *Record) {
	c.forget(run, func(key string) bool { return key != loop.Key && Within(key, loop.Key) })
}

// Forget drops what lies in one turn of a loop, whose next turn begins.
func (c *Case) Forget(run *Run, turn string) {
	c.forget(run, func(key string) bool { return Within(key, turn) })
}

func (c *Case) forget(run *Run, below func(key string) bool) {
	called := map[string]bool{}
	for _, other := range c.Runs {
		if other.Parent != "" && (below(other.Parent) || called[runID(other.Parent)]) {
			called[other.ID] = true
		}
	}
	if len(called) > 0 {
		c.dropRuns(called)
	}
	run.drop(func(r *Record) bool { return below(r.Key) })
}
