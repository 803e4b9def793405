package parser

import (
	"github.com/tocsin-soar/tocsin/internal/diag/strictschema"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// nested reads the kinds whose keys stand below the key of the kind.
func (p *parser) nested(m, outer mapping, step *ast.Step) {
	switch step.Kind {
	case plan.KindRepeat:
		step.Repeat = &ast.Repeat{
			Node: m.node, Until: m.expr("until"), Every: m.span("every"), MaxTimes: m.number("max_times"), Steps: m.steps("steps"),
		}
	case plan.KindApproval:
		step.Approval = p.approval(m, outer)
	case plan.KindTask:
		step.Task = &ast.Task{
			Node: m.node, Title: p.question(m, outer, "a task"), Form: m.schema("form"), DueIn: m.span("due_in"), Escalate: p.escalations(m),
		}
		step.Task.Assignee = p.assignee(m)
	case plan.KindWait:
		step.Wait = &ast.Wait{Node: m.node, For: m.span("for"), Until: m.expr("until"), Event: m.text("event"), Timeout: m.span("timeout")}
		if step.Wait.For.Node != nil && m.node.Get("timeout") != nil {
			p.Fault(m.node.Key("timeout"), strictyaml.RuleUnknownKey, "timeout stands beside until and event only", "remove it")
		}
	case plan.KindCall:
		step.Call = &ast.Call{Node: m.node, Playbook: m.text("playbook"), With: m.fields("with"), WithNode: m.node.Get("with")}
	case plan.KindEscalate:
		step.Escalate = &ast.Escalate{Node: m.node, Policy: m.text("policy"), Reason: m.value("reason")}
	case plan.KindClose:
		step.End = &ast.End{Node: m.node, Resolution: m.text("resolution"), Reason: m.value("reason")}
	case plan.KindFail:
		step.End = &ast.End{Node: m.node, Reason: m.value("reason")}
	}
}

func (p *parser) approval(m, outer mapping) *ast.Approval {
	approval := &ast.Approval{
		Node: m.node, Title: p.question(m, outer, "an approval"), Quorum: m.number("quorum"), Exclude: m.texts("exclude"),
		Bind: m.texts("bind"), ExpiresIn: m.span("expires_in"), OnExpire: m.text("on_expire"),
		RemindEvery: m.span("remind_every"), Escalate: p.escalations(m),
	}
	for _, item := range m.subs("approvers") {
		approval.Approvers = append(approval.Approvers, p.whoIn(item))
	}
	return approval
}

// question reads the title of an approval or a task; the step's title stands in for it.
func (p *parser) question(m, outer mapping, what string) *ast.Value {
	if m.node.Get("title") != nil {
		return m.value("title")
	}
	if outer.node.Get("title") == nil {
		p.missing(m.at, what, "title")
		return nil
	}
	return outer.value("title")
}

func (p *parser) who(m mapping, name string) ast.Who {
	inner, ok := m.sub(name)
	if !ok {
		return ast.Who{}
	}
	return p.whoIn(inner)
}

func (p *parser) assignee(m mapping) ast.Who {
	inner, ok := m.sub("assignee")
	if !ok {
		return ast.Who{}
	}
	who := p.whoIn(inner)
	who.Roster = inner.text("roster")
	return who
}

func (p *parser) whoIn(m mapping) ast.Who {
	return ast.Who{Node: m.node, Role: m.text("role"), Person: m.value("person")}
}

func (p *parser) escalations(m mapping) []ast.After {
	var all []ast.After
	for _, item := range m.subs("escalate") {
		after := ast.After{Node: item.node, After: item.span("after"), Policy: item.text("policy")}
		after.To = p.who(item, "to")
		all = append(all, after)
	}
	return all
}

// schema reads a JSON Schema. Defaults of its properties may hold ${{ }}; they are
// taken out of what the rest sees as the schema.
func (m mapping) schema(name string) *ast.Schema {
	n, _ := m.get(name)
	if n == nil {
		return nil
	}
	schema := &ast.Schema{Node: n, Data: strictschema.Read(&m.p.Reader, n, name)}
	if schema.Data == nil {
		return schema
	}
	written := n.Get("properties")
	properties, _ := schema.Data["properties"].(map[string]any)
	if written == nil || properties == nil {
		return schema
	}
	for _, entry := range written.Entries {
		given := entry.Value.Get("default")
		if given == nil {
			continue
		}
		value := m.p.value(given)
		schema.Defaults = append(schema.Defaults, ast.Field{Name: ast.Text{Value: entry.Key.Text, Node: entry.Key}, Value: value})
		if property, ok := properties[entry.Key.Text].(map[string]any); ok && !value.Fixed() {
			delete(property, "default")
		}
	}
	return schema
}
