package letter

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Facts are what a template may use. All text in them is clean.
type Facts struct {
	Kind      string // of the message
	Lead      string // what it is, and what the reader is to do
	Label     string // TLP:AMBER; empty: about no incident
	Minimal   bool   // the label lets nothing else out: Subject, Body, titles, actions and items are empty
	Urgent    bool
	Subject   string
	Body      string
	Incident  *Incident
	Approval  *Approval
	Task      *Task
	Commands  []string // what to type
	Link      string   // where the reader can act, one-time; empty: nowhere
	StandsFor []string // the absent people for whom the reader is told
	Items     []Item   // what a summary tells of
}

// Incident is what is told of an incident.
type Incident struct{ ID, Title, Severity, Category, Status string }

// Approval is what is told of an approval.
type Approval struct {
	ID, Title, Playbook string
	Quorum              int
	Expires             string // with its zone
	OnExpire            string
	Actions             []Action
	Questions           []Question
	More                int // actions that are not listed
}

// Action is one thing that will run when the approval is given.
type Action struct{ Title, Action, Target, Why, Risk, Undo, Ends string }

// Question is one question to the approver's colleagues, and its answer.
type Question struct{ By, Text, Answer string }

// Task is what is told of a task.
type Task struct{ ID, Title, Due string }

// Item is one message of a summary.
type Item struct{ Lead, Incident, Severity, Subject, Body, Command, Link, Label string }

const actionsMost = 20

// Lead gives the first line of a message by its kind.
func Lead(kind string) string {
	lead, known := map[string]string{
		"approval_requested": "Your decision is asked for.",
		"reminder":           "This still waits.",
		"escalation":         "This needs somebody now.",
		"task_assigned":      "There is work for you.",
		"needs_decision":     "A person must look and decide.",
		"objective_warning":  "An agreed time is about to run out.",
		"objective_breached": "An agreed time has run out.",
		"duty_warning":       "A duty to notify is about to fall due.",
		"duty_breached":      "A duty to notify is overdue.",
		"question":           "Somebody asks before deciding.",
		"answer":             "Your question was answered.",
		"competence":         "This concerns who may decide what.",
		"summary":            "Several messages in one.",
		"test":               "This is a test. Nothing happened.",
		"acknowledged":       "Somebody is at work.",
		"resolved":           "This is over.",
	}[kind]
	if !known {
		return "For your information."
	}
	return lead
}

// OfIncident tells of an incident; minimal keeps id and severity.
func OfIncident(i *soar.Incident, minimal bool) *Incident {
	if i == nil {
		return nil
	}
	told := &Incident{ID: Line(i.ID), Severity: Line(string(i.Severity))}
	if !minimal {
		told.Title, told.Category, told.Status = Line(i.Title), Line(string(i.Category)), Line(string(i.Status))
	}
	return told
}

// OfApproval tells of an approval, with times in the reader's zone; minimal keeps
// the id and when it expires.
func OfApproval(a *soar.Approval, zone *time.Location, minimal bool) *Approval {
	if a == nil {
		return nil
	}
	told := &Approval{ID: Line(a.ID), Expires: When(a.ExpiresAt, zone)}
	if minimal {
		return told
	}
	told.Title, told.Playbook, told.Quorum, told.OnExpire = Line(a.Title), Line(a.Playbook), max(a.Quorum, 1), Line(a.OnExpire)
	for n, shown := range a.Shown {
		if n == actionsMost {
			told.More = len(a.Shown) - n
			break
		}
		told.Actions = append(told.Actions, ofAction(shown))
	}
	if len(a.Shown) == 0 { // asked before actions were shown
		for n, bound := range a.Bound {
			if n == actionsMost {
				told.More = len(a.Bound) - n
				break
			}
			told.Actions = append(told.Actions, Action{Title: Line(bound.Action), Action: Line(bound.Action), Target: Line(fmt.Sprint(bound.Args))})
		}
	}
	for _, q := range a.Questions {
		told.Questions = append(told.Questions, Question{Line(q.AskedBy.ID), Line(q.Text), Line(q.Answer)})
	}
	return told
}

func ofAction(shown soar.ShownAction) Action {
	told := Action{
		Title: Line(shown.Title), Action: Line(shown.Action), Target: Line(shown.Target), Why: Line(shown.Why), Risk: Line(string(shown.Risk)),
		Undo: "cannot be taken back", Ends: "stays until somebody takes it back",
	}
	if shown.Undo != "" {
		told.Undo = "taken back by " + Line(shown.Undo)
	}
	if shown.ExpiresIn > 0 {
		told.Ends = "taken back by itself after " + strings.TrimSuffix(strings.TrimSuffix(shown.ExpiresIn.String(), "0s"), "0m")
	}
	return told
}

// OfTask tells of a task; minimal keeps the id and when it is due.
func OfTask(t *soar.Task, zone *time.Location, minimal bool) *Task {
	if t == nil {
		return nil
	}
	told := &Task{ID: Line(t.ID)}
	if t.DueAt != nil {
		told.Due = When(*t.DueAt, zone)
	}
	if !minimal {
		told.Title = Line(t.Title)
	}
	return told
}

// When writes an instant in a zone, with the zone's name.
func When(at time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return at.In(zone).Format("Mon 2006-01-02 15:04 MST (-07:00)")
}

// Label writes a TLP label as the protocol asks for; empty stays empty.
func Label(tlp soar.TLP) string {
	if tlp == "" {
		return ""
	}
	return "TLP:" + strings.ToUpper(string(tlp))
}
