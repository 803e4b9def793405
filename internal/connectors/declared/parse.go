package declared

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Names of the rules that only this package reports under.
const (
	RuleHTTP       = "connector_http"       // a request that cannot be, or may not be
	RuleAuth       = "connector_auth"       // credentials that name no fitting setting
	RuleResult     = "connector_result"     // a result that does not fit the output schema
	RuleExpression = "connector_expression" // a fault in an expression
)

// maxRequests bounds the requests of one action.
const maxRequests = 8

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Parse reads a connector file. Kind is nil when the list has errors. file is the
// name used in places.
func Parse(file string, source []byte) (*Kind, diag.List) {
	extra := manifest.Extra{Top: []string{"http"}, Action: []string{"request", "requests", "result"}}
	described, document, faults := manifest.ParseWith(file, source, extra)
	if document == nil {
		return nil, faults
	}
	p := &parser{Reader: strictyaml.Reader{File: file, List: faults}, manifest: described}
	kind := &Kind{manifest: described, plans: map[string]*plan{}, system: realSystem()}
	kind.http = p.transport(document.Root)
	p.addSettings(&kind.http)
	actions := document.Root.Get("actions")
	for i := range described.Actions {
		action := &described.Actions[i]
		kind.plans[action.Name] = p.plan(action, actions.Get(action.Name))
	}
	p.List = append(p.List, playbook.CheckManifest(described)...)
	p.List.Sort()
	if !p.List.HasErrors() {
		kind.schemas = p.schemas(described)
	}
	if p.List.HasErrors() {
		return nil, p.List
	}
	return kind, p.List
}

type parser struct {
	strictyaml.Reader
	manifest *manifest.Manifest
}

func (p *parser) schemas(m *manifest.Manifest) *connector.Schemas {
	schemas, err := connector.CompileSchemas(m)
	if err != nil {
		p.Report(diag.Position{File: p.File}, 0, RuleResult, err.Error(), "")
	}
	return schemas
}

func (p *parser) problems(problems []expression.Problem, place func(int) diag.Position) {
	for _, problem := range problems {
		p.Report(place(problem.Column-1), problem.Length, RuleExpression, problem.Message, problem.Hint)
	}
}

// program compiles a key that holds a bare expression; nil when it is not there.
func (p *parser) program(n *strictyaml.Node, env expression.Environment, want *expression.Type) *expression.Program {
	if n == nil || n.Bad {
		return nil
	}
	text := n.Text
	if n.Kind != strictyaml.String && n.Kind != strictyaml.Bool {
		p.Fault(n, strictyaml.RuleWrongType, "an expression must be text, this is "+n.Kind.String(), "")
		return nil
	}
	compiled, problems := expression.Compile(text, env, want)
	p.problems(problems, n.At)
	return compiled
}

// plan reads the HTTP part of an action.
func (p *parser) plan(action *manifest.Action, n *strictyaml.Node) *plan {
	pl := &plan{action: action}
	if n == nil || n.Kind != strictyaml.Map {
		return pl
	}
	if action.Evidence {
		p.Fault(n.Get("evidence"), RuleHTTP, "a declared connector hands over no evidence items", "give what was collected as output, or write this connector in Go")
	}
	env := p.environment(action)
	one, many, result := n.Get("request"), n.Get("requests"), n.Get("result")
	switch {
	case one != nil && many != nil:
		p.Fault(n.Key("requests"), RuleHTTP, "an action has request or requests, not both", "")
	case one == nil && many == nil:
		p.Report(action.At, len(action.Name), strictyaml.RuleMissingKey, fmt.Sprintf("the action %s needs the key \"request\"", action.Name), "or requests: for several in a row")
	case one != nil:
		pl.requests = []*request{p.request(one, "", env)}
	case p.Is(many, strictyaml.List, "requests"):
		pl.requests = p.series(many, env)
	}
	p.marks(pl, n)
	p.target(action, n)
	if result == nil {
		p.Report(action.At, len(action.Name), strictyaml.RuleMissingKey, fmt.Sprintf("the action %s needs the key \"result\"", action.Name), "it says what of the answer is the output; write result: {} for nothing")
		return pl
	}
	pl.result = p.result(action, result, env)
	return pl
}

// environment gives what expressions of an action may read.
func (p *parser) environment(action *manifest.Action) expression.Environment {
	settings := map[string]*expression.Type{}
	for _, setting := range p.manifest.Settings {
		if !setting.Secret {
			settings[setting.Name] = expression.Text()
		}
	}
	input, err := expression.FromJSONSchema(action.Input)
	if err != nil {
		input = expression.OpenObject(nil)
	}
	return expression.Environment{
		"args": input, "settings": expression.ObjectOf(settings),
		"call": expression.ObjectOf(map[string]*expression.Type{"key": expression.Text(), "incident_id": expression.Text()}),
	}
}

