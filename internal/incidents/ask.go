package incidents

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const maxQuestion = 2000 // bytes, also of an answer

// Ask asks for information before a decision, and gives the approval with the
// question. It stands in the incident's record, the people meant are told, and the
// approval's clock runs on. Sent again under the same id it asks once.
func (s *Service) Ask(ctx context.Context, p soar.Principal, request AskRequest) (soar.Approval, error) {
	const op = "incidents.Ask"
	question := soar.Question{ID: request.QuestionID, AskedBy: p.Actor, Text: strings.TrimSpace(request.Text), At: s.now()}
	if err := firstOf(checkText(op, "question_id", question.ID, maxID), checkText(op, "question", question.Text, maxQuestion), checkDoor(op, request.Via)); err != nil {
		return soar.Approval{}, err
	}
	approval, trying, err := s.takePart(ctx, p, thing{op, "approval", request.ApprovalID}, "ask about", question.Text)
	if err != nil || slices.ContainsFunc(approval.Questions, func(q soar.Question) bool { return q.ID == question.ID }) {
		return approval, err
	}
	if err := waits(op, approval, question.At); err != nil {
		return soar.Approval{}, s.refuse(ctx, trying, err)
	}
	update := protocol.Ask{
		Command:    protocol.Command{ID: question.ID, By: p.Actor, Reason: question.Text, At: question.At},
		ApprovalID: approval.ID, Text: question.Text, Via: request.Via,
	}
	if _, err := s.command(ctx, trying, order{approval.IncidentID, protocol.UpdateAsk, question.ID, update, decisionWait, false}); err != nil {
		return soar.Approval{}, err
	}
	approval = s.afterwards(ctx, approval)
	if !slices.ContainsFunc(approval.Questions, func(q soar.Question) bool { return q.ID == question.ID }) {
		approval.Questions = append(slices.Clone(approval.Questions), question) // the workflow's view follows
	}
	return approval, nil
}

// Answer answers a question, and gives the approval with the answer. The first
// answer stands; who asked is told.
func (s *Service) Answer(ctx context.Context, p soar.Principal, request AnswerRequest) (soar.Approval, error) {
	const op = "incidents.Answer"
	text, at := strings.TrimSpace(request.Text), s.now()
	if err := firstOf(checkText(op, "question_id", request.QuestionID, maxID), checkText(op, "answer_id", request.AnswerID, maxID), checkText(op, "answer", text, maxQuestion), checkDoor(op, request.Via)); err != nil {
		return soar.Approval{}, err
	}
	approval, trying, err := s.takePart(ctx, p, thing{op, "approval", request.ApprovalID}, "answer a question about", text)
	if err != nil {
		return approval, err
	}
	i := slices.IndexFunc(approval.Questions, func(q soar.Question) bool { return q.ID == request.QuestionID })
	switch {
	case i < 0:
		return soar.Approval{}, soar.Errorf(soar.CodeNotFound, op, "approval %s has no question %s", approval.ID, soar.Shorten(request.QuestionID, 100))
	case sameAnswer(approval.Questions[i], p.Actor, text):
		return approval, nil
	case approval.Questions[i].AnsweredBy != nil:
		q := approval.Questions[i]
		return soar.Approval{}, s.refuse(ctx, trying, soar.Errorf(soar.CodeConflict, op, "the question is answered already, by %s at %s", q.AnsweredBy.ID, clock(*q.AnsweredAt)))
	}
	if err := waits(op, approval, at); err != nil {
		return soar.Approval{}, s.refuse(ctx, trying, err)
	}
	update := protocol.Answer{
		Command:    protocol.Command{ID: request.AnswerID, By: p.Actor, Reason: text, At: at},
		ApprovalID: approval.ID, QuestionID: request.QuestionID, Text: text, Via: request.Via,
	}
	if _, err := s.command(ctx, trying, order{approval.IncidentID, protocol.UpdateAnswer, request.AnswerID, update, decisionWait, false}); err != nil {
		return soar.Approval{}, err
	}
	approval = s.afterwards(ctx, approval)
	approval.Questions = slices.Clone(approval.Questions)
	if i < len(approval.Questions) && approval.Questions[i].AnsweredBy == nil { // the workflow's view follows
		approval.Questions[i].Answer, approval.Questions[i].AnsweredBy, approval.Questions[i].AnsweredAt = text, &p.Actor, &at
	}
	return approval, nil
}

func sameAnswer(q soar.Question, by soar.Actor, text string) bool {
	return q.AnsweredBy != nil && q.AnsweredBy.Same(by) && q.Answer == text
}

// takePart gives an approval to somebody who may speak in its incident.
func (s *Service) takePart(ctx context.Context, p soar.Principal, asked thing, what, reason string) (soar.Approval, attempt, error) {
	permitted := firstOf(access.Require(p, access.ApprovalRead, asked.op), access.Require(p, access.IncidentNote, asked.op))
	if permitted == nil && p.Actor.Kind != soar.ActorPerson {
		permitted = soar.Errorf(soar.CodeDenied, asked.op, "only a person speaks about approvals")
	}
	approval, err := s.seeApproval(ctx, p, asked)
	if err != nil {
		if permitted != nil {
			return soar.Approval{}, attempt{}, permitted // whether it exists is not said
		}
		trying := attempt{p, approval.IncidentID, what + " approval " + asked.id, reason}
		return soar.Approval{}, trying, s.tooEarly(ctx, trying, err)
	}
	trying := attempt{p, approval.IncidentID, what + " approval " + approval.ID, reason}
	if permitted != nil {
		return soar.Approval{}, trying, s.refuse(ctx, trying, permitted)
	}
	return approval, trying, nil
}

// waits says why an approval is past questions, or nil, in the words of a decision.
func waits(op string, a soar.Approval, at time.Time) error {
	return stands(op, a, soar.Decision{Digest: a.Digest, At: at})
}

// afterwards gives the approval as it stands now, or as it was when that cannot be
// read: what was ordered is committed.
func (s *Service) afterwards(ctx context.Context, before soar.Approval) soar.Approval {
	after, err := s.store.ApprovalGet(ctx, before.ID)
	if err != nil {
		s.log.WarnContext(ctx, "an approval was spoken about and cannot be read", "approval", before.ID, "error", err)
		return before
	}
	return after
}

// firstOf gives the first error.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
