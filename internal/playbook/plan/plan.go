package plan

import (
	"encoding/json"
	"time"
)

// Plan is one compiled playbook version.
type Plan struct {
	Language string            `json:"language"` // "v1"
	Playbook string            `json:"playbook"`
	Version  string            `json:"version"`
	Title    string            `json:"title"`
	Owner    string            `json:"owner,omitempty"` // also the author excluded by four eyes
	Covers   []string          `json:"covers,omitempty"`
	Digest   string            `json:"digest"`           // SHA-256 hex of the plan itself, see Seal: what incidents pin
	Source   string            `json:"source,omitempty"` // SHA-256 hex of the source text
	Trigger  *Trigger          `json:"trigger,omitempty"`
	Inputs   []Input           `json:"inputs,omitempty"`
	Schema   json.RawMessage   `json:"schema,omitempty"` // the input's JSON Schema as written
	Pins     map[string]string `json:"pins,omitempty"`   // connector name -> manifest digest at compile time
	Calls    map[string]string `json:"calls,omitempty"`  // playbook called -> its digest
	Steps    []*Step           `json:"steps"`
}

// Trigger says when the playbook starts by itself.
type Trigger struct {
	When     Expr `json:"when"`
	Priority int  `json:"priority"` // the highest matching playbooks start; ties start together
}

// Input is one named input.
type Input struct {
	Name     string `json:"name"`
	Required bool   `json:"required,omitempty"`
	Default  *Value `json:"default,omitempty"`
}

