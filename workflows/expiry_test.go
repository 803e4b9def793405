package workflows_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// ballots is what the store holds: decisions by the instant of their commit, and a
// clock that may go wrong against the workflow's.
type ballots struct {
	w      *world
	kept   []soar.Decision
	behind time.Duration // of the store's clock
	away   int           // how often it does not answer
	asked  int
}

func newBallots(w *world) *ballots {
	b := &ballots{w: w}
	w.ballots = b.committed
	return b
}

func (b *ballots) committed(request protocol.DecisionsRequest) (protocol.CommittedDecisions, error) {
	b.asked++
	if b.asked <= b.away {
		return protocol.CommittedDecisions{}, storeAway()
	}
	now := b.w.env.Now().Add(-b.behind)
	out := protocol.CommittedDecisions{Left: max(0, request.ExpiresAt.Sub(now))}
	for _, d := range b.kept {
		if d.ApprovalID == request.ApprovalID && !d.At.After(now) {
			out.Decisions = append(out.Decisions, d)
		}
	}
	return out, nil
}

// commit keeps a decision in the store at a time after the start. The workflow is not
// told.
func (b *ballots) commit(at time.Duration, d protocol.Decide) protocol.Decide {
	d.Decision.At = start().Add(at)
	d.ID = d.Decision.ID
	b.kept = append(b.kept, d.Decision)
	return d
}

// deliver is the outbox: under the decision's id, at any time later.
func (w *world) deliver(at time.Duration, d protocol.Decide) *act2 {
	a := w.at(at, protocol.UpdateDecide, d)
	a.id = d.Decision.ID
	return a
}

func TestCommittedInTimeCounts(t *testing.T) {
	t.Parallel()
	chief := func(p *plan.Plan, yes bool) protocol.Decide { return decision(p, "chief", yes, soar.RoleCISO) }
	rows := []struct {
		name   string
		asked  plan.Approval
		acts   func(*world, *ballots, *plan.Plan)
		status soar.StepStatus
		calls  int
		looks  int
		told   string
	}{
		{name: "a yes that never arrived", status: approved, calls: 1, looks: 1, told: "decided in time, at 2026-01-02T08:14:00Z",
			acts: func(_ *world, b *ballots, p *plan.Plan) { b.commit(14*time.Minute, decision(p, "lead", true)) }},
		{name: "a no that never arrived", asked: plan.Approval{OnExpire: "escalate"}, status: soar.StepDenied, looks: 1,
			acts: func(_ *world, b *ballots, p *plan.Plan) { b.commit(14*time.Minute, decision(p, "lead", false)) }},
		{name: "it arrives after all", status: approved, calls: 1, looks: 1,
			acts: func(w *world, b *ballots, p *plan.Plan) {
				w.deliver(20*time.Minute, b.commit(14*time.Minute, decision(p, "lead", true)))
			}},
		{name: "it arrived long ago", asked: plan.Approval{Quorum: 2}, status: soar.StepDenied, looks: 1,
			acts: func(w *world, b *ballots, p *plan.Plan) {
				w.deliver(5*time.Minute, b.commit(4*time.Minute, decision(p, "lead", true)))
			}},
		{name: "the second of two", asked: plan.Approval{Quorum: 2}, status: approved, calls: 1, looks: 1,
			acts: func(w *world, b *ballots, p *plan.Plan) {
				w.deliver(5*time.Minute, b.commit(4*time.Minute, decision(p, "lead", true)))
				b.commit(6*time.Minute, decision(p, "boss", true, soar.RoleIncidentCommander))
			}},
		{name: "one of two, and the second after the escalation", asked: plan.Approval{Quorum: 2, OnExpire: "escalate"}, status: approved, calls: 1, looks: 1,
			acts: func(w *world, b *ballots, p *plan.Plan) {
				b.commit(14*time.Minute, decision(p, "lead", true))
				w.deliver(20*time.Minute, b.commit(20*time.Minute, decision(p, "boss", true, soar.RoleIncidentCommander)))
			}},
		{name: "nobody, and nobody after the escalation", asked: plan.Approval{OnExpire: "escalate"}, status: soar.StepExpired, looks: 2, acts: func(*world, *ballots, *plan.Plan) {}},
		{name: "who is excluded", asked: plan.Approval{Exclude: []string{"playbook_author"}}, status: soar.StepDenied, looks: 1,
			acts: func(_ *world, b *ballots, p *plan.Plan) { b.commit(time.Minute, decision(p, "author", true)) }},
		{name: "who is not asked", status: soar.StepDenied, looks: 1,
			acts: func(_ *world, b *ballots, p *plan.Plan) { b.commit(time.Minute, chief(p, true)) }},
		{name: "too late", status: soar.StepDenied, looks: 1,
			acts: func(_ *world, b *ballots, p *plan.Plan) { b.commit(15*time.Minute, decision(p, "lead", true)) }},
		{name: "the store is away for a while", status: approved, calls: 1, looks: 5,
			acts: func(_ *world, b *ballots, p *plan.Plan) {
				b.away = 4 // two rounds of two attempts
				b.commit(14*time.Minute, decision(p, "lead", true))
			}},
		{name: "the store is away and the decision arrives", status: approved, calls: 1, looks: 16,
			acts: func(w *world, b *ballots, p *plan.Plan) {
				b.away = 1 << 20
				w.deliver(17*time.Minute, b.commit(14*time.Minute, decision(p, "lead", true)))
			}},
		{name: "in time by the store's clock", status: approved, calls: 1, looks: 2,
			acts: func(_ *world, b *ballots, p *plan.Plan) {
				b.behind = time.Minute
				b.commit(14*time.Minute+59*time.Second, decision(p, "lead", true))
			}},
		{name: "cancelled while the store is away", status: stopped, looks: 12,
			acts: func(w *world, b *ballots, _ *plan.Plan) {
				b.away = 1 << 20
				w.at(16*time.Minute, protocol.UpdateCancel, protocol.Cancel{Command: by("lead")})
			}},
	}
	for _, row := range rows {
		for _, often := range []bool{false, true} {
			t.Run(fmt.Sprint(row.name, ", new histories ", often), func(t *testing.T) {
				t.Parallel()
				p := guarded(row.asked)
				w := newWorld(t, p)
				w.often = often
				b := newBallots(w)
				row.acts(w, b, p)
				w.closeAt(48 * time.Hour)
				w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"ask": row.status})
				if len(w.calls) != row.calls || b.asked > row.looks {
					t.Errorf("%d calls, the store was asked %d times, at most %d\n%s", len(w.calls), b.asked, row.looks, w.transcript())
				}
				if told := w.told(protocol.EventApprovalDecision); row.told != "" && (len(told) != 1 || !strings.Contains(told[0].Text, row.told)) {
					t.Errorf("told %+v, want %q", told, row.told)
				}
				for _, a := range w.acts {
					if a.name == protocol.UpdateDecide && a.refused != "" {
						t.Errorf("what was committed in time is refused: %s", a.refused)
					}
				}
			})
		}
	}
}

