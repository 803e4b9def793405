package guard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	incident = "INC-2026-000001"
	digest   = "0f0f"
)

func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// isolate is a case that is allowed: two distinct persons approved exactly this.
func isolate() guard.Facts {
	args := map[string]any{"host": "ws-042", "hours": 3}
	bound := []soar.BoundAction{{StepPath: "contain/isolate", Action: "edr.isolate_host", Args: map[string]any{"host": "ws-042", "hours": float64(3)}}}
	sum, err := protocol.BoundDigest(digest, bound)
	if err != nil {
		panic(err)
	}
	lead := soar.Decision{ID: "d1", ApprovalID: "APR-1", Approve: true, By: soar.Actor{Kind: soar.ActorPerson, ID: "soc-lead@lab.invalid"}, Roles: []soar.Role{soar.RoleSOCLead}, Digest: sum, At: noon()}
	commander := soar.Decision{ID: "d2", ApprovalID: "APR-1", Approve: true, By: soar.Actor{Kind: soar.ActorPerson, ID: "commander@lab.invalid"}, Roles: []soar.Role{soar.RoleAnalyst}, Digest: sum, At: noon()}
	return guard.Facts{
		Request: protocol.ActionRequest{
			IncidentID: incident, Connector: "edr", Action: "isolate_host", Args: args, Risk: soar.RiskChange, PlaybookDigest: digest,
			Approval: &protocol.ApprovalProof{ApprovalID: "APR-1", Digest: sum, StepPath: "contain/isolate"},
		},
		Risk: soar.RiskChange, Protects: guard.ClassHost, Targets: []string{"ws-042"},
		Approval: &soar.Approval{
			ID: "APR-1", IncidentID: incident, Status: soar.ApprovalApproved, Quorum: 2, Digest: sum, Bound: bound,
			Approvers: []soar.Approver{{Role: soar.RoleSOCLead}, {Person: "commander@lab.invalid"}},
			Exclude:   []soar.Actor{{Kind: soar.ActorPerson, ID: "analyst@lab.invalid"}},
			ExpiresAt: noon().Add(time.Minute), Decisions: []soar.Decision{lead, commander},
		},
	}
}

type decideRow struct {
	name   string
	change func(*guard.Facts)
	rule   guard.Rule // empty: allowed
	reason string     // part of it
}

