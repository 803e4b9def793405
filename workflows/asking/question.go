package asking

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// maxQuestions bounds what one request keeps, and what a caller can send people.
const maxQuestions = 50

// MayAsk says why the question cannot be put now, or nil.
func (d Desk) MayAsk(q protocol.Ask) error {
	a, err := d.open(q.ApprovalID)
	switch {
	case err != nil:
		return err
	case q.By.Kind != soar.ActorPerson:
		return fmt.Errorf("only a person asks about approval %s", a.ID)
	case q.Text == "" || q.ID == "":
		return fmt.Errorf("the question is empty")
	case len(a.Questions) >= maxQuestions:
		return fmt.Errorf("approval %s has %d questions already: call each other", a.ID, maxQuestions)
	}
	return nil
}

// TakeQuestion keeps a question that MayAsk let pass and tells who may know: who
// asked for the approval, and those who work on the incident.
func (d Desk) TakeQuestion(q protocol.Ask) protocol.Reply {
	a := d.Case.Approval(q.ApprovalID)
	a.Questions = append(a.Questions, soar.Question{ID: q.ID, AskedBy: q.By, Text: q.Text, At: d.M.Now()})
	d.tell(a, q.By, protocol.EventApprovalQuestion, q.By.ID+" asks about approval "+a.ID+": "+q.Text, map[string]any{"approval": a.ID, "question": q.ID, "text": q.Text, "via": q.Via})
	to := state.Responders(d.Case.Incident)
	if a.RequestedBy.Kind == soar.ActorPerson {
		to = append([]soar.Approver{{Person: a.RequestedBy.ID}}, to...)
	}
	d.say(a, MessageQuestion, to, fmt.Sprintf("%s asks before deciding:\n%s\nAnswer it: tocsin approval answer %s %s. The approval expires %s.",
		q.By.ID, q.Text, a.ID, q.ID, soar.Minute(a.ExpiresAt)))
	d.touch(a)
	return protocol.Reply{Message: "asked; approval " + a.ID + " still expires at " + soar.Minute(a.ExpiresAt)}
}

// MayAnswer says why the answer cannot be taken now, or nil.
func (d Desk) MayAnswer(answer protocol.Answer) error {
	a, err := d.open(answer.ApprovalID)
	if err != nil {
		return err
	}
	q := find(a, answer.QuestionID)
	switch {
	case q == nil:
		return fmt.Errorf("approval %s has no question %s", a.ID, answer.QuestionID)
	case q.AnsweredBy != nil:
		return fmt.Errorf("the question is answered already, by %s at %s", q.AnsweredBy.ID, q.AnsweredAt.Format("2006-01-02T15:04:05Z"))
	case answer.By.Kind != soar.ActorPerson || answer.Text == "":
		return fmt.Errorf("an answer is a person's, and not empty")
	}
	return nil
}

// TakeAnswer keeps an answer that MayAnswer let pass and tells who asked, and all
// who are to decide.
func (d Desk) TakeAnswer(answer protocol.Answer) protocol.Reply {
	a, now := d.Case.Approval(answer.ApprovalID), d.M.Now()
	q := find(a, answer.QuestionID)
	q.Answer, q.AnsweredBy, q.AnsweredAt = answer.Text, &answer.By, &now
	d.tell(a, answer.By, protocol.EventApprovalAnswer, answer.By.ID+" answers "+q.AskedBy.ID+" about approval "+a.ID+": "+answer.Text,
		map[string]any{"approval": a.ID, "question": q.ID, "text": answer.Text, "via": answer.Via})
	d.say(a, MessageAnswer, append([]soar.Approver{{Person: q.AskedBy.ID}}, a.Asked()...),
		fmt.Sprintf("%s asked: %s\n%s answers: %s", q.AskedBy.ID, q.Text, answer.By.ID, answer.Text))
	d.touch(a)
	return protocol.Reply{Message: "answered"}
}

func (d Desk) say(a *state.Approval, kind string, to []soar.Approver, body string) {
	d.M.Send(protocol.Message{
		Kind: kind, To: plainly(to), Urgent: d.Case.Incident.Severity == soar.SeverityCritical,
		Subject: a.ID + ": " + a.Title, Body: body, About: a.ID, At: d.M.Now(),
	})
}

func (d Desk) open(id string) (*state.Approval, error) {
	a := d.Case.Approval(id)
	switch {
	case a == nil:
		return nil, fmt.Errorf("there is no approval %s in incident %s", id, d.Case.Incident.ID)
	case !a.Open():
		return nil, fmt.Errorf("approval %s is %s: nothing is left to ask", a.ID, a.Status)
	}
	return a, nil
}

func find(a *state.Approval, id string) *soar.Question {
	for i := range a.Questions {
		if a.Questions[i].ID == id {
			return &a.Questions[i]
		}
	}
	return nil
}