// series reads the requests of an action. Each may read the answers of those
// before it.
func (p *parser) series(n *strictyaml.Node, env expression.Environment) []*request {
	var requests []*request
	answers := map[string]*expression.Type{}
	if len(n.Items) == 0 || len(n.Items) > maxRequests {
		p.Fault(n, strictyaml.RuleRange, fmt.Sprintf("requests must hold 1 to %d", maxRequests), "")
	}
	for _, item := range n.Items {
		if item.Kind != strictyaml.Map {
			p.Is(item, strictyaml.Map, "a request")
			continue
		}
		id := p.Text(item.Get("id"), "id")
		if item.Get("id") == nil {
			p.Report(item.Pos, 1, strictyaml.RuleMissingKey, `a request of several needs the key "id"`, "")
		} else if _, twice := answers[id]; twice || (id != "" && !nameForm.MatchString(id)) {
			p.Fault(item.Get("id"), RuleHTTP, fmt.Sprintf("the id %q is taken, or not in snake_case", id), "")
		}
		read := expression.ObjectOf(answersBefore(answers))
		env["responses"] = read
		r := p.request(item, id, env)
		requests = append(requests, r)
		answers[id] = responseType(r)
		if r.when != nil {
			answers[id] = expression.Optional(answers[id])
		}
	}
	env["responses"] = expression.ObjectOf(answers)
	if len(requests) > 0 {
		env["response"] = answers[requests[len(requests)-1].id]
	}
	return requests
}

func answersBefore(answers map[string]*expression.Type) map[string]*expression.Type {
	before := make(map[string]*expression.Type, len(answers))
	for id, answer := range answers {
		before[id] = answer
	}
	return before
}

// responseType is what an expression may read of an answer.
func responseType(r *request) *expression.Type {
	fields := map[string]*expression.Type{
		"status": expression.Int(), "body": expression.Any(), "header": expression.OpenObject(expression.Text()),
		"link_next": expression.Optional(expression.Text()),
	}
	if r != nil && r.paging != nil {
		fields["items"], fields["more"] = expression.ListOf(nil), expression.Bool()
	}
	return expression.ObjectOf(fields)
}

// marks finds the one request that is the action's effect.
func (p *parser) marks(pl *plan, n *strictyaml.Node) {
	if len(pl.requests) == 0 || pl.action.Risk == "" {
		return
	}
	var marked []*request
	for _, r := range pl.requests {
		if r.effect {
			marked = append(marked, r)
		}
	}
	reads := pl.action.Risk == soar.RiskRead
	switch {
	case reads && len(marked) > 0:
		p.Report(marked[0].at, 1, RuleHTTP, "an action with the risk read has no effect", "remove effect:, or give the action its true risk")
	case reads:
	case len(pl.requests) == 1:
		pl.requests[0].effect = true
	case len(marked) != 1:
		p.Report(n.Key("requests").Pos, len("requests"), RuleHTTP,
			fmt.Sprintf("%d requests are marked as the effect of %s; exactly one must be", len(marked), pl.action.Name), "write effect: true at the request that changes something")
	}
	for _, r := range pl.requests {
		if r.effect && (r.paging != nil || r.poll != nil || r.when != nil) {
			p.Report(r.at, 1, RuleHTTP, "the request that is the effect is sent once and always: it has no paging, poll or when", "put them at a request of its own")
		}
		if reads && r.method != "GET" && r.method != "POST" {
			p.Report(r.at, 1, RuleHTTP, fmt.Sprintf("an action with the risk read sends no %s", r.method), "give the action its true risk")
		}
	}
}

// target makes sure that what is changed is named by a schema that admits no
// nothing.
func (p *parser) target(action *manifest.Action, n *strictyaml.Node) {
	if !action.Risk.Writes() || action.Target == "" {
		return
	}
	properties, _ := action.Input["properties"].(map[string]any)
	schema, ok := properties[action.Target].(map[string]any)
	at := n.Get("target")
	if !ok || at == nil {
		return // told when the manifest was read
	}
	if !slices.Contains(manifest.Required(action.Input), action.Target) {
		p.Fault(at, RuleHTTP, fmt.Sprintf("the target %s must be required by input", action.Target), "add it to required:")
	}
	items, _ := schema["items"].(map[string]any)
	switch {
	case schema["type"] == "string" && (number(schema["minLength"]) >= 1 || schema["enum"] != nil):
	case schema["type"] == "array" && number(schema["minItems"]) >= 1 && number(schema["maxItems"]) >= 1 && items["type"] == "string" && number(items["minLength"]) >= 1:
	default:
		p.Fault(at, RuleHTTP, fmt.Sprintf("the schema of the target %s admits nothing, which some systems take for all", action.Target),
			"text needs minLength: 1; a list needs minItems: 1, maxItems and items of text with minLength: 1")
	}
}

func number(v any) int {
	n, _ := v.(int)
	return n
}

// result compiles what of the answers is the output.
func (p *parser) result(action *manifest.Action, n *strictyaml.Node, env expression.Environment) *value {
	want, err := expression.FromJSONSchema(action.Output)
	if err != nil {
		want = expression.OpenObject(nil)
	}
	if n.Kind == strictyaml.String {
		return p.value(n, env, want)
	}
	if !p.Is(n, strictyaml.Map, "result") {
		return nil
	}
	required := manifest.Required(action.Output)
	for _, name := range required {
		if n.Get(name) == nil {
			p.Report(n.Pos, n.Length(), RuleResult, fmt.Sprintf("result lacks %q, which output requires", name), "")
		}
	}
	v := &value{shape: strictyaml.Map, at: n.Pos}
	for _, entry := range n.Entries {
		name := entry.Key.Text
		inner, known := want.Fields[name]
		if !known && !want.Open {
			p.Fault(entry.Key, RuleResult, fmt.Sprintf("output has no property %q", name), diag.DidYouMean(name, manifest.Arguments(action.Output)))
		}
		optional := !slices.Contains(required, name)
		if inner != nil && optional {
			inner = expression.Optional(inner)
		}
		v.fields = append(v.fields, field{name, optional, p.value(entry.Value, env, inner)})
	}
	return v
}
