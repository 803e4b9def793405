package grammar

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Playbook is the file itself.
func Playbook() *Shape {
	return &Shape{Name: "a playbook", Keys: []Key{
		{Name: "tocsin", Form: Choice, Words: []string{Version}, Required: true, Doc: "The version of the playbook language."},
		{Name: "playbook", Form: Identifier, Required: true, Doc: "The name of the playbook, unique in the library."},
		{Name: "version", Form: Text, Required: true, Doc: "Semantic version, such as 1.4.0."},
		{Name: "title", Form: Text, Required: true, Doc: "What the playbook is for, in one line."},
		{Name: "owner", Form: Text, Doc: "Who keeps the playbook: a person's or a team's id. Approvals may exclude the owner."},
		{Name: "covers", Form: Texts, Doc: "What the playbook answers for: controls and techniques, such as iso27002:5.26.a or attack:T1566.002."},
		{Name: "trigger", Form: Mapping, Shape: Trigger(), Doc: "When the playbook starts by itself; without it a person or another playbook starts it."},
		{Name: "input", Form: Schema, Doc: "JSON Schema of the inputs, an object. Defaults may hold ${{ }} over alert, incident, policy, now and the inputs before."},
		{Name: "steps", Form: Steps, Required: true, Least: 1, Most: MaxSteps, Doc: "What to do, in order."},
	}}
}

// Trigger says when a playbook starts by itself.
func Trigger() *Shape {
	return &Shape{Name: "a trigger", Keys: []Key{
		{Name: "when", Form: Expression, Required: true, Doc: "Condition over alert, incident, policy and now."},
		{Name: "priority", Form: Integer, Most: 1000, Default: "0", Doc: "The matching playbooks with the highest priority start; ties start together."},
	}}
}

// Retry says how an action is tried again.
func Retry() *Shape {
	return &Shape{Name: "a retry", Keys: []Key{
		{Name: "max_attempts", Form: Integer, Least: 1, Most: 20, Default: "3", Doc: "How often the action is tried, the first time included."},
		{Name: "initial", Form: Duration, Shortest: 100 * time.Millisecond, Longest: time.Hour, Default: "2s", Doc: "Pause before the second attempt."},
		{Name: "backoff", Form: Number, Least: 1, Most: 10, Default: "2", Doc: "Each pause is this many times the one before."},
		{Name: "maximum", Form: Duration, Shortest: time.Second, Longest: 24 * time.Hour, Default: "1m", Doc: "The longest pause."},
		{Name: "on", Form: Choices, Words: []string{"transient", "limited"}, Least: 1, Default: "[transient, limited]", Doc: "The classes of failure that are tried again."},
	}}
}

// ActionTimeout is the long form of an action's timeout.
func ActionTimeout() *Shape {
	return &Shape{Name: "a timeout", Keys: []Key{
		{Name: "attempt", Form: Duration, Shortest: time.Second, Longest: 24 * time.Hour, Default: "the manifest's, else 30s", Doc: "How long one attempt may take."},
		{Name: "total", Form: Duration, Shortest: time.Second, Longest: LongestWait, Default: "5m", Doc: "How long all attempts and pauses together may take."},
	}}
}

// Undo says how an action is taken back.
func Undo() *Shape {
	return &Shape{Name: "an undo", Keys: []Key{
		{Name: "action", Form: Action, Required: true, Doc: "The action that takes it back, as instance.action."},
		{Name: "with", Form: Values, Doc: "Its arguments; ${{ }} may read args, output and input."},
	}}
}

// Branch is one branch of a switch.
func Branch() *Shape {
	return &Shape{Name: "a branch", OneOf: []string{"when", "else"}, Keys: []Key{
		{Name: "when", Form: Expression, Doc: "The branch is taken when this is true and no branch before it was."},
		{Name: "steps", Form: Steps, Least: 1, Doc: "What the branch does; stands beside when."},
		{Name: "else", Form: Steps, Least: 1, Doc: "What to do when no branch was taken; the last item of the list."},
	}}
}

// Who names people.
func Who() *Shape {
	return &Shape{Name: "a person or role", OneOf: []string{"role", "person"}, Keys: []Key{
		{Name: "role", Form: Choice, Words: HumanRoles(), Doc: "Anybody who holds the role."},
		{Name: "person", Form: Template, Doc: "One person, by id."},
	}}
}

// Assignee names who does a task. A roster is told and works, and never decides: it
// stands nowhere else.
func Assignee() *Shape {
	shape := Who()
	return &Shape{Name: "a person, role or roster", OneOf: append(shape.OneOf, "roster"), Keys: append(shape.Keys,
		Key{Name: "roster", Form: Identifier, Doc: "Whoever is on call by the roster of rosters.yaml at the moment."})}
}

// HumanRoles lists the roles that people hold; tools cannot be asked.
func HumanRoles() []string {
	var roles []string
	for _, role := range soar.Roles() {
		if role != soar.RoleTool {
			roles = append(roles, string(role))
		}
	}
	return roles
}

// After escalates once a time has passed.
func After() *Shape {
	return &Shape{Name: "an escalation", OneOf: []string{"to", "policy"}, Keys: []Key{
		{Name: "after", Form: Duration, Required: true, Shortest: time.Second, Longest: LongestWait, Doc: "Counted from the request."},
		{Name: "to", Form: Mapping, Shape: Who(), Doc: "Who is told and may answer from then on."},
		{Name: "policy", Form: Identifier, Doc: "The escalation policy that is started then. Whom it tells may answer only if they are asked anyway."},
	}}
}

