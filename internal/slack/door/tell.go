package door

import (
	"context"
	"maps"
	"slices"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const maxTold = 2900 // characters; a section holds 3,000

// commandAnswer answers a slash command at once.
type commandAnswer struct {
	Type   string          `json:"response_type"`
	Text   string          `json:"text"`
	Blocks []slackgo.Block `json:"blocks,omitempty"`
}

// viewAnswer answers a modal that was sent.
type viewAnswer struct {
	Action string                    `json:"response_action"`
	View   *slackgo.ModalViewRequest `json:"view,omitempty"`
	Errors map[string]string         `json:"errors,omitempty"`
}

// answerOf gives what Slack is answered when the work is done in time.
func answerOf(kind string, made done, err error) any {
	switch {
	case kind == kindCommand && err != nil:
		return commandOfReply(slack.Reply{Text: soar.MessageOf(err)})
	case kind == kindCommand:
		return commandOfReply(made.reply)
	case err != nil:
		return viewAnswer{Action: "push", View: notice("Not done", soar.MessageOf(err))}
	case len(made.answer.Errors) > 0:
		return viewAnswer{Action: "errors", Errors: made.answer.Errors}
	case made.answer.Update != nil:
		return viewAnswer{Action: "update", View: made.answer.Update}
	case made.answer.Push != nil:
		return viewAnswer{Action: "push", View: made.answer.Push}
	case made.answer.Clear:
		return viewAnswer{Action: "clear"}
	default:
		return nil
	}
}

func commandOfReply(r slack.Reply) any {
	if r.Text == "" && len(r.Blocks) == 0 {
		return nil
	}
	if len(r.Blocks) == 0 {
		r.Blocks = plain(r.Text)
	}
	out := commandAnswer{Type: slackgo.ResponseTypeEphemeral, Text: escape(r.Text), Blocks: r.Blocks}
	if r.Everyone {
		out.Type = slackgo.ResponseTypeInChannel
	}
	return out
}

// Words for work that takes longer than Slack waits: nobody knows yet how it ends.
const (
	lateForm = "This takes longer than Slack waits, and it is not known yet whether it was recorded. A message will tell you. " +
		"If none comes within a minute, look with /tocsin approvals or /tocsin tasks before you do it again."
	lateCommand = "This takes longer than Slack waits. The answer follows here; if none comes within a minute, ask again."
)

// goesOn is the answer when the work takes longer than Slack waits.
func goesOn(kind string) any {
	switch kind {
	case kindSubmission:
		return viewAnswer{Action: "update", View: notice("Still at it", lateForm)}
	case kindCommand:
		return commandOfReply(slack.Reply{Text: lateCommand})
	default:
		return nil
	}
}

// receivedBefore answers what comes a second time because the answer to the first was
// lost on its way: closing the modal would look like success.
func receivedBefore(kind string) any {
	if kind != kindSubmission && kind != kindCommand {
		return nil
	}
	return answerOf(kind, done{}, soar.Errorf(soar.CodeConflict, "door.take", "This was received before, and the answer to it was lost on its way. "+
		"Look with /tocsin approvals or /tocsin tasks what became of it; the same form sent again counts once."))
}

// tell says in a message how it went; an error when that cannot be said. A click and
// the App Home that went well say it themselves.
func (d *Door) tell(ctx context.Context, a arrival, made done, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*slack.AnswerTime)
	defer cancel()
	var failed error
	switch {
	case a.kind == kindCommand && err == nil:
		if commandOfReply(made.reply) == nil {
			return nil
		}
		reply := made.reply
		if len(reply.Blocks) == 0 {
			reply.Blocks = plain(reply.Text)
		}
		failed = d.o.Slack.Respond(ctx, a.event.Respond, slack.Response{Message: slack.Message{Text: reply.Text, Blocks: reply.Blocks}, Everyone: reply.Everyone})
	case err != nil:
		failed = d.say(ctx, a, soar.MessageOf(err))
	case a.kind == kindSubmission:
		failed = d.say(ctx, a, lateWords(made.answer))
	}
	if failed != nil {
		d.o.Log.WarnContext(ctx, "somebody in Slack was not told how it went", "event", a.event.Key, "user", a.event.User, "error", failed)
	}
	return failed
}

// say tells the user something that only he sees: where he clicked if that can be,
// else in a direct message.
func (d *Door) say(ctx context.Context, a arrival, text string) error {
	m := slack.Message{Text: text, Blocks: plain(text)}
	if !a.event.Respond.Empty() {
		if err := d.o.Slack.Respond(ctx, a.event.Respond, slack.Response{Message: m}); err == nil {
			return nil
		}
	}
	_, err := d.o.Slack.Post(ctx, a.event.User, m)
	return err
}

// lateWords says how a modal went that is closed by now.
func lateWords(answer slack.Answer) string {
	if len(answer.Errors) == 0 {
		return "Done: what you sent from the modal was carried out."
	}
	var words strings.Builder
	words.WriteString("Not done. What you sent from the modal has faults:")
	for _, block := range slices.Sorted(maps.Keys(answer.Errors)) {
		words.WriteString("\n- " + block + ": " + answer.Errors[block])
	}
	return words.String()
}

// plain shows text as it is, without markup.
func plain(text string) []slackgo.Block {
	return []slackgo.Block{slackgo.NewSectionBlock(slackgo.NewTextBlockObject(slackgo.PlainTextType, soar.Shorten(text, maxTold), false, false), nil, nil)}
}

func notice(title, text string) *slackgo.ModalViewRequest {
	return &slackgo.ModalViewRequest{
		Type: slackgo.VTModal, Title: slackgo.NewTextBlockObject(slackgo.PlainTextType, title, false, false),
		Close: slackgo.NewTextBlockObject(slackgo.PlainTextType, "Close", false, false), Blocks: slackgo.Blocks{BlockSet: plain(text)},
	}
}

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
