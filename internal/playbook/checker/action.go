package checker

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictschema"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// Rules of actions.
const (
	RuleAction   = "unknown_action" // no such connector instance or action
	RuleArgument = "argument"       // missing, unknown or of the wrong type
	RuleUndo     = "undo"           // a change without a way back
)

// call checks an action step: the action, its arguments, its way back.
func (p *pass) call(s *ast.Step, here *scope) {
	a := s.Action
	p.expr(a.IdempotencyKey, here, expression.Text())
	described := p.find(a.Ref, a.Instance, a.Name)
	if described == nil {
		p.anyFields(a.With, p.environment(here), here)
		return
	}
	at := s.Key
	if a.Ref.Node != nil {
		at = a.Ref.Node
	}
	p.arguments(callSite{at: at, ref: a.Ref.Value, given: a.With, with: a.WithNode, env: p.environment(here)}, described, here)
	p.wayBack(s, described, here)
}

// find gives what the manifest says, and reports what does not exist.
func (p *pass) find(ref ast.Text, instance, name string) *manifest.Action {
	if !ref.Given() || ref.Node.Bad {
		return nil
	}
	described, action := p.catalog.Find(instance, name)
	switch {
	case described == nil:
		p.Fault(ref.Node, RuleAction, fmt.Sprintf("no connector is called %q", instance), diag.DidYouMean(instance, slices.Sorted(maps.Keys(p.catalog))))
	case action == nil:
		var known []string
		for _, one := range described.Actions {
			known = append(known, instance+"."+one.Name)
		}
		p.Fault(ref.Node, RuleAction, fmt.Sprintf("%q is not an action of %s", ref.Value, instance), diag.DidYouMean(ref.Value, known))
	}
	return action
}

func (p *pass) anyFields(fields []ast.Field, env expression.Environment, here *scope) {
	for i := range fields {
		p.valueType(&fields[i].Value, env, here)
	}
}

// callSite is where an action is called: its name, what it is given, and what the
// arguments may read.
type callSite struct {
	at    *strictyaml.Node
	ref   string
	given []ast.Field
	with  *strictyaml.Node // nil when the key is absent
	env   expression.Environment
}

// arguments checks what is given against the input schema of the action.
func (p *pass) arguments(call callSite, described *manifest.Action, here *scope) {
	want, err := expression.FromJSONSchema(described.Input)
	if err != nil || want.Kind != expression.KindObject {
		p.anyFields(call.given, call.env, here)
		return
	}
	names := slices.Sorted(maps.Keys(want.Fields))
	for i := range call.given {
		field := &call.given[i]
		t, known := want.Fields[field.Name.Value]
		if !known && !want.Open {
			p.Fault(field.Name.Node, RuleArgument, fmt.Sprintf("%s takes no argument %q", call.ref, field.Name.Value), hintNames(field.Name.Value, names))
		}
		p.argument(field, t, call.env, here)
		p.literal(field, t, described.Input)
	}
	if call.with != nil && call.with.Bad {
		return // what is missing stands there and cannot be read
	}
	for _, name := range manifest.Required(described.Input) {
		has := slices.ContainsFunc(call.given, func(f ast.Field) bool { return f.Name.Value == name })
		if !has {
			p.tell(call.at, RuleArgument, fmt.Sprintf("%s needs the argument %q", call.ref, name), fmt.Sprintf("add it below with: {%s: ...}", name))
		}
	}
}

// argument checks the expressions of one value against the type it must have, those
// inside lists and mappings too.
func (p *pass) argument(field *ast.Field, want *expression.Type, env expression.Environment, here *scope) {
	p.fitting(field.Name.Value, &field.Value, want, site{env: env, here: here})
}

// site is where expressions stand: what they may read.
type site struct {
	env  expression.Environment
	here *scope
}

func (p *pass) fitting(name string, v *ast.Value, want *expression.Type, at site) {
	switch {
	case v.Kind == ast.Whole:
		p.check(v.Expr, at.env, at.here, want)
	case v.Kind == ast.List && want != nil && want.Kind == expression.KindList:
		for i := range v.Items {
			p.fitting("an item of "+name, &v.Items[i], want.Elem, at)
		}
	case v.Kind == ast.Map && want != nil && want.Kind == expression.KindObject:
		for i := range v.Fields {
			p.fitting(v.Fields[i].Name.Value, &v.Fields[i].Value, member(want, v.Fields[i].Name.Value), at)
		}
	case v.Kind == ast.Literal: // the schema says more about it than a type, see literal
	default:
		p.unlike(name, v, want, p.valueType(v, at.env, at.here))
	}
}

// unlike reports a list, a mapping or a text where something else is asked for.
func (p *pass) unlike(name string, v *ast.Value, want, got *expression.Type) {
	switch {
	case want == nil || want.Kind == expression.KindAny || want.Kind == got.Kind:
	case v.Kind == ast.Mixed:
		p.Fault(v.Node, RuleArgument, fmt.Sprintf("%s must be %s, but text around ${{ }} is %s", name, want, got), "make the whole value one ${{ }}")
	default:
		p.Fault(v.Node, RuleArgument, fmt.Sprintf("%s must be %s, but this is %s", name, want, got), "")
	}
}

