package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// homeTime bounds bringing the App Home up to date after a decision from there.
const homeTime = 800 * time.Millisecond

// Submit takes what a modal says to the use case that it is for. What is wrong with a
// field stands beside it; what cannot be done is said in the modal's place.
func (d *Desk) Submit(ctx context.Context, s slack.Submission) (slack.Answer, error) {
	answer, err := d.submit(ctx, s)
	if err != nil {
		return d.refused(ctx, s, err)
	}
	return answer, nil
}

func (d *Desk) submit(ctx context.Context, s slack.Submission) (slack.Answer, error) {
	if s.View.Callback == card.Report {
		return d.report(ctx, s)
	}
	ref, err := card.ParseRef(s.View.Private)
	if err != nil {
		return slack.Answer{}, err
	}
	switch s.View.Callback {
	case card.Approve:
		return d.decide(ctx, s, ref, true)
	case card.Deny:
		return d.decide(ctx, s, ref, false)
	case card.See:
		return d.choose(ctx, s, ref)
	case card.Ask:
		return d.ask(ctx, s, ref, written(s, card.InText), card.InText)
	case card.Answer:
		return d.answer(ctx, s, ref)
	case card.DoTask:
		return d.complete(ctx, s, ref)
	default:
		return slack.Answer{}, soar.Errorf(soar.CodeInvalid, "desk.Submit", "this form means nothing to us")
	}
}

// refused turns an error into words in the place of the modal. A fault of ours is
// given on, so that it stands in the log.
func (d *Desk) refused(ctx context.Context, s slack.Submission, err error) (slack.Answer, error) {
	switch soar.CodeOf(err) {
	case soar.CodeConflict:
		d.refreshOf(ctx, s)
	case soar.CodeInternal, soar.CodeUnavailable, soar.CodeUnauthenticated:
		return slack.Answer{}, certain(err)
	}
	told := d.look().Told("Not done", soar.MessageOf(err))
	return slack.Answer{Update: &told}, nil
}

// unsure is an error after which it is not known whether something was recorded.
type unsure struct{ error }

// Unwrap gives the error.
func (u unsure) Unwrap() error { return u.error }

// maybe says of a change that failed in a way that does not tell whether it was
// committed, that this is not known and how to find out. The same form sent again has
// the same id: it counts once.
func maybe(err error, what, look string) error {
	switch soar.CodeOf(err) {
	case soar.CodeInternal, soar.CodeUnavailable:
		return soar.Wrap(soar.CodeUnavailable, "desk.maybe", unsure{err}, "It is not known whether %s is recorded: %s. Look with %s, or send the same form again: it counts once.",
			what, strings.TrimSuffix(soar.MessageOf(err), "."), look)
	default:
		return err
	}
}

// certain says of a failure before any change that nothing was recorded.
func certain(err error) error {
	if _, ok := errors.AsType[unsure](err); ok {
		return err
	}
	return soar.Wrap(soar.CodeOf(err), "desk.certain", err, "Nothing was recorded: %s. Send it again in a moment.", strings.TrimSuffix(soar.MessageOf(err), "."))
}

// refreshOf brings the card up to date that a modal was opened from.
func (d *Desk) refreshOf(ctx context.Context, s slack.Submission) {
	ref, err := card.ParseRef(s.View.Private)
	if err != nil || ref.Channel == "" {
		return
	}
	if ref.Task != "" {
		if shown, err := d.taskCard(ctx, s.Person, ref.Task, shared(ref.Channel)); err == nil {
			d.refresh(ctx, ref, d.look().Task(shown))
		}
		return
	}
	if shown, err := d.approvalCard(ctx, s.Person, ref.Approval, shared(ref.Channel)); err == nil {
		d.refresh(ctx, ref, d.look().Approval(shown))
	}
}

// written gives what stands in a text input.
func written(s slack.Submission, block string) string {
	return strings.TrimSpace(s.View.State[block][card.Entry].Text)
}

func fault(block, message string) slack.Answer {
	return slack.Answer{Errors: map[string]string{block: card.Fault(message)}}
}

// choose is the modal that shows an approval and lets one choose.
func (d *Desk) choose(ctx context.Context, s slack.Submission, ref card.Ref) (slack.Answer, error) {
	switch s.View.State[card.InChoice][card.Entry].First() {
	case card.ChooseApprove:
		return d.decide(ctx, s, ref, true)
	case card.ChooseDeny:
		return d.decide(ctx, s, ref, false)
	case card.ChooseAsk:
		return d.ask(ctx, s, ref, written(s, card.InReason), card.InReason)
	default:
		return fault(card.InChoice, "Choose one."), nil
	}
}

// decide takes a decision to the use case, with the digest of what was shown.
func (d *Desk) decide(ctx context.Context, s slack.Submission, ref card.Ref, approve bool) (slack.Answer, error) {
	reason := written(s, card.InReason)
	if reason == "" {
		return fault(card.InReason, "Say why: it goes into the record."), nil
	}
	if approve {
		approval, err := d.Incidents.Approval(ctx, s.Person, ref.Approval)
		if err != nil {
			return slack.Answer{}, err
		}
		if phrase := card.Phrase(approval); phrase != "" && written(s, card.InTarget) != phrase {
			return fault(card.InTarget, "That is not "+phrase+"."), nil
		}
		if !d.look().Approvable(approval) {
			return slack.Answer{}, soar.Errorf(soar.CodeConflict, "desk.Submit", "there is more in %s than Slack can show: approve it with \"tocsin approve\"", approval.ID)
		}
	}
	after, err := d.Incidents.Decide(ctx, s.Person, incidents.DecideRequest{
		ApprovalID: ref.Approval, DecisionID: once(s), Approve: approve, Reason: reason, Digest: ref.Digest, Via: via,
	})
	if coded, ok := errors.AsType[*soar.Error](err); ok && coded.Code == soar.CodeInvalid && coded.Field == "reason" {
		return fault(card.InReason, coded.Message), nil
	}
	if err != nil {
		return slack.Answer{}, maybe(err, "your decision on "+ref.Approval, "/tocsin approvals")
	}
	return d.done(ctx, s, ref, fmt.Sprintf("Your decision is recorded. %s", d.look().How(after))), nil
}

