package slack

import (
	"context"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Desk is where verified events of known people arrive. The door has checked the
// signature, the age, that the event was never seen before, and who the person is;
// what the person may do is for the use cases to say.
//
// Each method is called on a goroutine of its own under a deadline of WorkTime that
// outlives the request. An error is told to the person in the words of
// soar.MessageOf, and stands in the log and the record. Implementations must be
// safe for concurrent use.
type Desk interface {
	// Click is a click on a button or a choice in a message, a modal or the App Home.
	// Slack is answered when it returns, or after AnswerTime. A modal must be opened with Event.Trigger before
	// anything slow: it is good for three seconds.
	Click(ctx context.Context, click Click) error
	// Submit is a modal that was sent. The person waits: an answer within AnswerTime
	// changes the modal; for a later one the modal is closed and the person is told in
	// a message how it went.
	Submit(ctx context.Context, submission Submission) (Answer, error)
	// Command is a slash command. A later reply than AnswerTime is sent afterwards.
	Command(ctx context.Context, command Command) (Reply, error)
	// HomeOpened is somebody who looks at the App Home: publish his view.
	HomeOpened(ctx context.Context, home HomeOpened) error
}

// Bounds. Slack waits three seconds for an answer, the way there and back included.
const (
	AnswerTime = 2500 * time.Millisecond // from the receipt of a request to its answer, the door's own checks included
	WorkTime   = 20 * time.Second        // of a Desk's work, when it goes on after the answer
)

// Event is what all events have.
type Event struct {
	// Key is the same for the same event however often it comes, and another one for
	// every other: use it as the id of the decision or command that it causes.
	// "slack-" and 32 hexadecimal digits.
	Key     string
	At      time.Time      // when it arrived, UTC
	Person  soar.Principal // with the roles held at that moment
	Team    string         // Slack's id of the workspace: T...
	User    string         // Slack's id of the user: U... or W...
	Trigger string         // trigger_id; opens one modal within 3 s; empty: none
	Respond secret.String  // response_url: good for 5 messages in 30 min; may be empty
}

// Click is one click (block_actions).
type Click struct {
	Event
	Action  string // action_id
	Block   string // block_id
	Value   string // of the button, or of the first option that was chosen
	Chosen  Value  // the same with all that a select, date or input gives
	Channel string // C..., G... or D...; empty in a modal and in the App Home
	Message string // ts of the message; empty in a modal and in the App Home
	Thread  string // thread_ts of the message; empty: none
	View    View   // where it was clicked, in a modal or the App Home
}

// Submission is a modal that was sent (view_submission).
type Submission struct {
	Event
	View View
}

// Command is one slash command, such as /tocsin status.
type Command struct {
	Event
	Name    string // with its slash
	Text    string // what stands behind it; as people wrote it
	Channel string // where it was written
}

// HomeOpened says that somebody looks at the App Home (app_home_opened, tab home).
type HomeOpened struct {
	Event
	View View // what is shown now; its ID is empty the first time
}

// View is a modal or an App Home as Slack gives it back.
type View struct {
	ID       string
	Root     string // id of the first modal of the pile
	Kind     string // modal | home
	Callback string // callback_id
	Private  string // private_metadata; only as trustworthy as whoever could open the view
	Hash     string // for views.update: refused when somebody was faster
	State    State
}

// State is what stands in the inputs: block_id, then action_id.
type State map[string]map[string]Value

// Value is what one element holds.
type Value struct {
	Kind    string   // Slack's type: plain_text_input, static_select, datepicker, ...
	Text    string   // what was written, or the date, time, number as Slack writes it; Unix seconds of a datetimepicker
	Options []string // values of the options, or ids of the users or channels that were chosen
}

// First gives the text, or else the first option, or "".
func (v Value) First() string {
	if v.Text == "" && len(v.Options) > 0 {
		return v.Options[0]
	}
	return v.Text
}

// Answer is what becomes of a modal that was sent. The zero Answer closes it.
type Answer struct {
	Errors map[string]string         // what is wrong, by block_id: the modal stays open
	Update *slackgo.ModalViewRequest // shown in its place
	Push   *slackgo.ModalViewRequest // shown on top of it
	Clear  bool                      // closes the whole pile
}

// Reply answers a command. The zero Reply says nothing.
type Reply struct {
	Text     string          // shown where blocks are not, in notifications; plain text
	Blocks   []slackgo.Block // may be empty
	Everyone bool            // all in the channel see it; else only who asked
}
