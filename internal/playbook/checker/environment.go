package checker

import (
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// fixed gives the names that every expression of a playbook may read.
func fixed() expression.Environment {
	return expression.Environment{
		"alert": alertType(), "incident": incidentType(), "now": expression.Text(),
		"policy": expression.ObjectOf(map[string]*expression.Type{"preauthorised": expression.ListOf(expression.Text())}),
	}
}

func texts(names ...string) map[string]*expression.Type {
	fields := map[string]*expression.Type{}
	for _, name := range names {
		fields[name] = expression.Text()
	}
	return fields
}

func alertType() *expression.Type {
	fields := texts("title", "description", "source", "external_id", "source_ip", "destination_ip", "occurred_at", "reported_severity")
	fields["severity"] = expression.EnumOf(append(words(soar.Severities()), "")...)
	fields["category"] = expression.EnumOf(append(words(soar.Categories()), "")...)
	fields["state"] = expression.EnumOf(append(words(soar.AlertStates()), "")...)
	fields["rule"] = expression.ObjectOf(texts("id", "name"))
	fields["host"] = expression.ObjectOf(texts("name", "id", "ip", "os"))
	fields["user"] = expression.ObjectOf(texts("name", "email", "id"))
	fields["fields"] = expression.OpenObject(nil)
	for _, list := range []string{"urls", "hashes", "domains", "techniques", "indicators", "tags"} {
		fields[list] = expression.ListOf(expression.Text())
	}
	return expression.ObjectOf(fields)
}

func incidentType() *expression.Type {
	fields := texts("id", "title", "owner", "opened_at")
	fields["status"] = expression.EnumOf(words(soar.IncidentStatuses())...)
	fields["severity"] = expression.EnumOf(words(soar.Severities())...)
	fields["category"] = expression.EnumOf(words(soar.Categories())...)
	fields["tlp"] = expression.EnumOf(words(soar.TLPs())...)
	fields["impact"] = expression.EnumOf(append(words(soar.Levels()), "")...)
	fields["urgency"] = expression.EnumOf(append(words(soar.Levels()), "")...)
	fields["facts"] = expression.OpenObject(nil)
	return expression.ObjectOf(fields)
}

// typeKey names a step's type; elem is that of a loop's list.
type typeKey struct {
	step  *ast.Step
	blank bool
	elem  *expression.Type
}

// stepType is what expressions see of a step. blank says that it may not have done
// its work, so that what it gives may be absent. Its status and error never are.
func (p *pass) stepType(s *ast.Step, blank bool, elem *expression.Type) *expression.Type {
	key := typeKey{step: s, blank: blank, elem: elem}
	if known := p.types[key]; known != nil {
		return known
	}
	fields := map[string]*expression.Type{"status": statusType(s.Kind), "error": expression.Text()}
	name, t := "output", p.outputOf(s)
	switch s.Kind {
	case plan.KindForEach:
		name, t = "items", expression.ListOf(p.itemType(s.ForEach, blank, elem))
	case plan.KindApproval:
		name, t = "approval", approvalType()
	case plan.KindTask:
		name, t = "task", expression.ObjectOf(map[string]*expression.Type{"status": expression.Text(), "answer": answerType(s.Task)})
	}
	if t != nil && blank {
		t = expression.Optional(t)
	}
	if t != nil {
		fields[name] = t
	}
	p.types[key] = expression.ObjectOf(fields)
	return p.types[key]
}

// statusType lists how a step of this kind can be and end.
func statusType(kind plan.Kind) *expression.Type {
	common := []soar.StepStatus{soar.StepPending, soar.StepRunning, soar.StepFailed, soar.StepSkipped, soar.StepCancelled}
	if kind == plan.KindApproval {
		return expression.EnumOf(words(append(common, soar.StepApproved, soar.StepDenied, soar.StepExpired))...)
	}
	return expression.EnumOf(words(append(common, soar.StepSucceeded, soar.StepCompensated))...)
}

func approvalType() *expression.Type {
	decision := texts("by", "reason")
	decision["approve"] = expression.Bool()
	return expression.ObjectOf(map[string]*expression.Type{
		"status": expression.Text(), "decisions": expression.ListOf(expression.ObjectOf(decision)),
	})
}

// outputOf types what a step of one of these kinds gives; nil: it gives nothing.
func (p *pass) outputOf(s *ast.Step) *expression.Type {
	switch {
	case s.Action != nil:
		return p.outputType(s.Action)
	case s.Call != nil:
		return expression.OpenObject(nil) // the variables of the called playbook
	case s.Repeat != nil:
		return expression.ObjectOf(map[string]*expression.Type{"times": expression.Int()})
	case s.Wait != nil && s.Wait.Event.Given():
		event := texts("name", "by", "at")
		event["data"] = expression.OpenObject(nil)
		return expression.ObjectOf(event)
	default:
		return nil
	}
}

func (p *pass) outputType(a *ast.Action) *expression.Type {
	described := p.action(a)
	if described == nil {
		return expression.Any()
	}
	t, err := expression.FromJSONSchema(described.Output)
	if err != nil {
		return expression.Any()
	}
	return t
}

// itemType is one element of items: what one turn of a loop gave.
func (p *pass) itemType(loop *ast.ForEach, blank bool, elem *expression.Type) *expression.Type {
	fields := map[string]*expression.Type{
		"status": statusType(plan.KindForEach), "error": expression.Text(), "index": expression.Int(), "item": elem,
	}
	if !loop.Single {
		inner := map[string]*expression.Type{}
		p.inTurn(loop.Body, inner)
		fields["steps"] = expression.ObjectOf(inner)
		return expression.ObjectOf(fields)
	}
	for _, s := range loop.Body {
		if output := p.outputOf(s); output != nil && blank {
			fields["output"] = expression.Optional(output)
		} else if output != nil {
			fields["output"] = output
		}
	}
	return expression.ObjectOf(fields)
}

// inTurn types the steps of one turn, without those that loops inside it run.
func (p *pass) inTurn(steps []*ast.Step, types map[string]*expression.Type) {
	for _, s := range steps {
		if s.ID.Given() {
			types[s.ID.Value] = p.stepType(s, true, expression.Any())
		}
		if s.ForEach != nil || s.Repeat != nil {
			continue
		}
		for _, children := range s.Children() {
			p.inTurn(children, types)
		}
	}
}

func answerType(t *ast.Task) *expression.Type {
	if t == nil || t.Form == nil || t.Form.Data == nil {
		return expression.OpenObject(nil)
	}
	answer, err := expression.FromJSONSchema(t.Form.Data)
	if err != nil {
		return expression.Any()
	}
	return answer
}

func words[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = string(value)
	}
	return list
}
