package workflows_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Plans by hand: the compiler is another package's matter. seal gives paths and
// the digest; the rest are short forms of steps.

func playbook(name string, steps ...*plan.Step) *plan.Plan {
	p := &plan.Plan{Language: "v1", Playbook: name, Version: "1.0.0", Title: name, Owner: "author", Steps: steps}
	return seal(p)
}

func seal(p *plan.Plan) *plan.Plan {
	setPaths(p.Steps, "")
	body, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(body)
	p.Digest = hex.EncodeToString(sum[:])
	return p
}

func setPaths(steps []*plan.Step, prefix string) {
	for i, s := range steps {
		if s.ID == "" {
			s.ID = string(s.Kind) + "_" + strings.ReplaceAll(prefix, "/", "_") + strconv.Itoa(i)
		}
		s.Path = prefix + s.ID
		if s.Phase != "" {
			inheritPhase(s)
		}
		switch s.Kind {
		case plan.KindSwitch:
			for n, branch := range s.Switch {
				setPaths(branch.Steps, s.Path+"/"+strconv.Itoa(n)+"/")
			}
		case plan.KindParallel:
			for _, branch := range s.Parallel.Branches {
				setPaths(branch.Steps, s.Path+"/"+branch.Name+"/")
			}
		default:
			for _, children := range s.Children() {
				setPaths(children, s.Path+"/")
			}
		}
	}
}

func inheritPhase(s *plan.Step) {
	for _, children := range s.Children() {
		for _, child := range children {
			if child.Phase == "" {
				child.Phase = s.Phase
			}
		}
	}
}

func expr(source string) *plan.Expr { return &plan.Expr{Source: source} }

func lit(v any) plan.Value { return plan.Value{Kind: "literal", Literal: v} }

func val(source string) plan.Value { return plan.Value{Kind: "expr", Expr: expr(source)} }

// with takes name, value pairs; a text that starts with = is an expression.
func with(pairs ...any) []plan.Field {
	var fields []plan.Field
	for i := 0; i < len(pairs); i += 2 {
		value := lit(pairs[i+1])
		if text, ok := pairs[i+1].(string); ok && strings.HasPrefix(text, "=") {
			value = val(text[1:])
		}
		fields = append(fields, plan.Field{Name: pairs[i].(string), Value: value})
	}
	return fields
}

type option func(*plan.Step)

func step(id string, kind plan.Kind, options []option) *plan.Step {
	s := &plan.Step{ID: id, Kind: kind}
	for _, o := range options {
		o(s)
	}
	return s
}

func when(source string) option     { return func(s *plan.Step) { s.When = expr(source) } }
func skipWhen(source string) option { return func(s *plan.Step) { s.SkipWhen = expr(source) } }
func within(d time.Duration) option { return func(s *plan.Step) { s.Timeout = d } }
func onFailure(f plan.OnFailure) option {
	return func(s *plan.Step) { s.OnFailure = f }
}
func always() option           { return func(s *plan.Step) { s.Always = true } }
func phase(name string) option { return func(s *plan.Step) { s.Phase = name } }

// act is a reading action.
func act(id, ref string, options ...option) *plan.Step {
	s := step(id, plan.KindAction, nil)
	connector, name, _ := strings.Cut(ref, ".")
	s.Action = &plan.Action{
		Connector: connector, Name: name, Risk: "read", AttemptTimeout: 30 * time.Second, TotalTimeout: 5 * time.Minute,
		Retry: plan.Retry{MaxAttempts: 3, Initial: time.Second, Backoff: 2, On: []string{"transient", "limited"}},
	}
	for _, o := range options {
		o(s)
	}
	return s
}

func args(pairs ...any) option { return func(s *plan.Step) { s.Action.With = with(pairs...) } }

// changes makes the action one that writes, with an undo by the given action.
func changes(undo string) option {
	return func(s *plan.Step) {
		s.Action.Risk, s.Action.Target = "change", "host"
		if undo == "" {
			s.Action.Irreversible = true
			return
		}
		connector, name, _ := strings.Cut(undo, ".")
		s.Action.Undo = &plan.Undo{Connector: connector, Name: name, With: with("host", "=args.host")}
	}
}

func expires(d time.Duration) option { return func(s *plan.Step) { s.Action.ExpiresIn = d } }

