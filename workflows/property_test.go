package workflows_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// author writes random plans of bounded size.
type author struct {
	t     *rapid.T
	steps int
	ids   []string     // of steps written so far, to be read
	calls []*plan.Plan // playbooks that are called
}

func (a *author) one(of ...string) string { return rapid.SampledFrom(of).Draw(a.t, "pick") }

func (a *author) chance(percent int) bool {
	return rapid.IntRange(0, 99).Draw(a.t, "chance") < percent
}

func (a *author) list(depth int) []*plan.Step {
	var steps []*plan.Step
	for range rapid.IntRange(1, 3).Draw(a.t, "length") {
		if a.steps < 25 {
			steps = append(steps, a.step(depth))
		}
	}
	if len(steps) == 0 {
		steps = append(steps, set(a.id(), with("x", 1)))
	}
	return steps
}

func (a *author) id() string {
	a.steps++
	id := fmt.Sprintf("s%d", a.steps)
	return id
}

func (a *author) step(depth int) *plan.Step {
	kinds := []string{"action", "action", "change", "set", "wait", "approval", "task", "declare", "escalate"}
	if depth > 0 {
		kinds = append(kinds, "steps", "switch", "parallel", "for_each", "repeat", "call")
	}
	if a.chance(4) {
		kinds = []string{"fail", "close"}
	}
	kind := a.one(kinds...)
	id := a.id()
	s := a.make(kind, id, depth)
	if a.chance(15) {
		when(a.condition())(s)
	}
	if a.chance(10) {
		skipWhen(a.condition())(s)
	}
	if a.chance(15) {
		within(time.Duration(rapid.IntRange(1, 300).Draw(a.t, "timeout")) * time.Minute)(s)
	}
	s.OnFailure = plan.OnFailure(a.one("fail", "fail", "continue", "compensate"))
	s.Always = a.chance(10)
	s.Phase = a.one("", "", "contain", "eradicate")
	a.ids = append(a.ids, id)
	return s
}

func (a *author) condition() string {
	if len(a.ids) > 0 && a.chance(60) {
		return fmt.Sprintf("steps.%s?.status != %q", a.one(a.ids...), a.one("failed", "succeeded", "skipped"))
	}
	return a.one("true", "false", `incident.severity == "high"`)
}

func (a *author) make(kind, id string, depth int) *plan.Step {
	switch kind {
	case "action":
		return act(id, "x."+id, args("h", "=alert.host.name"), attempts(rapid.IntRange(1, 3).Draw(a.t, "attempts"), "transient", "limited"))
	case "change":
		s := isolate(id, id)
		if a.chance(40) {
			expires(time.Duration(rapid.IntRange(1, 100).Draw(a.t, "expires")) * time.Hour)(s)
		}
		return s
	case "set":
		return set(id, with("x", "=incident.severity"))
	case "declare":
		return declare(id, with("severity", a.one("low", "high", "critical")))
	case "escalate":
		return escalate(id, "on_call", "hm")
	case "wait":
		return a.pause(id)
	case "task":
		return work(id, plan.Task{DueIn: time.Hour, Escalate: []plan.After{{After: 2 * time.Hour, To: plan.Who{Role: "ciso"}}}}, within(50*time.Hour))
	case "approval":
		asked := plan.Approval{ExpiresIn: time.Duration(rapid.IntRange(1, 20).Draw(a.t, "expires")) * time.Hour, OnExpire: a.one("deny", "escalate", "fail"), Quorum: rapid.IntRange(1, 2).Draw(a.t, "quorum")}
		if a.chance(50) {
			asked.RemindEvery = time.Hour
		}
		return approval(id, asked)
	case "fail":
		return failing(id, "no good")
	case "close":
		return closing(id, a.one("resolved", "false_positive"))
	case "call":
		return a.called(id, depth)
	case "steps":
		return block(id, a.list(depth-1))
	case "switch":
		return branches(id, []plan.Branch{{When: expr(a.condition()), Steps: a.list(depth - 1)}, {Steps: a.list(depth - 1)}})
	case "parallel":
		return parallel(id, plan.Parallel{
			Join: rapid.IntRange(0, 2).Draw(a.t, "join"), OnError: a.one("wait", "cancel"),
			Branches: []plan.NamedBranch{arm("l", a.list(depth-1)...), arm("m", a.list(depth-1)...), arm("r", a.list(depth-1)...)},
		})
	case "for_each":
		return forEach(id, `["a", "b", "c"]`, "e"+id, rapid.IntRange(1, 3).Draw(a.t, "wide"), a.list(depth-1))
	default:
		return repeat(id, a.condition(), time.Minute, 3, a.list(depth-1))
	}
}