// done says that something is recorded. Cards are brought up to date by who follows
// them, the App Home at once: nobody follows it.
func (d *Desk) done(ctx context.Context, s slack.Submission, ref card.Ref, text string) slack.Answer {
	if ref.Channel != "" {
		return slack.Answer{Clear: true} // the card says it
	}
	soon, cancel := context.WithTimeout(ctx, homeTime)
	defer cancel()
	if err := d.publish(soon, s.Event); err != nil {
		d.Logger.WarnContext(ctx, "the app home was not brought up to date", "user", s.User, "error", err)
	}
	told := d.look().Told("Recorded", text)
	return slack.Answer{Update: &told}
}

func (d *Desk) ask(ctx context.Context, s slack.Submission, ref card.Ref, text, block string) (slack.Answer, error) {
	if text == "" {
		return fault(block, "Ask something."), nil
	}
	_, err := d.Incidents.Ask(ctx, s.Person, incidents.AskRequest{ApprovalID: ref.Approval, QuestionID: once(s), Text: text, Via: via})
	return d.said(ctx, s, ref, block, err, "Your question is recorded. The time runs on.")
}

func (d *Desk) answer(ctx context.Context, s slack.Submission, ref card.Ref) (slack.Answer, error) {
	text := written(s, card.InText)
	if text == "" {
		return fault(card.InText, "Answer something."), nil
	}
	_, err := d.Incidents.Answer(ctx, s.Person, incidents.AnswerRequest{ApprovalID: ref.Approval, QuestionID: ref.Question, AnswerID: once(s), Text: text, Via: via})
	return d.said(ctx, s, ref, card.InText, err, "Your answer is recorded.")
}

func (d *Desk) said(ctx context.Context, s slack.Submission, ref card.Ref, block string, err error, text string) (slack.Answer, error) {
	if coded, ok := errors.AsType[*soar.Error](err); ok && coded.Code == soar.CodeInvalid && coded.Field == "text" {
		return fault(block, coded.Message), nil
	}
	if err != nil {
		return slack.Answer{}, maybe(err, "what you wrote on "+ref.Approval, "/tocsin approvals")
	}
	return d.done(ctx, s, ref, text), nil
}

// complete takes a task's answer out of its form.
func (d *Desk) complete(ctx context.Context, s slack.Submission, ref card.Ref) (slack.Answer, error) {
	task, err := d.Incidents.Task(ctx, s.Person, ref.Task)
	if err != nil {
		return slack.Answer{}, err
	}
	form, err := card.ReadForm(task.Form)
	if err != nil {
		return slack.Answer{}, err
	}
	given := card.Values{}
	for block, inputs := range s.View.State {
		given[block] = card.Given{Text: inputs[card.Entry].Text, Options: inputs[card.Entry].Options}
	}
	answer, faults := form.Read(given)
	if len(faults) > 0 {
		return slack.Answer{Errors: faults}, nil
	}
	after, err := d.Incidents.CompleteTask(ctx, s.Person, ref.Task, once(s), answer)
	if coded, ok := errors.AsType[*soar.Error](err); ok && coded.Code == soar.CodeInvalid {
		if faults, ok := form.Fault(coded); ok {
			return slack.Answer{Errors: faults}, nil
		}
	}
	if err != nil {
		return slack.Answer{}, maybe(err, "your answer to "+ref.Task, "/tocsin tasks")
	}
	return d.done(ctx, s, ref, fmt.Sprintf("Task %s is %s.", after.ID, after.Status)), nil
}

// report opens an incident for who saw something.
func (d *Desk) report(ctx context.Context, s slack.Submission) (slack.Answer, error) {
	request := incidents.OpenRequest{
		RequestID: once(s), Title: written(s, card.InTitle), Description: written(s, card.InWhat),
		Severity: soar.Severity(s.View.State[card.InSeverity][card.Entry].First()),
		Host:     soar.Host{Name: written(s, card.InHost)}, User: soar.User{Name: written(s, card.InUser)},
	}
	if request.Title == "" {
		return fault(card.InTitle, "Say what happened, in one line."), nil
	}
	incident, err := d.Incidents.Open(ctx, s.Person, request)
	if coded, ok := errors.AsType[*soar.Error](err); ok && coded.Code == soar.CodeInvalid {
		return fault(reportBlock(coded.Field), coded.Message), nil
	}
	if err != nil {
		return slack.Answer{}, maybe(err, "your report", "/tocsin status")
	}
	told := d.look().Told("Thank you", "Your report is "+incident.ID+". Somebody on duty looks at it. "+
		"Leave the machine switched on and connected, and delete nothing. /tocsin status "+incident.ID+" says how it stands.")
	return slack.Answer{Update: &told}, nil
}

// reportBlock gives the input that a fault of a report belongs to.
func reportBlock(field string) string {
	switch {
	case field == "description":
		return card.InWhat
	case field == "severity":
		return card.InSeverity
	case strings.HasPrefix(field, "host"):
		return card.InHost
	case strings.HasPrefix(field, "user"):
		return card.InUser
	default:
		return card.InTitle
	}
}
