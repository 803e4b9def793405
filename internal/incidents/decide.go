package incidents

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Decide commits one person's answer to an approval, tells the workflow, and gives
// the approval as it stands then. Sent again under the same id it decides once.
//
// Whoever decides is a person, among the approvers and not excluded, was shown
// exactly what will run, and says why. A refusal is denied or a conflict and goes
// into the incident's record. When the workflow cannot be reached the decision
// stands, and the outbox tells the workflow.
func (s *Service) Decide(ctx context.Context, p soar.Principal, request DecideRequest) (soar.Approval, error) {
	const op = "incidents.Decide"
	reason, err := request.check(op)
	if err != nil {
		return soar.Approval{}, err
	}
	permitted := access.Require(p, access.ApprovalDecide, op)
	approval, err := s.seeApproval(ctx, p, thing{op, "approval", request.ApprovalID})
	if err != nil {
		if permitted != nil {
			return soar.Approval{}, permitted // whether it exists is not said
		}
		return soar.Approval{}, err
	}
	trying := attempt{p, approval.IncidentID, request.word() + " approval " + approval.ID, reason}
	if permitted != nil {
		return soar.Approval{}, s.refuse(ctx, trying, permitted)
	}
	if sentBefore(approval, request, p.Actor) {
		return approval, nil
	}
	decision := soar.Decision{
		ID: request.DecisionID, ApprovalID: approval.ID, IncidentID: approval.IncidentID, Approve: request.Approve,
		By: p.Actor, Roles: p.Roles, Reason: reason, Digest: request.Digest, Via: request.Via, At: s.now(),
	}
	if !decision.Approve && decision.Digest == "" {
		decision.Digest = approval.Digest // a no needs no look at the details, and counts for all of them
	}
	if err := mayDecide(op, approval, decision); err != nil {
		return soar.Approval{}, s.refuse(ctx, trying, err)
	}
	stored, _, err := s.store.DecisionInsert(ctx, decision, decided(p, approval, decision))
	if err != nil {
		return soar.Approval{}, s.refuse(ctx, trying, err)
	}
	return s.decide(ctx, approval, stored)
}

// decide tells the workflow, and gives the approval after that.
func (s *Service) decide(ctx context.Context, approval soar.Approval, d soar.Decision) (soar.Approval, error) {
	// The same words as the store put into the outbox.
	update := protocol.Decide{Command: protocol.Command{ID: d.ID, By: d.By, Reason: d.Reason, At: d.At}, Decision: d}
	_, _, err := s.deliver(ctx, order{approval.IncidentID, protocol.UpdateDecide, d.ID, update, decisionWait, false})
	if err != nil {
		return soar.Approval{}, err
	}
	after, err := s.store.ApprovalGet(ctx, approval.ID)
	if err != nil {
		// The decision is committed: failing now would make the person decide again.
		s.log.WarnContext(ctx, "an approval was decided and cannot be read", "approval", approval.ID, "error", err)
		approval.Decisions = append(slices.Clone(approval.Decisions), d)
		return approval, nil
	}
	return after, nil
}

func (r DecideRequest) check(op string) (reason string, err error) {
	if err := checkText(op, "decision_id", r.DecisionID, maxID); err != nil {
		return "", err
	}
	if !slices.Contains([]string{"cli", "api", "slack", "page"}, r.Via) {
		return "", invalid(op, "via", "a decision comes by cli, api, slack or page")
	}
	return cleanReason(op, r.Reason, true)
}

func (r DecideRequest) word() string {
	if r.Approve {
		return "approve"
	}
	return "deny"
}

// sentBefore tells whether exactly this answer of this person is committed.
func sentBefore(approval soar.Approval, request DecideRequest, by soar.Actor) bool {
	return slices.ContainsFunc(approval.Decisions, func(d soar.Decision) bool {
		return d.ID == request.DecisionID && d.By.Same(by) && d.Approve == request.Approve
	})
}

// mayDecide says why this decision cannot count, or nil. The store looks again at
// state, expiry and who decided already, the workflow and the guard at all of it.
func mayDecide(op string, a soar.Approval, d soar.Decision) error {
	switch {
	case d.By.Kind != soar.ActorPerson || d.By.ID == "":
		return soar.Errorf(soar.CodeDenied, op, "only a person decides approvals")
	case slices.ContainsFunc(a.Exclude, d.By.Same):
		return soar.Errorf(soar.CodeDenied, op, "you may not decide approval %s: who asked for it, or wrote its playbook, leaves it to somebody else", a.ID)
	case !isAmong(a.Approvers, d.By.ID, d.Roles):
		return soar.Errorf(soar.CodeDenied, op, "approval %s is for %s to decide", a.ID, names(a.Approvers))
	case a.Status != soar.ApprovalPending:
		return soar.Errorf(soar.CodeConflict, op, "approval %s is %s already%s", a.ID, a.Status, lastWord(a))
	case !d.At.Before(a.ExpiresAt):
		return soar.Errorf(soar.CodeConflict, op, "approval %s expired at %s", a.ID, a.ExpiresAt.UTC().Format(time.RFC3339))
	case a.Digest != "" && d.Digest == "":
		return invalid(op, "digest", "approval %s binds actions: give the digest of what you were shown", a.ID)
	case d.Digest != a.Digest:
		return soar.Errorf(soar.CodeConflict, op, "what approval %s binds is not what you were shown: look at it again", a.ID)
	default:
		return nil
	}
}

// isAmong tells whether a person is meant by one of the entries.
func isAmong(list []soar.Approver, person string, roles []soar.Role) bool {
	return slices.ContainsFunc(list, func(who soar.Approver) bool {
		if who.Person != "" {
			return who.Person == person
		}
		return who.Role != "" && slices.Contains(roles, who.Role)
	})
}

// names lists approvers for people.
func names(list []soar.Approver) string {
	if len(list) == 0 {
		return "nobody"
	}
	words := make([]string, len(list))
	for i, who := range list {
		words[i] = string(who.Role)
		if who.Person != "" {
			words[i] = who.Person
		}
	}
	return strings.Join(words, " or ")
}

// lastWord says who decided last, and when.
func lastWord(a soar.Approval) string {
	if len(a.Decisions) == 0 {
		return ""
	}
	last := a.Decisions[len(a.Decisions)-1]
	return fmt.Sprintf(", by %s at %s", last.By.ID, last.At.UTC().Format(time.RFC3339))
}

// decided is the record entry that is committed with the decision: who, with which
// roles and token, and what he was shown.
func decided(p soar.Principal, a soar.Approval, d soar.Decision) record.Payload {
	word := "denied"
	if d.Approve {
		word = "approved"
	}
	return record.Payload{
		At: d.At, Kind: protocol.EventCommand, By: d.By, Step: a.StepPath,
		Text: soar.Shorten(fmt.Sprintf("%s %s %s: %s", d.By.ID, word, a.ID, d.Reason), maxText),
		Data: data(map[string]any{
			"update": protocol.UpdateDecide, "decision": d, "token": p.Token,
			"shown": map[string]any{"title": a.Title, "digest": a.Digest, "actions": len(a.Bound), "expires_at": a.ExpiresAt},
		}),
	}
}