// called writes a playbook of its own, which reads its own steps only.
func (a *author) called(id string, depth int) *plan.Step {
	outside := a.ids
	a.ids = nil
	child := playbook("called_"+id, a.list(depth-1)...)
	a.ids = outside
	a.calls = append(a.calls, child)
	return call(id, child, nil)
}

func (a *author) pause(id string) *plan.Step {
	switch a.one("for", "until", "event") {
	case "for":
		return wait(id, plan.Wait{For: time.Duration(rapid.IntRange(0, 600).Draw(a.t, "minutes")) * time.Minute})
	case "until":
		return wait(id, plan.Wait{Until: expr(a.condition()), Timeout: time.Hour})
	default:
		return wait(id, plan.Wait{Event: "ping", Timeout: 30 * time.Hour})
	}
}

// fate answers actions at random, but the same for the same call.
type fate struct {
	t       *rapid.T
	seed    uint64
	settled map[string]int // calls of a key after it was answered
	done    map[string]bool
	tries   map[string]int
}

func (f *fate) answer(r protocol.ActionRequest, _ int) (protocol.ActionResult, error) {
	if f.done[r.Key] {
		f.settled[r.Key]++
	}
	f.tries[r.Key]++
	mix := f.seed
	for _, b := range []byte(r.Key) {
		mix = mix*1099511628211 ^ uint64(b)
	}
	mix = (mix ^ uint64(f.tries[r.Key])*0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	switch roll := mix >> 32 % 100; {
	case roll < 10:
		return protocol.ActionResult{}, transient("busy")
	case roll < 15:
		return protocol.ActionResult{}, storeAway()
	case roll < 27:
		f.done[r.Key] = true
		return broken("no"), nil
	case roll < 31:
		f.done[r.Key] = true
		return unclear("lost"), nil
	case roll < 34:
		f.done[r.Key] = true
		return refusedBy("guard"), nil
	default:
		f.done[r.Key] = true
		return done(map[string]any{"n": int(roll)}), nil
	}
}

// TestRandomPlans lets random plans meet random answers and busy people, with
// and without continuing as new at every moment. Every incident can be closed in
// the end, no settled effect is called again, the record has no gap, and no step
// is left running.
func TestRandomPlans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := &author{t: t}
		p := playbook("random", a.list(3)...)
		w := newWorld(t, append(a.calls, p)...)
		w.often = rapid.Bool().Draw(t, "often")
		f := &fate{t: t, seed: rapid.Uint64().Draw(t, "seed"), settled: map[string]int{}, done: map[string]bool{}, tries: map[string]int{}}
		w.answer = func(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return f.answer(r, nth)
		}
		if rapid.Bool().Draw(t, "policy") {
			w.policy = onlyLead
		}
		moves := rapid.SliceOfN(rapid.IntRange(0, 99), 12, 12).Draw(t, "moves")
		for n, move := range moves {
			at := time.Duration(n+1) * 7 * time.Hour
			w.acts = append(w.acts, &act2{at: at, special: func(env *testsuite.TestWorkflowEnvironment) { w.meddle(env, n, move) }})
		}
		input := incident(p)
		input.Settings.AutoClose = rapid.Bool().Draw(t, "auto close")
		w.at(1000*time.Hour, protocol.UpdateCancel, protocol.Cancel{Command: by("end"), Compensate: rapid.Bool().Draw(t, "compensate")})
		w.at(2000*time.Hour, protocol.UpdateCancel, protocol.Cancel{Command: by("end")})
		w.closeAt(3000 * time.Hour)
		w.run(input)
		if w.err != nil || !w.result.Status.Ended() {
			t.Errorf("ended as %q, error %v", w.result.Status, w.err)
		}
		for key, times := range f.settled {
			t.Errorf("key %s was called %d times after its answer", key, times)
		}
		for key, view := range w.steps {
			if view.Status == soar.StepRunning {
				t.Errorf("step %s is left running", key)
			}
		}
		if t.Failed() {
			t.Logf("elapsed %s, histories %d, end %+v %+v %+v\n%s", w.elapsed, w.rounds, *w.acts[12], *w.acts[13], *w.acts[14], w.transcript())
		}
	})
}

