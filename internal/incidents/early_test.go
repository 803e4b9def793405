package incidents

import (
	"context"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// planned gives one plan that asks within a branch, and one that is gone.
type planned struct{}

func (planned) PlanByDigest(digest string) (*plan.Plan, error) {
	if digest != "plan" {
		return nil, soar.Errorf(soar.CodeNotFound, "planned", "no plan %s", digest)
	}
	ask := &plan.Step{ID: "ask", Path: "verdict/1/ask", Kind: plan.KindApproval, Approval: &plan.Approval{}}
	block := &plan.Step{ID: "verdict", Path: "verdict", Kind: plan.KindSteps, Steps: []*plan.Step{ask}}
	return &plan.Plan{Digest: digest, Steps: []*plan.Step{block}}, nil
}

// later lets an incident run a playbook that will ask, and gives the approval's id.
func (w *world) later(incidentID string, again int) string {
	w.plans = planned{}
	detail := w.store.detail[incidentID]
	detail.Runs = []protocol.RunView{
		{RunID: "r1", Playbook: "gone", Digest: "gone", Status: soar.StepRunning},
		{RunID: "r2", Playbook: "break_in", Digest: "plan", Status: soar.StepRunning},
	}
	w.store.detail[incidentID] = detail
	return protocol.DerivedID("APR-", incidentID, "r2/verdict/1/ask", again)
}

func TestBeforeItIsAsked(t *testing.T) {
	t.Parallel()
	const nobodys = "APR-0000000000"
	rows := []struct {
		name   string
		who    soar.Principal
		id     func(*world) string
		code   soar.Code
		want   string
		record bool
	}{
		{"not asked yet", lead(), func(w *world) string { return w.later("INC-amber", 0) }, soar.CodeConflict,
			" is not asked yet: step r2/verdict/1/ask of playbook break_in in incident INC-amber comes to it later", true},
		{"not asked anew yet", lead(), func(w *world) string { return w.later("INC-amber", 2) }, soar.CodeConflict, " is not asked yet", true},
		{"passed over", lead(), func(w *world) string {
			id := w.later("INC-amber", 0)
			w.store.detail["INC-amber"].Runs[1].Steps = []protocol.StepView{{Key: "r2/verdict/1/ask", Status: soar.StepSkipped}}
			return id
		}, soar.CodeConflict, " was not asked: step r2/verdict/1/ask of playbook break_in in incident INC-amber is skipped", true},
		{"nobody knows it", lead(), func(w *world) string { w.later("INC-amber", 0); return nobodys }, soar.CodeNotFound, "there is no approval " + nobodys, false},
		{"no id of an approval", lead(), func(*world) string { return "TSK-0000000000" }, soar.CodeNotFound, "there is no approval TSK-0000000000: the id of one begins with APR-", false},
		{"who decides nothing", person("reporter", soar.RoleReporter), func(w *world) string { return w.later("INC-amber", 0) }, soar.CodeDenied, "", false},
		{"the store is away", lead(), func(w *world) string {
			w.store.fail["RunsOpen"] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
			return w.later("INC-amber", 0)
		}, soar.CodeUnavailable, "away", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for door, try := range map[string]func(context.Context, *world, string) error{
				"decide": func(ctx context.Context, w *world, id string) error {
					request := yes()
					request.ApprovalID = id
					_, err := w.Decide(ctx, row.who, request)
					return err
				},
				"ask": func(ctx context.Context, w *world, id string) error {
					request := what()
					request.ApprovalID = id
					_, err := w.Ask(ctx, row.who, request)
					return err
				},
				"answer": func(ctx context.Context, w *world, id string) error {
					request := that()
					request.ApprovalID = id
					_, err := w.Answer(ctx, row.who, request)
					return err
				},
			} {
				w := newWorld(t)
				err := try(t.Context(), w, row.id(w))
				if soar.CodeOf(err) != row.code || !strings.Contains(soar.MessageOf(err), row.want) {
					t.Errorf("%s: got %v, want %s with %q", door, err, row.code, row.want)
				}
				if got := len(w.store.chains["INC-amber"]); got != 0 != row.record {
					t.Errorf("%s: the record has %d entries", door, got)
				}
			}
		})
	}
}

// Looking at it says the same, and leaves nothing in the record.
func TestShowBeforeItIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Approval(t.Context(), lead(), w.later("INC-amber", 0))
	if soar.CodeOf(err) != soar.CodeNotFound || !strings.Contains(soar.MessageOf(err), " is not asked yet") || len(w.store.chains["INC-amber"]) != 0 {
		t.Errorf("got %v, record %v", err, w.store.chains["INC-amber"])
	}
	hidden, none := w.later("INC-red", 0), "APR-0000000000"
	_, err = w.Approval(t.Context(), analyst(), hidden)
	_, nothing := w.Approval(t.Context(), analyst(), none)
	if strings.ReplaceAll(soar.MessageOf(err), hidden, none) != soar.MessageOf(nothing) {
		t.Errorf("what is to be asked in an incident that is not hers differs from what does not exist:\n%v\n%v", err, nothing)
	}
}