func attempts(n int, on ...string) option {
	return func(s *plan.Step) { s.Action.Retry.MaxAttempts, s.Action.Retry.On = n, on }
}

// isolate is the containment that most tests use.
func isolate(id, host string, options ...option) *plan.Step {
	return act(id, "edr.isolate_host", append([]option{args("host", host), changes("edr.release_host")}, options...)...)
}

func block(id string, steps []*plan.Step, options ...option) *plan.Step {
	s := step(id, plan.KindSteps, options)
	s.Steps = steps
	return s
}

func list(steps ...*plan.Step) []*plan.Step { return steps }

func branches(id string, list []plan.Branch, options ...option) *plan.Step {
	s := step(id, plan.KindSwitch, options)
	s.Switch = list
	return s
}

func parallel(id string, p plan.Parallel, options ...option) *plan.Step {
	s := step(id, plan.KindParallel, options)
	s.Parallel = &p
	return s
}

func arm(name string, steps ...*plan.Step) plan.NamedBranch {
	return plan.NamedBranch{Name: name, Steps: steps}
}

func forEach(id, source, as string, width int, body []*plan.Step, options ...option) *plan.Step {
	s := step(id, plan.KindForEach, options)
	s.ForEach = &plan.ForEach{List: *expr(source), As: as, MaxParallel: width, MaxItems: 100, Body: body}
	return s
}

func repeat(id, until string, every time.Duration, most int, body []*plan.Step, options ...option) *plan.Step {
	s := step(id, plan.KindRepeat, options)
	s.Repeat = &plan.Repeat{Until: *expr(until), Every: every, MaxTimes: most, Body: body}
	return s
}

func approval(id string, a plan.Approval, options ...option) *plan.Step {
	s := step(id, plan.KindApproval, options)
	if a.Title.Kind == "" {
		a.Title = lit("May it run?")
	}
	if a.Approvers == nil {
		a.Approvers = []plan.Who{{Role: "soc_lead"}, {Role: "incident_commander"}}
	}
	if a.ExpiresIn == 0 {
		a.ExpiresIn = 15 * time.Minute
	}
	if a.OnExpire == "" {
		a.OnExpire = "deny"
	}
	s.Approval = &a
	return s
}

func work(id string, t plan.Task, options ...option) *plan.Step {
	s := step(id, plan.KindTask, options)
	if t.Assignee.Role == "" && t.Assignee.Person == nil {
		t.Assignee = plan.Who{Role: "analyst"}
	}
	s.Task = &t
	return s
}

func wait(id string, w plan.Wait, options ...option) *plan.Step {
	s := step(id, plan.KindWait, options)
	s.Wait = &w
	return s
}

func call(id string, p *plan.Plan, with []plan.Field, options ...option) *plan.Step {
	s := step(id, plan.KindCall, options)
	s.Call = &plan.Call{Playbook: p.Playbook, Digest: p.Digest, With: with}
	return s
}

func set(id string, fields []plan.Field, options ...option) *plan.Step {
	s := step(id, plan.KindSet, options)
	s.Set = fields
	return s
}

func declare(id string, fields []plan.Field, options ...option) *plan.Step {
	s := step(id, plan.KindDeclare, options)
	s.Declare = fields
	return s
}

// onlyLead is a policy of one step.
func onlyLead(r protocol.EscalationRequest) (protocol.EscalationPolicy, error) {
	step := protocol.EscalationStep{To: []soar.Approver{{Role: soar.RoleSOCLead}}, Wait: 24 * time.Hour}
	return protocol.EscalationPolicy{Name: r.Policy, Steps: []protocol.EscalationStep{step}}, nil
}

func escalate(id, policy, reason string, options ...option) *plan.Step {
	s := step(id, plan.KindEscalate, options)
	s.Escalate = &plan.Escalate{Policy: policy, Reason: lit(reason)}
	return s
}

func closing(id, resolution string, options ...option) *plan.Step {
	s := step(id, plan.KindClose, options)
	s.End = &plan.End{Resolution: resolution, Reason: lit("because")}
	return s
}

func failing(id, reason string, options ...option) *plan.Step {
	s := step(id, plan.KindFail, options)
	s.End = &plan.End{Reason: lit(reason)}
	return s
}
