package state

import (
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Task is work for a person with its clocks, all absolute.
type Task struct {
	soar.Task
	Generation  int          `json:"generation,omitempty"`
	Told        bool         `json:"told,omitempty"` // that it is overdue
	Escalations []Escalation `json:"escalations,omitempty"`
}

// Open tells whether it still waits for a person.
func (t *Task) Open() bool { return t.Status == soar.TaskOpen }

// Task gives the task of this id, or nil.
func (c *Case) Task(id string) *Task {
	for _, task := range c.Tasks {
		if task.ID == id {
			return task
		}
	}
	return nil
}

// AddTask keeps a new task.
func (c *Case) AddTask(t *Task) {
	c.Tasks = append(c.Tasks, t)
	c.TouchTask(t)
}

// TouchTask lets the view ride along with the next journal batch.
func (c *Case) TouchTask(t *Task) { c.Journal.touch(&c.Journal.Dirty.Tasks, t.ID) }

// MayComplete says why the task cannot be answered now, or nil.
func (t *Task) MayComplete() error {
	if !t.Open() {
		return fmt.Errorf("task %s is %s: it needs no answer any more", t.ID, t.Status)
	}
	return nil
}

// Complete keeps the answer.
func (t *Task) Complete(answer map[string]any, by soar.Actor, now time.Time) {
	t.Status, t.Answer, t.CompletedAt, t.CompletedBy = soar.TaskDone, answer, &now, &by
}

// MayHand says why the task cannot change hands now, or nil.
func (t *Task) MayHand(h soar.Holding) error {
	switch {
	case !t.Open():
		return fmt.Errorf("task %s is %s: nobody needs to have it any more", t.ID, t.Status)
	case h.Changes < 1:
		return fmt.Errorf("task %s: which change of hands this is is not said", t.ID)
	case h.Assignee == soar.Approver{}:
		return fmt.Errorf("task %s: whom it is for is not said", t.ID)
	default:
		return nil
	}
}

// Hand lets somebody else have the task, and gives whether that is the latest word.
func (t *Task) Hand(h soar.Holding) (latest bool) {
	latest = h.Changes > t.Changes
	t.Task = t.Held(h)
	return latest
}

// NextDue gives the next moment at which somebody must be told, and whether
// there is one.
func (t *Task) NextDue() (time.Time, bool) {
	var due time.Time
	if t.DueAt != nil && !t.Told {
		due = *t.DueAt
	}
	for _, escalation := range t.Escalations {
		if !escalation.Done && (due.IsZero() || escalation.At.Before(due)) {
			due = escalation.At
		}
	}
	return due, !due.IsZero()
}
