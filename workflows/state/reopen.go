package state

import (
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// again lets the record, and what went wrong below it, start anew.
func (c *Case) again(run *Run, record *Record, by soar.Actor) {
	for _, other := range run.Records {
		below := Within(other.Key, record.Key) && wentWrong(other.Status) && run.returnsTo(other.Key)
		if other != record && !below {
			continue
		}
		c.restart(other, by)
		for i := range other.Items {
			if wentWrong(other.Items[i].Status) {
				other.Items[i] = Item{}
			}
		}
		child := c.Run(other.Child)
		if child == nil {
			continue
		}
		if len(child.Records) == 0 { // it never got going: its inputs are resolved again
			other.Child = ""
			continue
		}
		c.reopenRun(child)
		for _, called := range child.Records {
			if wentWrong(called.Status) {
				c.again(child, called, by)
			}
		}
	}
}

// reopen lets the steps around the record, and the runs above, go on: those
// that ended because of it run again, with what was cut off or taken back below
// them, and with the always steps that ran because of the failure. What
// succeeded stays, and what lies below the record itself is left to the caller.
func (c *Case) reopen(run *Run, record *Record, by soar.Actor) {
	always := alwaysAfter(run, record)
	scope := ""
	for _, key := range ancestors(record.Key) {
		around := run.Find(key)
		if around == nil {
			continue
		}
		reopenItem(around, record.Key)
		if around.Status.Ended() {
			c.restart(around, by)
			scope = key
		}
	}
	ended := run.Status.Ended()
	if ended {
		c.reopenEnding(run, record, by)
		c.reopenRun(run)
		scope = run.ID
	}
	for _, other := range run.Records {
		if Within(other.Key, record.Key) {
			continue
		}
		cutOff := other.Status == soar.StepCancelled || other.Status == soar.StepCompensated
		if slices.Contains(always, other) || cutOff && scope != "" && Within(other.Key, scope) && run.returnsTo(other.Key) {
			c.again(run, other, by)
		}
	}
	if caller, call := c.Record(run.Parent); ended && call != nil {
		c.restart(call, by)
		c.reopen(caller, call, by)
	}
}

// returnsTo tells whether a walk comes to this step again: no container around
// it has ended, nor any turn that it lies in. Records stand in the order
// in which they were reached, so those around are restarted before it is asked.
func (r *Run) returnsTo(key string) bool {
	for _, above := range ancestors(key) {
		around := r.Find(above)
		if around == nil {
			continue
		}
		if around.Status.Ended() || around.itemOver(key) {
			return false
		}
	}
	return !turnOver(r, key)
}

// itemOver tells whether key lies in a turn of this for_each that has ended and
// is not to run again.
func (r *Record) itemOver(key string) bool {
	for i := range r.Items {
		if r.Items[i].Status != "" && Within(key, Indexed(r.Key, i)) {
			return true
		}
	}
	return false
}

// reopenEnding takes back that a fail step ended the run: it and the steps
// around it run again, as far as a walk comes to them. What lies below the
// record that is redone is left to the caller.
func (c *Case) reopenEnding(run *Run, record *Record, by soar.Actor) {
	if run.Ending == nil {
		return
	}
	ending := run.Ending.Key
	run.Ending = nil
	chain := append([]string{ending}, ancestors(ending)...)
	for _, key := range slices.Backward(chain) {
		step := run.Find(key)
		switch {
		case step == nil:
			continue
		case Within(key, record.Key):
			return
		case step.Status.Ended():
			if !wentWrong(step.Status) || !run.returnsTo(key) {
				return
			}
			c.restart(step, by)
		}
		if key != ending {
			reopenItem(step, ending)
		}
	}
}

func (c *Case) reopenRun(run *Run) {
	if run.Status.Ended() {
		run.Status, run.Error, run.EndedAt, run.Cancel, run.StopAll = soar.StepRunning, "", nil, nil, false
		c.TouchRun(run)
	}
}

func wentWrong(status soar.StepStatus) bool {
	switch status {
	case soar.StepFailed, soar.StepCancelled, soar.StepCompensated, soar.StepExpired:
		return true
	default:
		return false
	}
}

// restart makes the record pending under the next generation, which gives an
// action another idempotency key: a person wants it to happen again. A container
// that had begun goes on with what it had chosen and resolved.
func (c *Case) restart(record *Record, by soar.Actor) {
	fresh := Record{
		Key: record.Key, StepID: record.StepID, Kind: record.Kind, Title: record.Title, Phase: record.Phase,
		Action: record.Action, Always: record.Always, Status: soar.StepPending, StartedAt: record.StartedAt,
		Generation: record.Generation + 1, By: &by,
	}
	if isContainer(record.Kind) && record.Begun {
		fresh.Status, fresh.Begun = soar.StepRunning, true
		fresh.Branch, fresh.List, fresh.Listed, fresh.Items = record.Branch, record.List, record.Listed, record.Items
		fresh.Times, fresh.From, fresh.Child = record.Times, record.From, record.Child
		for i := range fresh.Items {
			if fresh.Items[i].Status == soar.StepCancelled {
				fresh.Items[i] = Item{}
			}
		}
	}
	*record = fresh
	c.TouchStep(record)
}

func isContainer(kind plan.Kind) bool {
	switch kind {
	case plan.KindSwitch, plan.KindParallel, plan.KindForEach, plan.KindRepeat, plan.KindCall, plan.KindSteps:
		return true
	default:
		return false
	}
}

// reopenItem lets the loop's turn that key lies in run again.
func reopenItem(loop *Record, key string) {
	for i := range loop.Items {
		if Within(key, Indexed(loop.Key, i)) {
			loop.Items[i] = Item{}
		}
	}
}

// alwaysAfter gives the always steps that ran because the record's failure
// stopped the list they stand in.
func alwaysAfter(run *Run, record *Record) []*Record {
	var found []*Record
	after := false
	for _, other := range run.Records {
		if other == record {
			after = true
			continue
		}
		list := other.Key[:strings.LastIndexByte(other.Key, '/')+1]
		if after && other.Always && other.Status.Ended() && strings.HasPrefix(record.Key, list) && wentWrong(ownerStatus(run, other.Key)) {
			found = append(found, other)
		}
	}
	return found
}

// ownerStatus gives the status of the innermost container around key, or of the
// run.
func ownerStatus(run *Run, key string) soar.StepStatus {
	for _, around := range ancestors(key) {
		if owner := run.Find(around); owner != nil {
			return owner.Status
		}
	}
	return run.Status
}

// ancestors gives the keys above key that may name a step, innermost first: its
// prefixes at every slash and before every index.
func ancestors(key string) []string {
	var above []string
	for i := len(key) - 1; i > 0; i-- {
		if key[i] == '/' || key[i] == '[' {
			above = append(above, key[:i])
		}
	}
	return above
}
