package reads

import (
	"strings"
	"unicode"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// Outputs says which steps' outputs a plan's expressions may read. The others
// are not kept in the state: the ledger and the record have them, and the state
// must fit into one payload when the workflow continues as new.
type Outputs struct {
	all bool // some expression reads steps in a way that names no step
	ids map[string]bool
}

// Kept tells whether the output of the step with this id may be read.
func (o Outputs) Kept(id string) bool { return o.all || o.ids[id] }

// Of looks for steps.<id> in every expression of the plan. It may find
// too many (in a text constant, a let), never too few.
func Of(p *plan.Plan) Outputs {
	o := Outputs{ids: map[string]bool{}}
	plan.Walk(p.Steps, func(s *plan.Step) bool {
		for _, source := range expressionsOf(s) {
			o.scan(source)
		}
		return true
	})
	return o
}

func (o *Outputs) scan(source string) {
	const word = "steps"
	for at := strings.Index(source, word); at >= 0; {
		before := strings.TrimRightFunc(source[:at], unicode.IsSpace)
		rest := source[at+len(word):]
		partOfName := at > 0 && isNamePart(rune(source[at-1])) || rest != "" && isNamePart(rune(rest[0]))
		member := strings.HasSuffix(before, ".") // x.steps: a loop's item
		if !partOfName && !member {
			o.name(rest)
		}
		next := strings.Index(rest, word)
		if next < 0 {
			return
		}
		at += len(word) + next
	}
}

// name reads .id or ?.id after the word steps.
func (o *Outputs) name(rest string) {
	rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	rest = strings.TrimPrefix(rest, "?")
	rest, dotted := strings.CutPrefix(rest, ".")
	rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	end := strings.IndexFunc(rest, func(r rune) bool { return !isNamePart(r) })
	if end < 0 {
		end = len(rest)
	}
	if !dotted || end == 0 {
		o.all = true
		return
	}
	o.ids[rest[:end]] = true
}

func isNamePart(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// expressionsOf gives the source of every expression written on the step.
func expressionsOf(s *plan.Step) []string {
	var found []string
	bare := func(exprs ...*plan.Expr) {
		for _, e := range exprs {
			if e != nil {
				found = append(found, e.Source)
			}
		}
	}
	bare(s.When, s.SkipWhen)
	for _, branch := range s.Switch {
		bare(branch.When)
	}
	if s.ForEach != nil {
		bare(&s.ForEach.List)
	}
	if s.Repeat != nil {
		bare(&s.Repeat.Until)
	}
	if s.Wait != nil {
		bare(s.Wait.Until)
	}
	if s.Action != nil {
		bare(s.Action.IdempotencyKey)
	}
	for _, value := range valuesOf(s) {
		found = append(found, inValue(value)...)
	}
	return found
}

// valuesOf gives every value written on the step.
func valuesOf(s *plan.Step) []plan.Value {
	var values []plan.Value
	fields := func(list []plan.Field) {
		for _, field := range list {
			values = append(values, field.Value)
		}
	}
	optional := func(list ...*plan.Value) {
		for _, value := range list {
			if value != nil {
				values = append(values, *value)
			}
		}
	}
	optional(s.Title)
	fields(s.Declare)
	fields(s.Set)
	if s.Action != nil {
		fields(s.Action.With)
		if s.Action.Undo != nil {
			fields(s.Action.Undo.With)
		}
	}
	if s.Approval != nil {
		values = append(values, s.Approval.Title)
		optional(people(s.Approval.Approvers, s.Approval.Escalate)...)
	}
	if s.Task != nil {
		optional(append(people([]plan.Who{s.Task.Assignee}, s.Task.Escalate), s.Task.Title)...)
	}
	if s.Call != nil {
		fields(s.Call.With)
	}
	if s.Escalate != nil {
		values = append(values, s.Escalate.Reason)
	}
	if s.End != nil {
		values = append(values, s.End.Reason)
	}
	return values
}

func people(who []plan.Who, later []plan.After) []*plan.Value {
	var values []*plan.Value
	for _, one := range who {
		values = append(values, one.Person)
	}
	for _, after := range later {
		values = append(values, after.To.Person)
	}
	return values
}

func inValue(v plan.Value) []string {
	var found []string
	if v.Expr != nil {
		found = append(found, v.Expr.Source)
	}
	for _, part := range v.Text {
		if part.Expr != nil {
			found = append(found, part.Expr.Source)
		}
	}
	for _, item := range v.List {
		found = append(found, inValue(item)...)
	}
	for _, field := range v.Map {
		found = append(found, inValue(field.Value)...)
	}
	return found
}
