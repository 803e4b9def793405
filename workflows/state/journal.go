package state

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	maxBatch = 500 // events of one batch
	maxText  = 500 // runes of an event's sentence
)

// Journal holds what happened and is not yet in the record. Sequence numbers
// have no gaps and go on across continue-as-new; nothing leaves it unwritten.
type Journal struct {
	Next     int64                    `json:"next"` // sequence number of the next event
	Events   []protocol.TimelineEvent `json:"events,omitempty"`
	Messages []protocol.Message       `json:"messages,omitempty"`
	Sent     int                      `json:"sent,omitempty"` // messages so far: the last part of their ids
	Dirty    Dirty                    `json:"dirty"`
	Wake     *time.Time               `json:"wake,omitempty"` // the store is away: try again then
	Failures int                      `json:"failures,omitempty"`
}

// Dirty says which views changed since they were written last. Steps hold the
// view itself, because a record may be compacted before it is written.
type Dirty struct {
	Incident     bool                         `json:"incident,omitempty"`
	Objectives   bool                         `json:"objectives,omitempty"`
	Runs         []string                     `json:"runs,omitempty"`
	Gone         []protocol.RunView           `json:"gone,omitempty"`
	Steps        map[string]protocol.StepView `json:"steps,omitempty"`
	Approvals    []string                     `json:"approvals,omitempty"`
	Tasks        []string                     `json:"tasks,omitempty"`
	Containments []string                     `json:"containments,omitempty"`
}

// Entry is one thing to tell: an event without its number and time.
type Entry struct {
	Kind string
	By   soar.Actor
	Step string // key, empty when it is about the incident
	Text string // one sentence; cut at 500 runes
	Data any    // marshals to JSON, nil for none
}

// Tell puts an event into the journal and gives its number.
func (c *Case) Tell(now time.Time, e Entry) int64 {
	event := protocol.TimelineEvent{
		Seq: c.Journal.Next, At: now, Kind: e.Kind, By: e.By, Step: e.Step, Text: cut(e.Text),
	}
	if e.Data != nil {
		// Data is made of our own plain structs and JSON values: it always marshals.
		event.Data, _ = json.Marshal(e.Data)
	}
	c.Journal.Next++
	c.Journal.Events = append(c.Journal.Events, event)
	return event.Seq
}

// Send puts a message to people into the journal, with an id that is unique and
// the same on every replay: sent twice, it is delivered once.
func (c *Case) Send(m protocol.Message) {
	c.Journal.Sent++
	m.ID = c.Incident.ID + "/n" + strconv.Itoa(c.Journal.Sent)
	m.Subject = cut(m.Subject)
	c.Journal.Messages = append(c.Journal.Messages, m)
}

// Written gives the number of the last event that was handed out already.
func (j *Journal) Written() int64 {
	if len(j.Events) == 0 {
		return j.Next - 1
	}
	return j.Events[0].Seq - 1
}

// Pending tells whether anything waits to be written.
func (j *Journal) Pending() bool {
	return len(j.Events) > 0 || len(j.Messages) > 0 || !j.Dirty.empty()
}

// TouchIncident lets the incident's view ride along with the next batch.
func (j *Journal) TouchIncident() { j.Dirty.Incident = true }

// TouchObjectives lets the clocks' views ride along with the next batch.
func (j *Journal) TouchObjectives() { j.Dirty.Objectives = true }

func (j *Journal) touch(list *[]string, id string) {
	if !slices.Contains(*list, id) {
		*list = append(*list, id)
	}
}

func (d *Dirty) empty() bool {
	return !d.Incident && !d.Objectives && len(d.Runs) == 0 && len(d.Gone) == 0 && len(d.Steps) == 0 &&
		len(d.Approvals) == 0 && len(d.Tasks) == 0 && len(d.Containments) == 0
}

// Taken is a batch that is being written. Done or Back must follow.
type Taken struct {
	Batch protocol.JournalBatch
	dirty Dirty
}

// Take makes a batch of what waits: at most 500 events, and the views as they
// are now. Views may be newer than the events of the same batch.
func (c *Case) Take() Taken {
	j := &c.Journal
	events := j.Events[:min(len(j.Events), maxBatch)]
	taken := Taken{dirty: j.Dirty, Batch: protocol.JournalBatch{
		IncidentID: c.Incident.ID,
		Events:     slices.Clone(events),
		Messages:   slices.Clone(j.Messages),
	}}
	c.views(&taken.Batch, taken.dirty)
	taken.Batch = copied(taken.Batch)
	j.Dirty = Dirty{}
	return taken
}

// copied gives a batch that shares nothing with the case: a local activity gets
// its arguments as they are and reads them beside the workflow's own coroutines.
func copied(batch protocol.JournalBatch) protocol.JournalBatch {
	var fresh protocol.JournalBatch
	body, err := json.Marshal(batch)
	if err == nil {
		err = decode(body, &fresh)
	}
	if err != nil { // all of it came from JSON or is our own plain structs
		panic("workflows/state: a journal batch does not copy: " + err.Error())
	}
	return fresh
}

// Done takes out what was written.
func (c *Case) Done(t Taken) {
	j := &c.Journal
	j.Events = slices.Delete(j.Events, 0, len(t.Batch.Events))
	j.Messages = slices.Delete(j.Messages, 0, len(t.Batch.Messages))
	j.Wake, j.Failures = nil, 0
}

// Back puts the views of a batch that could not be written on the list again,
// to be tried at wake. Events and messages were never taken out.
func (c *Case) Back(t Taken, wake time.Time) {
	j := &c.Journal
	j.Wake = &wake
	j.Failures++
	now := &j.Dirty
	now.Incident = now.Incident || t.dirty.Incident
	now.Objectives = now.Objectives || t.dirty.Objectives
	now.Gone = append(slices.Clone(t.dirty.Gone), now.Gone...)
	now.Runs = union(t.dirty.Runs, now.Runs)
	now.Approvals = union(t.dirty.Approvals, now.Approvals)
	now.Tasks = union(t.dirty.Tasks, now.Tasks)
	now.Containments = union(t.dirty.Containments, now.Containments)
	for key, view := range t.dirty.Steps { // order does not matter: it fills a map
		if now.Steps == nil {
			now.Steps = map[string]protocol.StepView{}
		}
		if _, newer := now.Steps[key]; !newer {
			now.Steps[key] = view
		}
	}
}

func union(first, second []string) []string {
	all := slices.Clone(first)
	for _, id := range second {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// cut shortens text to at most maxText runes.
func cut(text string) string {
	runes := []rune(text)
	if len(runes) > maxText {
		runes = append(runes[:maxText-1], '…')
	}
	return string(runes)
}

// Plural gives "1 step", "2 steps".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