// Approval asks people.
func Approval() *Shape {
	return &Shape{Name: "an approval", Keys: []Key{
		{Name: "title", Form: Template, Doc: "The question. Required here or as the step's title."},
		{Name: "approvers", Form: List, Shape: Who(), Required: true, Least: 1, Most: 20, Doc: "Who may answer."},
		{Name: "quorum", Form: Integer, Least: 1, Most: 10, Default: "1", Doc: "How many different people must agree."},
		{Name: "exclude", Form: Choices, Words: []string{"requester", "playbook_author"}, Doc: "Who may not answer: four eyes."},
		{Name: "bind", Form: Names, Doc: "Ids of later steps. The approval holds for exactly their resolved arguments."},
		{Name: "expires_in", Form: Duration, Required: true, Shortest: time.Second, Longest: LongestWait, Doc: "How long the request stands."},
		{Name: "on_expire", Form: Choice, Words: []string{"deny", "escalate", "fail"}, Required: true, Doc: "What happens when nobody answered. There is no way to allow."},
		{Name: "remind_every", Form: Duration, Shortest: time.Second, Longest: LongestWait, Doc: "Reminds the approvers this often."},
		{Name: "escalate", Form: List, Shape: After(), Least: 1, Most: 10, Doc: "Who else is asked when time passes."},
	}}
}

// Task gives a person work.
func Task() *Shape {
	return &Shape{Name: "a task", Keys: []Key{
		{Name: "title", Form: Template, Doc: "What to do. Required here or as the step's title."},
		{Name: "assignee", Form: Mapping, Shape: Assignee(), Required: true, Doc: "Who does it."},
		{Name: "form", Form: Schema, Doc: "JSON Schema of the answer, an object; it is the form that people fill in."},
		{Name: "due_in", Form: Duration, Shortest: time.Second, Longest: LongestWait, Doc: "When it should be done, counted from its start."},
		{Name: "escalate", Form: List, Shape: After(), Least: 1, Most: 10, Doc: "Who is told when time passes."},
	}}
}

// Wait pauses.
func Wait() *Shape {
	return &Shape{Name: "a wait", OneOf: []string{"for", "until", "event"}, Keys: []Key{
		{Name: "for", Form: Duration, Shortest: time.Second, Longest: LongestWait, Doc: "Waits this long."},
		{Name: "until", Form: Expression, Doc: "Waits until this is true; it is looked at whenever the incident changes."},
		{Name: "event", Form: Identifier, Doc: "Waits for an event of this name that is sent to the incident."},
		{Name: "timeout", Form: Duration, Shortest: time.Second, Longest: LongestWait, Doc: "With until and event: the step fails after this long; on_failure: continue goes on."},
	}}
}

// Call runs another playbook.
func Call() *Shape {
	return &Shape{Name: "a call", Keys: []Key{
		{Name: "playbook", Form: Identifier, Required: true, Doc: "The playbook's name; its version is pinned when this one is compiled."},
		{Name: "with", Form: Values, Doc: "Its inputs."},
	}}
}

// Escalate starts an escalation policy.
func Escalate() *Shape {
	return &Shape{Name: "an escalate step", Keys: []Key{
		{Name: "policy", Form: Identifier, Required: true, Doc: "The escalation policy's name."},
		{Name: "reason", Form: Template, Required: true, Doc: "Why, for the people who are called."},
	}}
}

// Close ends the run and closes the incident.
func Close() *Shape {
	return &Shape{Name: "a close step", Keys: []Key{
		{Name: "resolution", Form: Choice, Words: words(soar.Resolutions()), Required: true, Doc: "How the incident ended."},
		{Name: "reason", Form: Template, Required: true, Doc: "Why, for the record."},
	}}
}

// Fail ends the run as failed.
func Fail() *Shape {
	return &Shape{Name: "a fail step", Keys: []Key{
		{Name: "reason", Form: Template, Required: true, Doc: "What went wrong, for the record."},
	}}
}

// Declare changes the incident.
func Declare() *Shape {
	return &Shape{Name: "a declare step", Keys: []Key{
		{Name: "severity", Form: Value, Words: words(soar.Severities()), Doc: "The new severity."},
		{Name: "category", Form: Value, Words: words(soar.Categories()), Doc: "The new category."},
		{Name: "status", Form: Value, Words: words(soar.IncidentStatuses()), Doc: "The new status; an incident moves forward only."},
		{Name: "owner", Form: Value, Doc: "The person who leads the response, by id."},
		{Name: "tlp", Form: Value, Words: words(soar.TLPs()), Doc: "The Traffic Light Protocol label."},
		{Name: "impact", Form: Value, Words: words(soar.Levels()), Doc: "The impact; impact and urgency give the severity."},
		{Name: "urgency", Form: Value, Words: words(soar.Levels()), Doc: "The urgency."},
		{Name: "title", Form: Value, Doc: "The incident's title."},
		{Name: "facts", Form: Values, Doc: "Named facts that reports and policies read; they are added to those that are there."},
	}}
}

// Repeat runs its steps until a condition holds.
func Repeat() *Shape {
	return &Shape{Name: "a repeat", Keys: []Key{
		{Name: "until", Form: Expression, Required: true, Doc: "Looked at after each round; it may read the steps inside."},
		{Name: "every", Form: Duration, Shortest: time.Second, Longest: 30 * 24 * time.Hour, Default: "30s", Doc: "Pause between rounds."},
		{Name: "max_times", Form: Integer, Required: true, Least: 1, Most: MaxTimes, Doc: "The most rounds; when they are used up the step fails."},
		{Name: "steps", Form: Steps, Required: true, Least: 1, Doc: "One round."},
	}}
}

func words[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = string(value)
	}
	return list
}