func runDecide(t *testing.T, rows []decideRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			facts := isolate()
			row.change(&facts)
			verdict := guard.Decide(facts)
			if verdict.Allowed != (row.rule == "") || verdict.Rule != row.rule {
				t.Fatalf("got %+v, want rule %q", verdict, row.rule)
			}
			if !strings.Contains(verdict.Reason, row.reason) || (verdict.Allowed && verdict.Reason != "") {
				t.Errorf("reason %q, want %q in it", verdict.Reason, row.reason)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	unapproved := func(f *guard.Facts) { f.Request.Approval, f.Approval = nil, nil }
	freeze := func(scope string) func(*guard.Facts) {
		return func(f *guard.Facts) { f.Freeze = soar.Freeze{On: true, Scope: scope, Reason: "drill"} }
	}
	runDecide(t, []decideRow{
		{"approved by two", func(*guard.Facts) {}, "", ""},
		{"reading needs nothing", func(f *guard.Facts) { unapproved(f); f.Risk = soar.RiskRead; f.Targets = nil; f.Freeze.On = true }, "", ""},
		{"notifying goes on in a freeze", func(f *guard.Facts) { f.Risk = soar.RiskNotify; f.Freeze.On = true }, "", ""},
		{"collecting goes on in a freeze", func(f *guard.Facts) { f.Risk = soar.RiskCollect; f.Freeze.On = true }, "", ""},
		{"risk grew since compiling", func(f *guard.Facts) { f.Request.Risk = soar.RiskRead }, guard.RuleRisk, "publish it again"},
		{"no risk in the request", func(f *guard.Facts) { f.Request.Risk = "" }, guard.RuleRisk, "publish"},
		{"risk sank since compiling", func(f *guard.Facts) { f.Request.Risk = soar.RiskDestroy }, "", ""},
		{"frozen", freeze(""), guard.RuleFreeze, "everything: drill"},
		{"frozen by name", freeze("edr"), guard.RuleFreeze, "edr"},
		{"frozen by action", freeze("EDR.isolate_host"), guard.RuleFreeze, ""},
		{"frozen all", freeze("all"), guard.RuleFreeze, ""},
		{"scope that is no name", freeze("edr;firewall"), guard.RuleFreeze, ""},
		{"another connector frozen", freeze("firewall"), "", ""},
		{"another action frozen", freeze("edr.release_host"), "", ""},
		{"freeze off", func(f *guard.Facts) { f.Freeze = soar.Freeze{Scope: "edr"} }, "", ""},
		{"freeze without a reason", func(f *guard.Facts) { f.Freeze = soar.Freeze{On: true} }, guard.RuleFreeze, "no reason"},
		{"no target", func(f *guard.Facts) { f.Targets = nil }, guard.RuleTarget, "names no target"},
		{"protected although approved", func(f *guard.Facts) { f.Protected = []soar.Protected{{Class: "host", Pattern: "ws-04*"}} }, guard.RuleProtected, "ws-042 is protected"},
		{"second target protected", func(f *guard.Facts) { f.Targets = []string{"ws-042", "127.0.0.1"} }, guard.RuleProtected, "127.0.0.1"},
		{"nothing said yes", unapproved, guard.RuleApproval, "has neither"},
		{"unprotected class needs nobody", func(f *guard.Facts) { unapproved(f); f.Protects = "" }, "", ""},
		{"destroying needs a yes", func(f *guard.Facts) {
			unapproved(f)
			f.Protects, f.Risk, f.Request.Risk = "", soar.RiskDestroy, soar.RiskDestroy
		}, guard.RuleApproval, "has neither"},
		{"pre-authorised", func(f *guard.Facts) { unapproved(f); f.Request.Preauthorised, f.Authorised = "contain_host", true }, "", ""},
		{"pre-authorisation not in force", func(f *guard.Facts) { unapproved(f); f.Request.Preauthorised = "contain_host" }, guard.RuleApproval, `"contain_host"`},
		{"in force but not named", func(f *guard.Facts) { unapproved(f); f.Authorised = true }, guard.RuleApproval, "has neither"},
		{"a bad approval is not saved by a policy", func(f *guard.Facts) {
			f.Approval = nil
			f.Request.Preauthorised, f.Authorised = "contain_host", true
		}, guard.RuleApproval, "does not exist"},
	})
}

func TestDecideApproval(t *testing.T) {
	t.Parallel()
	decision := func(i int, change func(*soar.Decision)) func(*guard.Facts) {
		return func(f *guard.Facts) { change(&f.Approval.Decisions[i]) }
	}
	runDecide(t, []decideRow{
		{"unknown", func(f *guard.Facts) { f.Approval = nil }, guard.RuleApproval, "does not exist"},
		{"of another incident", func(f *guard.Facts) { f.Approval.IncidentID = "INC-2026-000002" }, guard.RuleApproval, "another incident"},
		{"of another id", func(f *guard.Facts) { f.Approval.ID = "APR-2" }, guard.RuleApproval, "another incident"},
		{"still pending in the projection", func(f *guard.Facts) { f.Approval.Status = soar.ApprovalPending }, "", ""},
		{"denied", func(f *guard.Facts) { f.Approval.Status = soar.ApprovalDenied }, guard.RuleApproval, "is denied"},
		{"expired", func(f *guard.Facts) { f.Approval.Status = soar.ApprovalExpired }, guard.RuleApproval, "is expired"},
		{"cancelled", func(f *guard.Facts) { f.Approval.Status = soar.ApprovalCancelled }, guard.RuleApproval, "is cancelled"},
		{"status unknown", func(f *guard.Facts) { f.Approval.Status = "" }, guard.RuleApproval, "is "},
		{"binds nothing", func(f *guard.Facts) { f.Approval.Bound = nil }, guard.RuleApproval, "binds no action"},
		{"no digest", func(f *guard.Facts) { f.Approval.Digest = "" }, guard.RuleApproval, "binds no action"},
		{"bound actions changed", func(f *guard.Facts) { f.Approval.Bound[0].Args["host"] = "ws-043" }, guard.RuleApproval, "digests differ"},
		{"people were shown another digest", func(f *guard.Facts) {
			f.Approval.Digest = "00"
			for i := range f.Approval.Decisions {
				f.Approval.Decisions[i].Digest = "00"
			}
		}, guard.RuleApproval, "digests differ"},
		{"proof of another digest", func(f *guard.Facts) { f.Request.Approval.Digest = "00" }, guard.RuleApproval, "digests differ"},
		{"another playbook version", func(f *guard.Facts) { f.Request.PlaybookDigest = "11" }, guard.RuleApproval, "digests differ"},
		{"bound actions unreadable", func(f *guard.Facts) { f.Approval.Bound[0].Args["host"] = func() {} }, guard.RuleApproval, "cannot be read"},
		{"arguments changed after approval", func(f *guard.Facts) { f.Request.Args["host"] = "ws-043" }, guard.RuleApproval, "does not cover"},
		{"argument added after approval", func(f *guard.Facts) { f.Request.Args["force"] = true }, guard.RuleApproval, "does not cover"},
		{"arguments unreadable", func(f *guard.Facts) { f.Request.Args["host"] = func() {} }, guard.RuleApproval, "does not cover"},
		{"another step", func(f *guard.Facts) { f.Request.Approval.StepPath = "contain/lock" }, guard.RuleApproval, "does not cover"},
		{"another action", func(f *guard.Facts) { f.Request.Action = "wipe_host" }, guard.RuleApproval, "does not cover"},
		{"one denies", decision(1, func(d *soar.Decision) { d.Approve = false }), guard.RuleApproval, "denied"},
		{"one only", func(f *guard.Facts) { f.Approval.Decisions = f.Approval.Decisions[:1] }, guard.RuleApproval, "1 of 2"},
		{"the same person twice", func(f *guard.Facts) { f.Approval.Decisions[1].By = f.Approval.Decisions[0].By }, guard.RuleApproval, "1 of 2"},
		{"nobody, quorum zero", func(f *guard.Facts) { f.Approval.Quorum, f.Approval.Decisions = 0, nil }, guard.RuleApproval, "0 of 1"},
		{"quorum zero means one", func(f *guard.Facts) { f.Approval.Quorum, f.Approval.Decisions = 0, f.Approval.Decisions[:1] }, "", ""},
		{"a tool", decision(0, func(d *soar.Decision) { d.By.Kind = soar.ActorTool }), guard.RuleApproval, "1 of 2"},
		{"nobody's name", decision(0, func(d *soar.Decision) { d.By.ID = "" }), guard.RuleApproval, "1 of 2"},
		{"excluded", decision(0, func(d *soar.Decision) { d.By.ID = "analyst@lab.invalid" }), guard.RuleApproval, "1 of 2"},
		{"a role that may not", decision(0, func(d *soar.Decision) { d.Roles = []soar.Role{soar.RoleAnalyst} }), guard.RuleApproval, "1 of 2"},
		{"no role", decision(0, func(d *soar.Decision) { d.Roles = nil }), guard.RuleApproval, "1 of 2"},
		{"empty approver row", func(f *guard.Facts) { f.Approval.Approvers = []soar.Approver{{}} }, guard.RuleApproval, "0 of 2"},
		{"shown another digest", decision(0, func(d *soar.Decision) { d.Digest = "00" }), guard.RuleApproval, "1 of 2"},
		{"too late", decision(0, func(d *soar.Decision) { d.At = noon().Add(time.Hour) }), guard.RuleApproval, "1 of 2"},
		{"for another approval", decision(0, func(d *soar.Decision) { d.ApprovalID = "APR-2" }), guard.RuleApproval, "1 of 2"},
		{"a denial that does not count", decision(0, func(d *soar.Decision) { d.Approve, d.By.Kind = false, soar.ActorTool }), guard.RuleApproval, "1 of 2"},
		{"an approval also where none is needed must be right", func(f *guard.Facts) { f.Protects = ""; f.Request.Args["host"] = "ws-043" }, guard.RuleApproval, "does not cover"},
	})
}

func TestNoArgumentsAreTheSameArguments(t *testing.T) {
	t.Parallel()
	facts := isolate()
	facts.Approval.Bound[0].Args = map[string]any{}
	facts.Request.Args = nil
	sum, err := protocol.BoundDigest(digest, facts.Approval.Bound)
	if err != nil {
		t.Fatal(err)
	}
	facts.Approval.Digest, facts.Request.Approval.Digest = sum, sum
	for i := range facts.Approval.Decisions {
		facts.Approval.Decisions[i].Digest = sum
	}
	if verdict := guard.Decide(facts); !verdict.Allowed {
		t.Error(verdict.Reason)
	}
}

func TestDecideUndo(t *testing.T) {
	t.Parallel()
	undo := func(change func(*guard.Facts)) func(*guard.Facts) {
		return func(f *guard.Facts) {
			f.Request.Approval, f.Approval = nil, nil
			f.Request.Action, f.Request.Undoes, f.DeclaredUndo = "release_host", "key-1", "edr.release_host"
			f.UndoOf = &soar.LedgerEntry{Key: "key-1", IncidentID: incident, Action: "edr.isolate_host", State: soar.LedgerConfirmed}
			f.Protected = []soar.Protected{{Class: "host", Pattern: "ws-042", Reason: "turned out to be important"}}
			change(f)
		}
	}
	state := func(s soar.LedgerState) func(*guard.Facts) {
		return undo(func(f *guard.Facts) { f.UndoOf.State = s })
	}
	runDecide(t, []decideRow{
		{"needs no approval, even of a protected host", undo(func(*guard.Facts) {}), "", ""},
		{"of what was found done", state(soar.LedgerReconciled), "", ""},
		{"of what may have been done", state(soar.LedgerUnknown), "", ""},
		{"of what was sent", state(soar.LedgerSent), "", ""},
		{"once more", state(soar.LedgerCompensated), "", ""},
		{"of what was never sent", state(soar.LedgerIntent), guard.RuleProtected, ""},
		{"of what failed", state(soar.LedgerFailed), guard.RuleProtected, ""},
		{"of nothing known", undo(func(f *guard.Facts) { f.UndoOf = nil }), guard.RuleProtected, ""},
		{"of another key", undo(func(f *guard.Facts) { f.UndoOf.Key = "key-2" }), guard.RuleProtected, ""},
		{"of another incident", undo(func(f *guard.Facts) { f.UndoOf.IncidentID = "INC-2026-000002" }), guard.RuleProtected, ""},
		{"by an action that the manifest does not name", undo(func(f *guard.Facts) { f.Request.Action = "wipe_host" }), guard.RuleProtected, ""},
		{"without saying so", undo(func(f *guard.Facts) { f.Request.Undoes = "" }), guard.RuleProtected, ""},
		{"in a freeze", undo(func(f *guard.Facts) { f.Freeze.On = true }), guard.RuleFreeze, ""},
	})
}

func TestWithin(t *testing.T) {
	t.Parallel()
	limits := append(guard.DefaultLimits(), guard.Limit{Action: "wipe_host", PerIncident: 0, PerHour: 0})
	rows := []struct {
		name, action string
		risk         soar.Risk
		counts       guard.Counts
		allowed      bool
		reason       string
	}{
		{"the last one of the incident", "isolate_host", soar.RiskChange, guard.Counts{Incident: 5, Hour: 5}, true, ""},
		{"one too many in the incident", "isolate_host", soar.RiskChange, guard.Counts{Incident: 6, Hour: 6}, false, "6 times in this incident; the limit is 5"},
		{"the last one of the hour", "isolate_host", soar.RiskChange, guard.Counts{Incident: 1, Hour: 20}, true, ""},
		{"one too many in the hour", "isolate_host", soar.RiskChange, guard.Counts{Incident: 1, Hour: 21}, false, "within an hour"},
		{"an action without a row", "tag_host", soar.RiskChange, guard.Counts{Incident: 50, Hour: 200}, true, ""},
		{"beyond the row of its risk", "tag_host", soar.RiskChange, guard.Counts{Incident: 51, Hour: 51}, false, "limit is 50"},
		{"destruction", "delete_disk", soar.RiskDestroy, guard.Counts{Incident: 2, Hour: 2}, false, "limit is 1"},
		{"forbidden by a row of zero", "wipe_host", soar.RiskDestroy, guard.Counts{Incident: 1, Hour: 1}, false, "limit is 0"},
		{"a risk without a row", "odd", "odd", guard.Counts{Incident: 1, Hour: 1}, false, "limit is 0"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			verdict := guard.Within(guard.LimitOf(limits, row.action, row.risk), row.action, row.counts)
			if verdict.Allowed != row.allowed || !strings.Contains(verdict.Reason, row.reason) {
				t.Errorf("got %+v, want allowed %v with %q", verdict, row.allowed, row.reason)
			}
			if !verdict.Allowed && verdict.Rule != guard.RuleBudget {
				t.Errorf("rule %s", verdict.Rule)
			}
		})
	}
}
