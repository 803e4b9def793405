package incidents

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Decide commits one person's answer to an approval, tells the workflow, and gives
// the approval as it stands then. Sent again under the same id it decides once.
//
// Whoever decides is a person, among the approvers or the delegate of one who is
// away, qualified for what will run, not excluded, was shown exactly that, and says
// why. A refusal is denied or a conflict, says what is the case, and goes into the
// incident's record. When the workflow cannot be reached the decision stands, and
// the outbox tells the workflow.
func (s *Service) Decide(ctx context.Context, p soar.Principal, request DecideRequest) (soar.Approval, error) {
	const op = "incidents.Decide"
	reason, err := request.check(op)
	if err != nil {
		return soar.Approval{}, err
	}
	away, err := s.represented(ctx, p)
	if err != nil {
		return soar.Approval{}, err
	}
	permitted := mayVote(op, p, away)
	approval, err := s.seeApproval(ctx, p, thing{op, "approval", request.ApprovalID})
	if err != nil {
		if permitted != nil {
			return soar.Approval{}, permitted // whether it exists is not said
		}
		return soar.Approval{}, s.tooEarly(ctx, attempt{p, approval.IncidentID, request.word() + " approval " + request.ApprovalID, reason}, err)
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
	if decision, err = s.eligible(ctx, approval, decision, away); err == nil {
		err = stands(op, approval, decision)
	}
	if err != nil {
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
	if err := checkDoor(op, r.Via); err != nil {
		return "", err
	}
	return cleanReason(op, r.Reason, true)
}

// checkDoor refuses a door that there is not.
func checkDoor(op, via string) error {
	if !slices.Contains([]string{"cli", "api", "slack", "page"}, via) {
		return invalid(op, "via", "it comes by cli, api, slack or page")
	}
	return nil
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

// stands says why an approval takes this decision no more, or not yet, or nil. The
// store looks again at who decided already, at state and expiry, the workflow and
// the guard at all of it.
func stands(op string, a soar.Approval, d soar.Decision) error {
	for _, before := range a.Decisions {
		if quorum.SamePerson(before, d) {
			return soar.Errorf(soar.CodeConflict, op, "%s has decided already, at %s", before.By.ID, clock(before.At))
		}
	}
	why := quorum.Closed(a, d.At)
	switch {
	case why != "":
		return soar.Errorf(soar.CodeConflict, op, "%s", why)
	case a.Digest != "" && d.Digest == "":
		return invalid(op, "digest", "approval %s binds actions: give the digest of what you were shown", a.ID)
	case d.Digest != a.Digest:
		return soar.Errorf(soar.CodeConflict, op, "what approval %s binds is not what you were shown: look at it again", a.ID)
	default:
		return nil
	}
}

// clock gives an instant for people.
func clock(at time.Time) string { return at.UTC().Format(time.RFC3339) }

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

// decided is the record entry that is committed with the decision: who, with which
// roles and token, and what he was shown.
func decided(p soar.Principal, a soar.Approval, d soar.Decision) record.Payload {
	word := "denied"
	if d.Approve {
		word = "approved"
	}
	who := d.By.ID
	if d.OnBehalfOf != "" {
		who += " on behalf of " + d.OnBehalfOf
	}
	return record.Payload{
		At: d.At, Kind: protocol.EventCommand, By: d.By, Step: a.StepPath,
		Text: soar.Shorten(fmt.Sprintf("%s %s %s: %s", who, word, a.ID, d.Reason), maxText),
		Data: data(map[string]any{
			"update": protocol.UpdateDecide, "decision": d, "token": p.Token,
			"shown": map[string]any{"title": a.Title, "digest": a.Digest, "actions": len(a.Bound), "expires_at": a.ExpiresAt},
		}),
	}
}
