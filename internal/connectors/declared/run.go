package declared

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// run is one call of an action.
type run struct {
	*instance
	plan      *plan
	call      connector.Call
	vars      map[string]any
	responses map[string]any
	passed    bool // the effect was sent and answered well
	verdict   bool // the failure is the system's own word, read by a rule of the request itself
}

// newRun holds the arguments against what may never be sent.
func newRun(i *instance, pl *plan, call connector.Call) (*run, *connector.Error) {
	refuse := func(message string) *connector.Error {
		return &connector.Error{Class: connector.Permanent, Message: message}
	}
	if pl.action.Risk.Writes() {
		if _, err := guard.Targets(call.Args[pl.action.Target]); err != nil {
			return nil, refuse("argument " + pl.action.Target + ": " + err.Error())
		}
	}
	args, err := expression.Normalise(anyArgs(call.Args))
	if err != nil {
		return nil, refuse("the arguments are no plain data: " + err.Error())
	}
	if name := tooLarge(args, "args"); name != "" {
		return nil, refuse(fmt.Sprintf("%s is longer than a request may carry: %d bytes for a text, %d items for a list", name, expression.MaxTextBytes, expression.MaxListItems))
	}
	r := &run{instance: i, plan: pl, call: call, responses: map[string]any{}}
	r.vars = map[string]any{
		"args": withAbsent(args, pl.action.Input), "settings": i.settings, "responses": r.responses, "response": nil,
		"call": map[string]any{"key": call.Key, "incident_id": call.IncidentID},
	}
	return r, nil
}

func anyArgs(args map[string]any) map[string]any {
	if args == nil {
		return map[string]any{}
	}
	return args
}

// withAbsent adds the declared arguments that were not given as null, so that an
// expression may read them, and defaults where the schema has one.
func withAbsent(args any, schema map[string]any) any {
	given, _ := args.(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		if _, there := given[name]; there {
			continue
		}
		given[name] = nil
		if described, ok := property.(map[string]any); ok {
			given[name] = described["default"]
		}
	}
	return given
}

// tooLarge names the first value that is held by reference.
func tooLarge(v any, name string) string {
	switch data := v.(type) {
	case map[string]any:
		if data["by_reference"] == true {
			return name
		}
		for key, member := range data {
			if found := tooLarge(member, name+"."+key); found != "" {
				return found
			}
		}
	case []any:
		for _, item := range data {
			if found := tooLarge(item, name); found != "" {
				return found
			}
		}
	}
	return ""
}

// all makes the requests in a row and gives the output.
func (r *run) all(ctx context.Context) (map[string]any, *connector.Error) {
	for _, one := range r.plan.requests {
		needed, failure := r.needed(one)
		if failure == nil && needed {
			failure = r.step(ctx, one)
		}
		if failure != nil {
			return nil, r.judged(failure)
		}
	}
	output, err := r.output()
	if err != nil {
		return nil, r.judged(badAnswer(false, err))
	}
	return output, nil
}

// needed evaluates when. The answer of a request that is not needed is null.
func (r *run) needed(one *request) (bool, *connector.Error) {
	if one.when == nil {
		return true, nil
	}
	yes, err := one.when.Bool(r.vars)
	if err != nil {
		return false, &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("%s: when: %v", one.at, err)}
	}
	if !yes {
		r.responses[one.id], r.vars["response"] = nil, nil
	}
	return yes, nil
}

// step makes one request, in all its pages or until its answer is final.
func (r *run) step(ctx context.Context, one *request) *connector.Error {
	var answer map[string]any
	var failure *connector.Error
	switch {
	case one.paging != nil:
		answer, failure = r.pages(ctx, one)
	case one.poll != nil:
		answer, failure = r.polled(ctx, one)
	default:
		answer, failure = r.once(ctx, one, detour{})
	}
	if failure != nil {
		return failure
	}
	r.passed = r.passed || one.effect && r.plan.action.Risk != soar.RiskRead
	r.vars["response"] = answer
	if one.id != "" {
		r.responses[one.id] = answer
	}
	return nil
}

// judged turns what went wrong after the effect into an unknown outcome, unless
// the system itself says that it failed for good.
func (r *run) judged(failure *connector.Error) *connector.Error {
	if !r.passed {
		return failure
	}
	if r.verdict && failure.Class == connector.Permanent {
		return failure
	}
	return &connector.Error{Class: connector.Unknown, Message: soar.Shorten("it was sent, and its outcome could not be read: "+failure.Message, 500), Err: failure.Err}
}

// output evaluates result and holds it against the schema.
func (r *run) output() (map[string]any, error) {
	got, err := evaluation{vars: r.vars}.tree(r.plan.result)
	if err != nil {
		return nil, err
	}
	output, ok := got.(map[string]any)
	if !ok {
		return nil, errors.New("the result is no object")
	}
	return output, r.kind.schemas.CheckOutput(r.plan.action.Name, output)
}

// effectful tells whether a failure of the request leaves its outcome unknown. A
// GET that collects is noted in the ledger, but changes nothing.
func effectful(one *request) bool { return one.effect && one.method != http.MethodGet }

// badAnswer is an answer that cannot be read as the file says.
func badAnswer(effect bool, err error) *connector.Error {
	class := connector.Permanent
	if effect {
		class = connector.Unknown
	}
	return &connector.Error{Class: class, Message: soar.Shorten("the answer is not what was expected: "+strings.ToValidUTF8(err.Error(), "?"), 500)}
}
