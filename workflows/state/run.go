package state

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Run is one playbook run: started by a match, by a person or by a call step.
type Run struct {
	ID        string          `json:"id"`
	Pin       protocol.RunPin `json:"pin"`
	Parent    string          `json:"parent,omitempty"` // key of the call step that runs it
	Status    soar.StepStatus `json:"status"`           // pending, running, succeeded, failed, cancelled
	Error     string          `json:"error,omitempty"`
	StartedAt time.Time       `json:"started_at"`
	EndedAt   *time.Time      `json:"ended_at,omitempty"`
	Input     map[string]any  `json:"input,omitempty"` // resolved once, at the start
	Vars      map[string]any  `json:"vars,omitempty"`
	Records   []*Record       `json:"records,omitempty"` // in the order the steps were reached
	Ending    *Ending         `json:"ending,omitempty"`
	Cancel    *Order          `json:"cancel,omitempty"`
	StopAll   bool            `json:"stop_all,omitempty"` // cancelled twice: always steps stop too
	Redo      []Redo          `json:"redo,omitempty"`     // changes to ended steps, applied before the next walk
	Taken     map[string]int  `json:"taken,omitempty"`    // event name -> sequence number of the last one taken

	index map[string]*Record
}

// Ending is what a close or fail step did to its run.
type Ending struct {
	Key    string `json:"key"` // the step, or the call step whose run ended
	Failed bool   `json:"failed,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// AddRun puts one more run into the case; it starts when the interpreter does.
func (c *Case) AddRun(pin protocol.RunPin, now time.Time) *Run {
	run := &Run{ID: c.nextRunID(), Pin: pin, Status: soar.StepPending, StartedAt: now}
	run.Pin.RunID = run.ID
	c.Runs = append(c.Runs, run)
	c.Journal.touch(&c.Journal.Dirty.Runs, run.ID)
	return run
}

// AddChild puts the run of a call step into the case.
func (c *Case) AddChild(pin protocol.RunPin, parent string, now time.Time) *Run {
	run := c.AddRun(pin, now)
	run.Parent = parent
	return run
}

// Run gives the run of this id, or nil.
func (c *Case) Run(id string) *Run {
	for _, run := range c.Runs {
		if run.ID == id {
			return run
		}
	}
	return nil
}

// RunOf gives the run that a step key belongs to, or nil.
func (c *Case) RunOf(key string) *Run {
	id, _, _ := strings.Cut(key, "/")
	return c.Run(id)
}

// Record gives the run and record under a step key; both nil when there is none.
func (c *Case) Record(key string) (*Run, *Record) {
	run := c.RunOf(key)
	if run == nil {
		return nil, nil
	}
	record := run.Find(key)
	if record == nil {
		return nil, nil
	}
	return run, record
}

// RootOf follows call steps up to the run that no step called.
func (c *Case) RootOf(run *Run) *Run {
	for run.Parent != "" {
		parent := c.RunOf(run.Parent)
		if parent == nil {
			return run
		}
		run = parent
	}
	return run
}

// Lineage gives the key and the keys of the call steps above it.
func (c *Case) Lineage(key string) []string {
	keys := []string{key}
	for run := c.RunOf(key); run != nil && run.Parent != ""; run = c.RunOf(run.Parent) {
		keys = append(keys, run.Parent)
	}
	return keys
}

// LiveRuns gives the runs, called ones left out, that have not ended.
func (c *Case) LiveRuns() []*Run {
	var live []*Run
	for _, run := range c.Runs {
		if run.Parent == "" && (!run.Status.Ended() || len(run.Redo) > 0) {
			live = append(live, run)
		}
	}
	return live
}

// Playbooks names the playbooks that run or ran, called ones left out, sorted.
func (c *Case) Playbooks() []string {
	names := []string{}
	for _, run := range c.Runs {
		if run.Parent == "" && !slices.Contains(names, run.Pin.Playbook) {
			names = append(names, run.Pin.Playbook)
		}
	}
	slices.Sort(names)
	return names
}

// EndRun marks the run as ended.
func (c *Case) EndRun(run *Run, status soar.StepStatus, problem string, now time.Time) {
	run.Status, run.Error, run.EndedAt = status, problem, &now
	c.TouchRun(run)
}

// TouchRun lets the run's view ride along with the next journal batch.
func (c *Case) TouchRun(run *Run) { c.Journal.touch(&c.Journal.Dirty.Runs, run.ID) }

// Find gives the record under the key, or nil.
func (r *Run) Find(key string) *Record {
	if r.index == nil {
		r.reindex()
	}
	return r.index[key]
}

// Reached tells whether a record lies in the subtree of root.
func (r *Run) Reached(root string) bool {
	return slices.ContainsFunc(r.Records, func(record *Record) bool { return Within(record.Key, root) })
}

// Add keeps a new record.
func (r *Run) Add(record *Record) {
	if r.index == nil {
		r.reindex()
	}
	r.Records = append(r.Records, record)
	r.index[record.Key] = record
}

// drop removes the records that unwanted answers true for.
func (r *Run) drop(unwanted func(*Record) bool) {
	r.Records = slices.DeleteFunc(r.Records, unwanted)
	r.reindex()
}

func (r *Run) reindex() {
	r.index = make(map[string]*Record, len(r.Records))
	for _, record := range r.Records {
		r.index[record.Key] = record
	}
}

// Within tells whether key is root or lies in its subtree.
func Within(key, root string) bool {
	rest, found := strings.CutPrefix(key, root)
	return found && (rest == "" || rest[0] == '/' || rest[0] == '[')
}

func runID(key string) string {
	id, _, _ := strings.Cut(key, "/")
	return id
}

// dropRuns forgets called runs. Their last views are written first: they move
// into the journal's own snapshot.
func (c *Case) dropRuns(ids map[string]bool) {
	for _, run := range c.Runs {
		if ids[run.ID] && slices.Contains(c.Journal.Dirty.Runs, run.ID) {
			c.Journal.Dirty.Gone = append(c.Journal.Dirty.Gone, run.View())
		}
	}
	c.Journal.Dirty.Runs = slices.DeleteFunc(c.Journal.Dirty.Runs, func(id string) bool { return ids[id] })
	c.Runs = slices.DeleteFunc(c.Runs, func(run *Run) bool { return ids[run.ID] })
}

// View is the run without its steps.
func (r *Run) View() protocol.RunView {
	return protocol.RunView{
		RunID: r.ID, Playbook: r.Pin.Playbook, Version: r.Pin.Version, Digest: r.Pin.Digest, Parent: r.Parent,
		Status: r.Status, Error: r.Error, StartedAt: r.StartedAt, EndedAt: r.EndedAt,
	}
}