// Expr is a bare expression, checked at compile time.
type Expr struct {
	Source string `json:"source"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Value is a value that may hold expressions. Exactly one of the fields is used;
// the order of use is Expr, Text, List, Map, Literal.
type Value struct {
	Literal any     `json:"literal,omitempty"` // nil bool int float64 string
	Expr    *Expr   `json:"expr,omitempty"`    // one whole ${{ }}: keeps its type
	Text    []Part  `json:"text,omitempty"`    // text with ${{ }} inside
	List    []Value `json:"list,omitempty"`
	Map     []Field `json:"map,omitempty"`
	Kind    string  `json:"kind"` // literal | expr | text | list | map
}

// Part is a piece of a text: literal text, or an expression.
type Part struct {
	Text string `json:"text,omitempty"`
	Expr *Expr  `json:"expr,omitempty"`
}

// Field is a named value, in the order of the file.
type Field struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
}

// Kind is the kind of a step.
type Kind string

// Step kinds.
const (
	KindAction   Kind = "action"
	KindSwitch   Kind = "switch"
	KindParallel Kind = "parallel"
	KindForEach  Kind = "for_each"
	KindRepeat   Kind = "repeat"
	KindApproval Kind = "approval"
	KindTask     Kind = "task"
	KindWait     Kind = "wait"
	KindCall     Kind = "call"
	KindEscalate Kind = "escalate"
	KindDeclare  Kind = "declare"
	KindSet      Kind = "set"
	KindClose    Kind = "close"
	KindFail     Kind = "fail"
	KindSteps    Kind = "steps"
)

// OnFailure says what a failed step does to the block around it.
type OnFailure string

// What to do on failure. Fail is the default.
const (
	OnFailureFail       OnFailure = "fail"       // the block around fails
	OnFailureContinue   OnFailure = "continue"   // the block goes on
	OnFailureCompensate OnFailure = "compensate" // undo what the step's subtree did, last first, then fail
)

// Step is one step. Exactly one of the kind fields is set, the one that Kind
// names. ID is unique in the playbook (steps.<id> in expressions); a step without
// one gets an id made from its path that no expression can name.
type Step struct {
	ID        string        `json:"id"`
	Path      string        `json:"path"` // verdict/1/contain/host/isolate: stable within a version
	Kind      Kind          `json:"kind"`
	Title     *Value        `json:"title,omitempty"`
	Phase     string        `json:"phase,omitempty"` // inherited from the block around
	When      *Expr         `json:"when,omitempty"`
	SkipWhen  *Expr         `json:"skip_when,omitempty"`
	Timeout   time.Duration `json:"timeout_ns,omitempty"` // of the whole step, retries and waits included; 0: none
	OnFailure OnFailure     `json:"on_failure,omitempty"`
	Always    bool          `json:"always,omitempty"` // runs however the block around it ended
	Line      int           `json:"line"`
	Column    int           `json:"column"`

	Action   *Action   `json:"action,omitempty"`
	Switch   []Branch  `json:"switch,omitempty"`
	Parallel *Parallel `json:"parallel,omitempty"`
	ForEach  *ForEach  `json:"for_each,omitempty"`
	Repeat   *Repeat   `json:"repeat,omitempty"`
	Approval *Approval `json:"approval,omitempty"`
	Task     *Task     `json:"task,omitempty"`
	Wait     *Wait     `json:"wait,omitempty"`
	Call     *Call     `json:"call,omitempty"`
	Escalate *Escalate `json:"escalate,omitempty"`
	Declare  []Field   `json:"declare,omitempty"` // severity category status owner tlp impact urgency title facts
	Set      []Field   `json:"set,omitempty"`
	End      *End      `json:"end,omitempty"`   // close and fail
	Steps    []*Step   `json:"steps,omitempty"` // kind steps
}

// Action calls one connector action. Risk, undo and idempotency are copied from
// the manifest at compile time, so that the interpreter needs no manifest.
type Action struct {
	Connector      string        `json:"connector"`
	Name           string        `json:"name"`
	With           []Field       `json:"with,omitempty"`
	Risk           string        `json:"risk"`             // soar.Risk
	Target         string        `json:"target,omitempty"` // the argument that names the target
	Retry          Retry         `json:"retry"`
	AttemptTimeout time.Duration `json:"attempt_timeout_ns"`
	TotalTimeout   time.Duration `json:"total_timeout_ns"`
	ExpiresIn      time.Duration `json:"expires_in_ns,omitempty"` // time-boxed containment
	Undo           *Undo         `json:"undo,omitempty"`
	IdempotencyKey *Expr         `json:"idempotency_key,omitempty"`
	Irreversible   bool          `json:"irreversible,omitempty"`
}

// Ref gives connector.action.
func (a Action) Ref() string { return a.Connector + "." + a.Name }

// Undo takes an action back. Its values may read input, output and args, where
// args are the arguments that were sent and output is what came back.
type Undo struct {
	Connector string  `json:"connector"`
	Name      string  `json:"name"`
	With      []Field `json:"with,omitempty"`
}

// Ref gives connector.action.
func (u Undo) Ref() string { return u.Connector + "." + u.Name }

// Retry is how an action is tried again. On lists the error classes.
type Retry struct {
	MaxAttempts int           `json:"max_attempts"`
	Initial     time.Duration `json:"initial_ns"`
	Backoff     float64       `json:"backoff"`
	Maximum     time.Duration `json:"maximum_ns,omitempty"`
	On          []string      `json:"on"` // transient | limited
}

// Branch of a switch; the branch without When is else and stands last.
type Branch struct {
	When  *Expr   `json:"when,omitempty"`
	Steps []*Step `json:"steps"`
}

// Parallel runs named branches side by side.
type Parallel struct {
	Branches []NamedBranch `json:"branches"`
	Join     int           `json:"join"`     // how many must succeed; 0 means all
	OnError  string        `json:"on_error"` // wait | cancel
}

// NamedBranch is one branch of a parallel step.
type NamedBranch struct {
	Name  string  `json:"name"`
	Steps []*Step `json:"steps"`
}

// ForEach runs Body once for each element of a list.
type ForEach struct {
	List        Expr    `json:"list"`
	As          string  `json:"as"`           // the loop variable
	MaxParallel int     `json:"max_parallel"` // at least 1
	MaxItems    int     `json:"max_items"`    // a longer list fails the step
	Body        []*Step `json:"body"`
	Single      bool    `json:"single,omitempty"` // written on one step: items[i].output is that step's output
}

// Repeat runs Body until Until is true.
type Repeat struct {
	Until    Expr          `json:"until"`
	Every    time.Duration `json:"every_ns"`
	MaxTimes int           `json:"max_times"`
	Body     []*Step       `json:"body"`
}

// Approval asks people.
type Approval struct {
	Title       Value         `json:"title"`
	Approvers   []Who         `json:"approvers"`
	Quorum      int           `json:"quorum"`
	Exclude     []string      `json:"exclude,omitempty"` // requester | playbook_author
	Bind        []string      `json:"bind,omitempty"`    // ids of the steps whose resolved arguments are bound
	ExpiresIn   time.Duration `json:"expires_in_ns"`
	OnExpire    string        `json:"on_expire"` // deny | escalate | fail
	RemindEvery time.Duration `json:"remind_every_ns,omitempty"`
	Escalate    []After       `json:"escalate,omitempty"`
}

// Who names a role, a person, or whoever is on call by a roster.
type Who struct {
	Role   string `json:"role,omitempty"`
	Person *Value `json:"person,omitempty"`
	Roster string `json:"roster,omitempty"` // of a task's assignee only
}

// After escalates once a time has passed: to somebody, or by an escalation policy.
type After struct {
	After  time.Duration `json:"after_ns"`
	To     Who           `json:"to"`
	Policy string        `json:"policy,omitempty"` // its name; To is empty then
}

// Task gives a person work.
type Task struct {
	Title    *Value          `json:"title,omitempty"`
	Assignee Who             `json:"assignee"`
	Form     json.RawMessage `json:"form,omitempty"` // JSON Schema
	DueIn    time.Duration   `json:"due_in_ns,omitempty"`
	Escalate []After         `json:"escalate,omitempty"`
}

// Wait pauses. Exactly one of For, Until, Event is set.
type Wait struct {
	For     time.Duration `json:"for_ns,omitempty"`
	Until   *Expr         `json:"until,omitempty"` // looked at again whenever the incident changes
	Event   string        `json:"event,omitempty"`
	Timeout time.Duration `json:"timeout_ns,omitempty"`
}

// Call runs another playbook in the same incident.
type Call struct {
	Playbook string  `json:"playbook"`
	Digest   string  `json:"digest"`
	With     []Field `json:"with,omitempty"`
}

// Escalate starts an escalation policy.
type Escalate struct {
	Policy string `json:"policy"`
	Reason Value  `json:"reason"`
}

// End ends the run: close the incident, or fail the run.
type End struct {
	Resolution string `json:"resolution,omitempty"` // close only
	Reason     Value  `json:"reason"`
}