// Reminders that came due while nobody was there are one, and none comes after the
// expiry.
func TestMissedReminders(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{ExpiresIn: time.Hour, RemindEvery: 10 * time.Minute, Quorum: 2})
	rows := []struct {
		name string
		gap  time.Duration
		want int
	}{
		{"nothing missed", 0, 5},
		{"half an hour, twice", 30 * time.Minute, 1}, // at 30, for 10, 20 and 30
		{"past the expiry", 2 * time.Hour, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p)
			w.often, w.gap = true, row.gap
			// A new history begins after the first yes; nobody is there between the two.
			w.decide(time.Minute, p, "lead", true)
			w.closeAt(48 * time.Hour)
			w.run(incident(p)).expect(map[string]soar.StepStatus{"ask": soar.StepDenied})
			if got := len(w.sent("reminder")); got != row.want {
				t.Errorf("%d reminders, want %d\n%s", got, row.want, w.transcript())
			}
		})
	}
}

// TestShuffledDecisions has people decide, the outbox deliver late, twice, in any
// order or never, the store's clock go wrong and the store be away, around an expiry.
// There is one outcome, and it is what the commits in the store say.
func TestShuffledDecisions(t *testing.T) {
	t.Parallel()
	const cases = 300
	for seed := range uint64(cases) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			shuffled(t, rand.New(rand.NewPCG(seed, 7)))
		})
	}
}

// shuffled is one case. People decide by the store's clock, which is what it commits by.
func shuffled(t *testing.T, r *rand.Rand) {
	const expires = 15 * time.Minute
	p := guarded(plan.Approval{Quorum: 1 + r.IntN(3), OnExpire: []string{"deny", "fail"}[r.IntN(2)]})
	w := newWorld(t, p)
	w.often = r.IntN(2) == 0
	b := newBallots(w)
	if r.IntN(3) == 0 {
		b.behind = time.Duration(r.IntN(60)) * time.Second
	}
	if r.IntN(3) == 0 {
		b.away = r.IntN(6)
	}
	want := soar.Approval{
		ID: approvalID("r1/ask", 0), Quorum: p.Steps[0].Approval.Quorum, Digest: boundDigest(p), ExpiresAt: start().Add(expires),
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}},
	}
	var instants []time.Duration
	for range 1 + r.IntN(5) {
		instants = append(instants, time.Duration(r.IntN(1000))*time.Second+time.Millisecond)
	}
	slices.Sort(instants)
	for n, at := range instants {
		d := decision(p, []string{"ana", "bob", "cem", "dee"}[r.IntN(4)], r.IntN(5) > 0)
		d.Decision.ID = fmt.Sprint("d", n)
		d.Decision.At = start().Add(at)
		same := func(before soar.Decision) bool { return quorum.SamePerson(before, d.Decision) }
		if at >= expires || quorum.Count(want).Last() != nil || slices.ContainsFunc(want.Decisions, same) {
			continue // the store commits no such decision
		}
		d = b.commit(at, d)
		want.Decisions = append(want.Decisions, d.Decision)
		for range r.IntN(3) { // never, once, twice
			// The workflow hears of it after the commit; its clock is ahead of the store's.
			w.deliver(at+b.behind+time.Duration(r.IntN(1800))*time.Second, d)
		}
	}
	w.closeAt(48 * time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed)
	status := quorum.Count(want).Status()
	if status == soar.ApprovalPending {
		status = soar.ApprovalExpired
	}
	got := w.asked[want.ID]
	if got.Status != status {
		t.Errorf("the approval is %s, by the commits it is %s\n%s", got.Status, status, w.transcript())
	}
	effects := 0
	if status == soar.ApprovalApproved {
		effects = 1
	}
	if len(w.calls) != effects || len(w.told(protocol.EventApprovalEnded)) != 1 {
		t.Errorf("%d effects, want %d\n%s", len(w.calls), effects, w.transcript())
	}
	for _, a := range w.acts {
		if a.name == protocol.UpdateDecide && a.refused != "" && !strings.Contains(a.refused, "nothing is left to decide") && !strings.Contains(a.refused, "is closed") {
			t.Errorf("a committed decision is refused: %s", a.refused)
		}
	}
}