// meddle is what people do: they look at the incident and do something that its
// state permits, or does not.
func (w *world) meddle(env *testsuite.TestWorkflowEnvironment, n, move int) {
	value, err := env.QueryWorkflow(protocol.QueryState)
	if err != nil {
		return
	}
	var view protocol.StateView
	if err := value.Get(&view); err != nil {
		w.t.Errorf("query: %v", err)
		return
	}
	quiet := &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: func(error) {}, OnComplete: func(_ any, err error) {
		if err != nil && !errors.Is(err, nil) {
			w.t.Errorf("update: %v", err)
		}
	}}
	send := func(name string, payload any) {
		env.UpdateWorkflow(name, fmt.Sprintf("m%d-%s-%d", n, name, move), quiet, payload)
	}
	send(protocol.UpdateEvent, protocol.Event{Command: by("tool"), Name: "ping"})
	for i, asked := range view.Approvals {
		if (i+move)%3 != 0 {
			send(protocol.UpdateDecide, protocol.Decide{Command: by("lead"), Decision: soar.Decision{
				ApprovalID: asked.ID, By: person(fmt.Sprintf("lead%d", n)), Roles: []soar.Role{"soc_lead"}, Approve: move > 20, Digest: asked.Digest,
			}})
			break
		}
	}
	for _, task := range view.Tasks {
		if task.Status == soar.TaskOpen && move%2 == 0 {
			send(protocol.UpdateCompleteTask, protocol.CompleteTask{Command: by("ana"), TaskID: task.ID})
			break
		}
	}
	w.meddleSteps(view, move, send)
	switch move % 10 {
	case 3:
		send(protocol.UpdatePause, protocol.Control{Command: by("ana")})
	case 4, 5, 6:
		send(protocol.UpdateResume, protocol.Control{Command: by("ana")})
	case 9:
		send(protocol.UpdateAcknowledgeEscalation, protocol.AcknowledgeEscalation{Command: by("ana")})
	case 7:
		for _, held := range view.Containments {
			send(protocol.UpdateRelease, protocol.Release{Command: by("ana"), ContainmentID: held.ID})
		}
	case 8:
		send(protocol.UpdateCancel, protocol.Cancel{Command: by("ana"), Compensate: move > 50})
	}
}

func (w *world) meddleSteps(view protocol.StateView, move int, send func(string, any)) {
	count := 0
	for _, run := range view.Runs {
		for _, s := range run.Steps {
			command := protocol.StepCommand{Command: by("ana"), Key: s.Key}
			if s.Status != soar.StepFailed && s.Error == "" || count > 2 {
				continue
			}
			count++
			switch (move + count) % 4 {
			case 0:
				send(protocol.UpdateSkipStep, command)
			case 1, 2:
				send(protocol.UpdateRetryStep, command)
			default:
				send(protocol.UpdateMarkDone, command)
			}
		}
	}
}