// member gives the type of a member of an object, nil when any will do.
func member(t *expression.Type, name string) *expression.Type {
	if known := t.Fields[name]; known != nil {
		return known
	}
	return t.Elem
}

// hintNames helps with a name that is not known.
func hintNames(wrong string, known []string) string {
	if hint := diag.DidYouMean(wrong, known); hint != "" || len(known) == 0 {
		return hint
	}
	return "it takes " + diag.OneOf(known)
}

// literal checks what holds no expressions against the schema itself, which says more
// than types: patterns, lengths, words.
func (p *pass) literal(field *ast.Field, want *expression.Type, input map[string]any) {
	properties, _ := input["properties"].(map[string]any)
	schema, ok := properties[field.Name.Value].(map[string]any)
	if !ok {
		schema, ok = input["additionalProperties"].(map[string]any)
	}
	if ok {
		p.literalValue(field.Name.Value, &field.Value, want, schema)
	}
}

func (p *pass) literalValue(name string, v *ast.Value, want *expression.Type, schema map[string]any) {
	if v.Node.Bad {
		return
	}
	if !v.Fixed() {
		p.literalParts(name, v, want, schema)
		return
	}
	err := strictschema.Validate(schema, v.Data())
	switch {
	case err == nil:
	case want != nil && want.Kind != kindOf(v.Node):
		p.Fault(v.Node, RuleArgument, fmt.Sprintf("%s must be %s, this is %s", name, want, v.Node.Kind), "")
	default:
		p.Fault(v.Node, RuleArgument, name+": "+strings.TrimSpace(err.Error()), "")
	}
}

// literalParts checks the parts of a list or a mapping that holds expressions elsewhere.
func (p *pass) literalParts(name string, v *ast.Value, want *expression.Type, schema map[string]any) {
	if want == nil {
		return
	}
	if items, ok := schema["items"].(map[string]any); ok && want.Kind == expression.KindList {
		for i := range v.Items {
			p.literalValue("an item of "+name, &v.Items[i], want.Elem, items)
		}
	}
	for i := range v.Fields {
		p.literal(&v.Fields[i], member(want, v.Fields[i].Name.Value), schema)
	}
}

// kindOf is the kind of type that a node without expressions has.
func kindOf(n *strictyaml.Node) expression.Kind {
	kinds := map[strictyaml.Kind]expression.Kind{
		strictyaml.Null: expression.KindNull, strictyaml.Bool: expression.KindBool, strictyaml.Int: expression.KindInt,
		strictyaml.Float: expression.KindNumber, strictyaml.String: expression.KindText, strictyaml.List: expression.KindList,
		strictyaml.Map: expression.KindObject,
	}
	return kinds[n.Kind]
}

// wayBack demands an undo for what changes the world, or the word that there is
// none, and refuses what contradicts itself.
func (p *pass) wayBack(s *ast.Step, described *manifest.Action, here *scope) {
	a := s.Action
	if a.Undo != nil {
		p.undo(a, here)
	}
	back := a.Undo != nil || described.Undo != nil
	final := a.Irreversible || described.Irreversible
	switch ref := a.Ref.Value; {
	case !described.Risk.Writes() && a.Undo != nil:
		p.tell(a.Undo.Node, RuleUndo, fmt.Sprintf("%s changes nothing, so there is nothing to take back", ref), "remove undo")
	case !described.Risk.Writes() && a.Irreversible:
		p.tell(a.Ref.Node, RuleUndo, fmt.Sprintf("%s changes nothing, so irreversible means nothing", ref), "remove irreversible")
	case a.Undo != nil && a.Irreversible:
		p.tell(a.Undo.Node, RuleUndo, "a step that nothing takes back has no undo", "remove undo, or irreversible")
	case described.Risk.Writes() && !back && !final:
		p.tell(a.Ref.Node, RuleUndo, fmt.Sprintf("%s changes the world and nothing takes it back", ref), "add undo: {action: ...}, or irreversible: true and an approval")
	case a.ExpiresIn.Node != nil && (!back || a.Irreversible):
		p.Fault(a.ExpiresIn.Node, RuleUndo, fmt.Sprintf("%s cannot expire: nothing takes it back", ref), "remove expires_in, or add undo")
	}
}

// undo checks the step's own way back. Its arguments may also read args, what was
// sent, and output, what came back.
func (p *pass) undo(a *ast.Action, here *scope) {
	undo := p.find(a.Undo.Ref, a.Undo.Instance, a.Undo.Name)
	if undo == nil {
		return
	}
	env := p.environment(here)
	env["args"], env["output"] = expression.OpenObject(nil), p.outputType(a)
	p.arguments(callSite{at: a.Undo.Ref.Node, ref: a.Undo.Ref.Value, given: a.Undo.With, with: a.Undo.Node.Get("with"), env: env}, undo, here)
	if !undo.Risk.Writes() {
		p.tell(a.Undo.Ref.Node, RuleUndo, fmt.Sprintf("%s changes nothing, so it takes nothing back", a.Undo.Ref.Value), "name the action that takes it back")
	}
}
