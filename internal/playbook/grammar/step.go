package grammar

import (
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// StepKind is one kind of step: the key that says so, and the keys that may stand
// beside it.
type StepKind struct {
	Kind   plan.Kind
	Key    Key   // named as the kind
	Beside []Key // keys of its own on the step
	Doc    string
}

// CommonKeys are those that every step may have, in canonical order. The kind's own
// keys stand between those before and those from "timeout" on.
func CommonKeys() []Key {
	return []Key{
		{Name: "id", Form: Identifier, Doc: "The step's name, unique in the playbook; expressions read steps.<id>."},
		{Name: "title", Form: Template, Doc: "What people see."},
		{Name: "phase", Form: Choice, Words: words(soar.Phases()), Default: "that of the block around", Doc: "The part of the response the step belongs to."},
		{Name: "always", Form: Boolean, Default: "false", Doc: "Runs however the steps before it in the same list ended."},
		{Name: "when", Form: Expression, Doc: "The step is skipped when this is false."},
		{Name: "skip_when", Form: Expression, Doc: "The step is skipped when this is true; an approval that a policy stands in for is written so."},
		{Name: "timeout", Form: Timeout, Shape: ActionTimeout(), Shortest: time.Second, Longest: LongestWait,
			Doc: "How long the whole step may take, retries and waits included; then it fails. An action also takes {attempt, total}."},
		{Name: "on_failure", Form: Choice, Words: []string{string(plan.OnFailureFail), string(plan.OnFailureContinue), string(plan.OnFailureCompensate)}, Default: "fail",
			Doc: "fail: the block around fails. continue: the next step runs. compensate: what the step did is undone, last first, and then it fails."},
	}
}

// StepKinds lists the kinds of step. for_each stands before any of the others: it
// runs one step, or "steps", once for each element.
func StepKinds() []StepKind {
	return []StepKind{
		{Kind: plan.KindForEach, Doc: "Runs the step, or its steps, once for each element of a list.",
			Key: Key{Name: "for_each", Form: Expression, Doc: "The list, as an expression."},
			Beside: []Key{
				{Name: "as", Form: Identifier, Doc: "Name of the element in expressions; required with for_each."},
				{Name: "max_parallel", Form: Integer, Least: 1, Most: MaxParallel, Default: "8", Doc: "How many elements are worked on at once."},
				{Name: "max_items", Form: Integer, Least: 1, Most: MaxItems, Default: "256", Doc: "A longer list fails the step."},
			}},
		{Kind: plan.KindAction, Doc: "Calls one action of a connector.",
			Key: Key{Name: "action", Form: Action, Doc: "What to call, as instance.action."},
			Beside: []Key{
				{Name: "with", Form: Values, Doc: "The arguments."},
				{Name: "retry", Form: Mapping, Shape: Retry(), Doc: "How failures are tried again."},
				{Name: "expires_in", Form: Duration, Shortest: time.Minute, Longest: LongestWait, Doc: "Time-boxes the measure: it is undone by itself after this long unless somebody extends it."},
				{Name: "undo", Form: Mapping, Shape: Undo(), Doc: "How to take it back, in place of the manifest's way."},
				{Name: "irreversible", Form: Boolean, Default: "the manifest's", Doc: "States that nothing takes the action back; it then needs an approval."},
				{Name: "waive_evidence", Form: Text, Doc: "Why this may run before evidence was collected, for the record."},
				{Name: "idempotency_key", Form: Expression, Doc: "Text that names the effect, in place of the target: the same text has one effect."},
			}},
		{Kind: plan.KindSwitch, Doc: "Takes the first branch whose when is true.",
			Key: Key{Name: "switch", Form: Branches, Shape: Branch(), Least: 1, Most: 50, Doc: "Branches in order; else comes last."}},
		{Kind: plan.KindParallel, Doc: "Runs named branches side by side.",
			Key: Key{Name: "parallel", Form: Named, Least: 2, Most: 20, Doc: "Branches by name, each a list of steps."},
			Beside: []Key{
				{Name: "join", Form: Join, Default: "all", Doc: "How many branches must succeed: all, any or a number."},
				{Name: "on_error", Form: Choice, Words: []string{"wait", "cancel"}, Default: "wait", Doc: "When the join can no longer be met: wait for the other branches, or cancel them."},
			}},
		{Kind: plan.KindRepeat, Doc: "Runs steps until a condition holds.",
			Key: Key{Name: "repeat", Form: Mapping, Shape: Repeat(), Doc: "What to repeat, until when, how often at most."}},
		{Kind: plan.KindApproval, Doc: "Asks people and waits for their answer.",
			Key: Key{Name: "approval", Form: Mapping, Shape: Approval(), Doc: "The question and who may answer."}},
		{Kind: plan.KindTask, Doc: "Gives a person work and waits until it is done.",
			Key: Key{Name: "task", Form: Mapping, Shape: Task(), Doc: "The work and who does it."}},
		{Kind: plan.KindWait, Doc: "Pauses the run.",
			Key: Key{Name: "wait", Form: Mapping, Shape: Wait(), Doc: "How long, until when, or for what."}},
		{Kind: plan.KindCall, Doc: "Runs another playbook in the same incident.",
			Key: Key{Name: "call", Form: Mapping, Shape: Call(), Doc: "Which playbook, with which inputs."}},
		{Kind: plan.KindEscalate, Doc: "Starts an escalation policy.",
			Key: Key{Name: "escalate", Form: Mapping, Shape: Escalate(), Doc: "Which policy, and why."}},
		{Kind: plan.KindDeclare, Doc: "Changes the incident.",
			Key: Key{Name: "declare", Form: Mapping, Shape: Declare(), Doc: "The fields to change."}},
		{Kind: plan.KindSet, Doc: "Names values for later steps, which read vars.<name>.",
			Key: Key{Name: "set", Form: Values, Least: 1, Doc: "Values by name."}},
		{Kind: plan.KindClose, Doc: "Closes the incident and ends the run.",
			Key: Key{Name: "close", Form: Mapping, Shape: Close(), Doc: "How the incident ended."}},
		{Kind: plan.KindFail, Doc: "Ends the run as failed.",
			Key: Key{Name: "fail", Form: Mapping, Shape: Fail(), Doc: "What went wrong."}},
		{Kind: plan.KindSteps, Doc: "A block: one scope for when, on_failure and timeout.",
			Key: Key{Name: "steps", Form: Steps, Least: 1, Doc: "The steps of the block."}},
	}
}

// Step is a step with all keys of all kinds, in canonical order.
func Step() *Shape {
	common := CommonKeys()
	split := slices.IndexFunc(common, func(key Key) bool { return key.Name == "timeout" })
	keys := slices.Clone(common[:split])
	var kindKeys, forEach []Key
	for _, kind := range StepKinds() {
		if kind.Kind == plan.KindForEach {
			forEach = append([]Key{kind.Key}, kind.Beside...)
			continue
		}
		kindKeys = append(append(kindKeys, kind.Key), kind.Beside...)
	}
	keys = append(append(keys, forEach...), kindKeys...)
	return &Shape{Name: "a step", Keys: append(keys, common[split:]...)}
}

// Owner gives the kind that a key stands beside, and false for common keys, keys that
// say the kind and unknown keys.
func Owner(key string) (plan.Kind, bool) {
	for _, kind := range StepKinds() {
		if slices.ContainsFunc(kind.Beside, func(k Key) bool { return k.Name == key }) {
			return kind.Kind, true
		}
	}
	return "", false
}
