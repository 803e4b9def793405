package state

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Redo is a person's change to a step that has ended: try it again, or count it
// as skipped. It is applied between two walks of the run.
type Redo struct {
	Order
	Key  string `json:"key"`
	Skip bool   `json:"skip,omitempty"`
}

// MayRetry says why the step cannot be tried again, or nil.
func (c *Case) MayRetry(key string) error {
	run, record := c.Record(key)
	switch {
	case record == nil:
		return fmt.Errorf("there is no step %q", key)
	case record.Person:
		return nil
	case record.Status != soar.StepFailed && record.Status != soar.StepExpired:
		return fmt.Errorf("step %s is %s: only a failed or expired step, or one that needs a person, is tried again", key, record.Status)
	case record.Kind == plan.KindFail:
		return fmt.Errorf("step %s fails its run on purpose: start the playbook again instead", key)
	case c.redone(run, key):
		return fmt.Errorf("step %s is about to be tried again already", key)
	case turnOver(run, key):
		return fmt.Errorf("step %s belongs to a turn that is over: try the repeat step again instead", key)
	}
	return nil
}

// turnOver tells whether key lies in a turn of a repeat step that has been
// counted: the walk does not come back to it.
func turnOver(run *Run, key string) bool {
	for _, above := range ancestors(key) {
		loop := run.Find(above)
		if loop == nil || loop.Kind != plan.KindRepeat {
			continue
		}
		for turn := range loop.Times {
			if Within(key, Indexed(loop.Key, turn)) {
				return true
			}
		}
	}
	return false
}

// MaySkip says why the step cannot be skipped, or nil. An approval is never
// skipped: the steps after it would take that for a yes.
func (c *Case) MaySkip(key string) error {
	run, record := c.Record(key)
	switch {
	case record == nil:
		return fmt.Errorf("there is no step %q", key)
	case record.Kind == plan.KindApproval:
		return fmt.Errorf("step %s is an approval: it is decided, not skipped", key)
	case record.Kind == plan.KindClose || record.Kind == plan.KindFail:
		return fmt.Errorf("step %s ends its run: it is not skipped", key)
	case record.Flying:
		return fmt.Errorf("step %s is under way just now: wait for its outcome", key)
	case record.Skip != nil || c.redone(run, key):
		return fmt.Errorf("step %s is about to be skipped already", key)
	case record.Status.Ended() && record.Status != soar.StepFailed:
		return fmt.Errorf("step %s is %s already", key, record.Status)
	case turnOver(run, key):
		return fmt.Errorf("step %s belongs to a turn that is over", key)
	}
	return nil
}

func (c *Case) redone(run *Run, key string) bool {
	return slices.ContainsFunc(c.RootOf(run).Redo, func(r Redo) bool { return r.Key == key })
}

// ApplyRedo changes the records of the run tree under root as its redos say,
// and gives those that it could still apply. No walk of the run may be going on.
func (c *Case) ApplyRedo(root *Run, now time.Time) []Redo {
	var applied []Redo
	redos := root.Redo
	root.Redo = nil
	for _, redo := range redos {
		run, record := c.Record(redo.Key)
		if record == nil || turnOver(run, redo.Key) {
			continue
		}
		applied = append(applied, redo)
		c.reopen(run, record, redo.By)
		if redo.Skip {
			c.EndStep(record, soar.StepSkipped, redo.Reason, now)
		} else {
			c.again(run, record, redo.By)
		}
	}
	return applied
}
