package state

import (
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Layout is the version of Case as JSON. A carry of a higher layout is refused.
const Layout = 1

// The bounds of what a Case keeps. What falls out is in the record already.
const (
	maxAlerts = 200   // the first stays, then the newest
	maxEvents = 100   // events that a wait may still take
	maxSeen   = 1_000 // updates remembered for duplicates
	maxEnded  = 200   // ended approvals, tasks and containments, each
)

// Case is the whole state of one incident's workflow.
type Case struct {
	Layout          int                      `json:"layout"`
	Incident        soar.Incident            `json:"incident"`
	Alerts          []soar.Alert             `json:"alerts,omitempty"`
	AlertCount      int                      `json:"alert_count,omitempty"` // all that ever came, also those that fell out of Alerts
	Policy          protocol.ObjectivePolicy `json:"policy"`
	Settings        protocol.Settings        `json:"settings"`
	Runs            []*Run                   `json:"runs,omitempty"`
	RunCount        int                      `json:"run_count,omitempty"`
	Approvals       []*Approval              `json:"approvals,omitempty"`
	Tasks           []*Task                  `json:"tasks,omitempty"`
	Containments    []*Containment           `json:"containments,omitempty"` // in the order they were made
	Objectives      []*Objective             `json:"objectives,omitempty"`
	DutiesAsked     string                   `json:"duties_asked,omitempty"` // what the duties were computed from last
	Escalations     []*Escalating            `json:"escalations,omitempty"`
	EscalationCount int                      `json:"escalation_count,omitempty"`
	Events          []Event                  `json:"events,omitempty"`
	EventCount      int                      `json:"event_count,omitempty"`
	Seen            []Seen                   `json:"seen,omitempty"`
	Match           Match                    `json:"match"`
	UndoAll         *Order                   `json:"undo_all,omitempty"` // take everything back once all runs have ended
	Closing         *Closing                 `json:"closing,omitempty"`
	Journal         Journal                  `json:"journal"`
	Continued       int                      `json:"continued,omitempty"` // how often it continued as new
}

// Order is what somebody asked for, and why.
type Order struct {
	By     soar.Actor `json:"by"`
	Reason string     `json:"reason,omitempty"`
}

// Closing is a request to end the incident that is being carried out.
type Closing struct {
	Order
	Resolution soar.Resolution `json:"resolution"`
	Run        string          `json:"run,omitempty"` // the run whose close step asked
}

// Match says whether the playbooks have to be matched again: they have while
// Wanted is ahead of Done.
type Match struct {
	Wanted int        `json:"wanted,omitempty"`
	Done   int        `json:"done,omitempty"`
	Alert  soar.Alert `json:"alert"` // the alert that asked last
	Wake   *time.Time `json:"wake,omitempty"`
}

// Event is something that happened outside and that a wait step may take.
type Event struct {
	Seq  int            `json:"seq"`
	Name string         `json:"name"`
	Data map[string]any `json:"data,omitempty"`
	By   soar.Actor     `json:"by"`
	At   time.Time      `json:"at"`
}

// New makes the case of an incident that starts now. The runs of the input are
// in it, none of them started.
func New(input protocol.IncidentInput, now time.Time) *Case {
	c := &Case{
		Layout: Layout, Incident: input.Incident, Policy: input.Policy, Settings: input.Settings,
		AlertCount: len(input.Alerts), Journal: Journal{Next: 1},
	}
	for _, alert := range input.Alerts {
		c.keepAlert(alert)
	}
	c.Journal.TouchIncident()
	c.assess(input.Assessment, now)
	c.SetObjectives(now)
	for _, pin := range input.Runs {
		c.AddRun(pin, now)
	}
	return c
}

// Ended tells whether the incident is closed or was found to be none.
func (c *Case) Ended() bool { return c.Incident.Status.Ended() }

// AddAlert keeps one more alert of the incident.
func (c *Case) AddAlert(alert soar.Alert) {
	c.AlertCount++
	c.keepAlert(alert)
}

// keepAlert keeps the first alert whole, because expressions read it, and of
// later ones what a list shows.
func (c *Case) keepAlert(alert soar.Alert) {
	if len(c.Alerts) > 0 {
		alert.Fields, alert.Description = nil, cut(alert.Description)
	}
	c.Alerts = append(c.Alerts, alert)
	if len(c.Alerts) > maxAlerts {
		c.Alerts = slices.Delete(c.Alerts, 1, 2)
	}
}

// FirstAlert gives the alert that opened the incident, or an empty one when a
// person opened it.
func (c *Case) FirstAlert() soar.Alert {
	if len(c.Alerts) == 0 {
		return soar.Alert{}
	}
	return c.Alerts[0]
}

// WantMatch asks for the playbooks to be matched again.
func (c *Case) WantMatch(alert soar.Alert) {
	c.Match.Wanted++
	c.Match.Alert = alert
}

// AddEvent keeps an event for the waits.
func (c *Case) AddEvent(name string, data map[string]any, by soar.Actor, at time.Time) {
	c.EventCount++
	c.Events = append(c.Events, Event{Seq: c.EventCount, Name: name, Data: data, By: by, At: at})
	if len(c.Events) > maxEvents {
		c.Events = slices.Delete(c.Events, 0, len(c.Events)-maxEvents)
	}
}

// TakeEvent gives the oldest event of this name that came since the run started
// and that the run has not taken yet, and marks it as taken by the run.
func (c *Case) TakeEvent(run *Run, name string) *Event {
	event := c.event(run, name)
	if event == nil {
		return nil
	}
	if run.Taken == nil {
		run.Taken = map[string]int{}
	}
	run.Taken[name] = event.Seq
	return event
}

// HasEvent tells whether TakeEvent would give one.
func (c *Case) HasEvent(run *Run, name string) bool { return c.event(run, name) != nil }

func (c *Case) event(run *Run, name string) *Event {
	for i := range c.Events {
		event := &c.Events[i]
		if event.Name == name && event.Seq > run.Taken[name] && !event.At.Before(run.StartedAt) {
			return event
		}
	}
	return nil
}

// nextRunID gives r1, r2, ...
func (c *Case) nextRunID() string {
	c.RunCount++
	return "r" + strconv.Itoa(c.RunCount)
}
