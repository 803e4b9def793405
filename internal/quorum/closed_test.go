package quorum_test

import (
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestClosed(t *testing.T) {
	t.Parallel()
	before, after := noon().Add(-time.Second), noon().Add(time.Minute)
	rows := []struct {
		name   string
		change func(*soar.Approval)
		at     time.Time
		want   string
	}{
		{"open", nil, before, ""},
		{"open, one of two", func(a *soar.Approval) { a.Decisions = []soar.Decision{lead("anna")} }, before, ""},
		{"enough, whatever the status says", func(a *soar.Approval) { a.Decisions = []soar.Decision{lead("anna"), yes("zoe")} }, before,
			"approval APR-1 is approved already, by zoe at 2026-03-02T11:59:00Z"},
		{"enough, and past its time", func(a *soar.Approval) { a.Decisions = []soar.Decision{lead("anna"), yes("zoe")} }, after,
			"approval APR-1 is approved already, by zoe at 2026-03-02T11:59:00Z"},
		{"denied", func(a *soar.Approval) {
			a.Decisions = []soar.Decision{with(lead("anna"), func(d *soar.Decision) { d.Approve = false })}
		}, before, "approval APR-1 is denied already, by anna at 2026-03-02T11:59:00Z"},
		{"at the last moment", nil, noon(), "approval APR-1 expired at 2026-03-02T12:00:00Z: nobody had decided"},
		{"expired, no", func(a *soar.Approval) { a.OnExpire = "deny" }, after, "approval APR-1 expired at 2026-03-02T12:00:00Z: nobody had decided, which counts as no"},
		{"expired, fails, one of two", func(a *soar.Approval) { a.OnExpire, a.Decisions = "fail", []soar.Decision{lead("anna")} }, after,
			"approval APR-1 expired at 2026-03-02T12:00:00Z: 1 of 2 had said yes, and the step fails"},
		{"expired, somebody lacks", func(a *soar.Approval) {
			a.OnExpire, a.Needs, a.Decisions = "deny", []soar.Approver{{Role: soar.RoleLegal}}, []soar.Decision{lead("anna"), yes("zoe")}
		}, after, "approval APR-1 expired at 2026-03-02T12:00:00Z: somebody whose yes is needed had not decided, which counts as no"},
		{"about to be asked of more people", func(a *soar.Approval) { a.OnExpire = "escalate" }, after,
			"approval APR-1 expired at 2026-03-02T12:00:00Z: nobody had decided; it is asked once more and of more people: try again in a minute"},
		{"expired twice", func(a *soar.Approval) { a.OnExpire, a.Extended, a.Status = "escalate", true, soar.ApprovalExpired }, after,
			"approval APR-1 expired at 2026-03-02T12:00:00Z: nobody had decided, nor after it was asked of more people"},
		{"cancelled", func(a *soar.Approval) { a.Status, a.DecidedAt = soar.ApprovalCancelled, &before }, before,
			"approval APR-1 is cancelled already, since 2026-03-02T11:59:59Z"},
		{"approved by what is not in hand", func(a *soar.Approval) { a.Status, a.Decisions = soar.ApprovalApproved, []soar.Decision{lead("anna")} }, before,
			"approval APR-1 is approved already, by anna at 2026-03-02T11:59:00Z"},
		{"cancelled some time", func(a *soar.Approval) { a.Status = soar.ApprovalCancelled }, before, "approval APR-1 is cancelled already"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := asked(func(a *soar.Approval) { a.Status = soar.ApprovalPending })
			if row.change != nil {
				row.change(&a)
			}
			if got := quorum.Closed(a, row.at); got != row.want {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
		})
	}
}
