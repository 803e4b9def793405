package ast

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// Playbook is one file. Absent parts are nil or have a nil Node.
type Playbook struct {
	File    string
	Pos     diag.Position
	Name    Text
	Version Text
	Title   Text
	Owner   Text
	Covers  []Text
	Trigger *Trigger
	Input   *Schema
	Steps   []*Step
}

// Text is plain text. Node is nil when the key is absent.
type Text struct {
	Value string
	Node  *strictyaml.Node
}

// Given tells whether the text stands in the file and could be read.
func (t Text) Given() bool { return t.Node != nil && t.Value != "" }

// Expr is an expression. Start is the index of its first rune in the node's text.
type Expr struct {
	Source string
	Node   *strictyaml.Node
	Start  int
}

// At gives the place of the rune with this index in the expression.
func (e *Expr) At(index int) diag.Position { return e.Node.At(e.Start + index) }

// Trigger says when the playbook starts by itself.
type Trigger struct {
	Node     *strictyaml.Node
	When     *Expr
	Priority int
}

// Schema is a JSON Schema with the defaults of its properties taken out.
type Schema struct {
	Node     *strictyaml.Node
	Data     map[string]any // the schema; defaults that hold ${{ }} are left out of it
	Defaults []Field        // in the order of the properties
}

// Names lists the properties of the schema in the order of the file.
func (s *Schema) Names() []string {
	properties := s.Node.Get("properties")
	if properties == nil {
		return nil
	}
	var names []string
	for _, entry := range properties.Entries {
		names = append(names, entry.Key.Text)
	}
	return names
}

// Value is a value that may hold expressions.
type Value struct {
	Node    *strictyaml.Node
	Kind    ValueKind
	Literal any    // of a Literal: nil, bool, int, float64, string
	Expr    *Expr  // of a Whole
	Parts   []Part // of a Mixed
	Items   []Value
	Fields  []Field
}

// ValueKind is the form of a value.
type ValueKind uint8

// Forms of values.
const (
	Literal ValueKind = iota
	Whole             // one ${{ }}: keeps its type
	Mixed             // text with ${{ }} inside
	List
	Map
)

// Part is a piece of a Mixed value: literal text, or an expression.
type Part struct {
	Text string
	Expr *Expr
}

// Field is a named value.
type Field struct {
	Name  Text
	Value Value
}

// Span is a duration. Node is nil when the key is absent.
type Span struct {
	Value time.Duration
	Node  *strictyaml.Node
}

// Number is a number. Node is nil when the key is absent.
type Number struct {
	Value float64
	Node  *strictyaml.Node
}

// Int gives the number as a whole one.
func (n Number) Int() int { return int(n.Value) }

// Given tells whether the number stands in the file and could be read.
func (n Number) Given() bool { return n.Node != nil && !n.Node.Bad }

// Step is one step. Node is the mapping, Key the key that says the kind (for_each when
// it is a loop over Body). Exactly one of the kind fields is set, unless reading failed.
type Step struct {
	Node      *strictyaml.Node
	Key       *strictyaml.Node
	Kind      plan.Kind
	ID        Text
	Title     *Value
	Phase     Text
	Always    bool
	When      *Expr
	SkipWhen  *Expr
	Timeout   Span
	OnFailure Text

	ForEach  *ForEach
	Action   *Action
	Switch   []*Branch
	Parallel *Parallel
	Repeat   *Repeat
	Approval *Approval
	Task     *Task
	Wait     *Wait
	Call     *Call
	Escalate *Escalate
	Declare  []Field
	Set      []Field
	End      *End
	Steps    []*Step
}

// Label names the step in messages: its id in quotes, or its kind and line.
func (s *Step) Label() string {
	if s.ID.Given() {
		return `"` + s.ID.Value + `"`
	}
	return "this " + string(s.Kind) + " step"
}

// ForEach runs Body for each element of List. Single is set when the loop was written
// on one step: Body then holds that step, which has no id and no common keys of its own.
type ForEach struct {
	List        *Expr
	As          Text
	MaxParallel Number
	MaxItems    Number
	Body        []*Step
	Single      bool
}

// Action calls a connector action. Instance and Name are empty when the reference
// could not be read.
type Action struct {
	Ref            Text
	Instance, Name string
	With           []Field
	WithNode       *strictyaml.Node // nil when the key is absent
	Retry          *Retry
	Attempt, Total Span
	ExpiresIn      Span
	Undo           *Undo
	Irreversible   bool
	WaiveEvidence  Text
	IdempotencyKey *Expr
}

// Retry says how an action is tried again. Zero numbers are absent.
type Retry struct {
	Node        *strictyaml.Node
	MaxAttempts Number
	Initial     Span
	Backoff     Number
	Maximum     Span
	On          []Text
}

// Undo says how an action is taken back.
type Undo struct {
	Node           *strictyaml.Node
	Ref            Text
	Instance, Name string
	With           []Field
}

// Branch is one branch of a switch; When is nil in else.
type Branch struct {
	Node  *strictyaml.Node
	When  *Expr
	Else  bool
	Steps []*Step
}

// Parallel runs branches side by side.
type Parallel struct {
	Node     *strictyaml.Node
	Branches []*NamedBranch
	Join     Text // all | any | a number
	OnError  Text
}

// NamedBranch is one branch of a parallel step.
type NamedBranch struct {
	Name  Text
	Steps []*Step
}

// Repeat runs Steps until Until is true.
type Repeat struct {
	Node     *strictyaml.Node
	Until    *Expr
	Every    Span
	MaxTimes Number
	Steps    []*Step
}

// Approval asks people.
type Approval struct {
	Node        *strictyaml.Node
	Title       *Value
	Approvers   []Who
	Quorum      Number
	Exclude     []Text
	Bind        []Text
	ExpiresIn   Span
	OnExpire    Text
	RemindEvery Span
	Escalate    []After
}

// Who names a role, a person or a roster.
type Who struct {
	Node   *strictyaml.Node
	Role   Text
	Person *Value
	Roster Text
}

// After escalates once a time has passed.
type After struct {
	Node  *strictyaml.Node
	After Span
	To    Who
	// Policy is an escalation policy's name, in the place of To.
	Policy Text
}

// Task gives a person work.
type Task struct {
	Node     *strictyaml.Node
	Title    *Value
	Assignee Who
	Form     *Schema
	DueIn    Span
	Escalate []After
}

// Wait pauses.
type Wait struct {
	Node    *strictyaml.Node
	For     Span
	Until   *Expr
	Event   Text
	Timeout Span
}

// Call runs another playbook.
type Call struct {
	Node     *strictyaml.Node
	Playbook Text
	With     []Field
	WithNode *strictyaml.Node
}

// Escalate starts an escalation policy.
type Escalate struct {
	Node   *strictyaml.Node
	Policy Text
	Reason *Value
}

// End ends the run.
type End struct {
	Node       *strictyaml.Node
	Resolution Text
	Reason     *Value
}
