package workspacetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/follow"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Message is what stands in a channel.
type Message struct {
	TS, Thread string
	Text       string
	Blocks     string // JSON, with < and > as they are
	Edits      int
}

// Channel is one conversation.
type Channel struct {
	ID, Name, Topic string
	Archived        bool
	Members, Pinned []string
	messages        []Message
}

// Board is one workspace. It is safe for concurrent use.
type Board struct {
	mu       sync.Mutex
	serial   int
	channels map[string]*Channel // by id; of direct messages by the user's
	views    map[string][]slackgo.ModalViewRequest
	homes    map[string]string
	failing  error
	calls    int
}

// New gives an empty workspace.
func New() *Board {
	return &Board{channels: map[string]*Channel{}, views: map[string][]slackgo.ModalViewRequest{}, homes: map[string]string{}}
}

// Fail makes every call fail with err; nil ends it.
func (b *Board) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failing = err
}

// enter locks and counts.
func (b *Board) enter() (leave func(), err error) {
	b.mu.Lock()
	b.calls++
	return b.mu.Unlock, b.failing
}

// Calls gives how many calls there were.
func (b *Board) Calls() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls
}

// AddChannel adds a channel and gives its id.
func (b *Board) AddChannel(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.add("C", name).ID
}

func (b *Board) add(kind, name string) *Channel {
	b.serial++
	made := &Channel{ID: fmt.Sprintf("%s%08d", kind, b.serial), Name: name}
	b.channels[made.ID] = made
	return made
}

// Channel finds one by its id or name.
func (b *Board) Channel(name string) (Channel, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.channels {
		if one.ID == name || one.Name == name {
			return *one, true
		}
	}
	return Channel{}, false
}

// Messages gives what stands in a channel, by its id, or was written to a user.
func (b *Board) Messages(place string) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	if channel := b.channels[place]; channel != nil {
		return slices.Clone(channel.messages)
	}
	return nil
}

// Delete takes a message away.
func (b *Board) Delete(channel, ts string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := &b.channels[channel].messages
	*list = slices.DeleteFunc(*list, func(m Message) bool { return m.TS == ts })
}

// Views gives the modals that were opened by this trigger.
func (b *Board) Views(trigger string) []slackgo.ModalViewRequest {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.views[trigger])
}

// Home gives the App Home of a user as JSON.
func (b *Board) Home(user string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.homes[user]
}

// Post writes a message.
func (b *Board) Post(_ context.Context, place, thread string, m card.Message) (slack.Posted, error) {
	leave, err := b.enter()
	defer leave()
	if err != nil {
		return slack.Posted{}, err
	}
	channel := b.channels[place]
	if channel == nil && strings.HasPrefix(place, "U") {
		channel = b.add("D", "")
		b.channels[place] = channel
	}
	if err := writable(channel, m); err != nil {
		return slack.Posted{}, err
	}
	b.serial++
	made := Message{TS: fmt.Sprintf("1700000000.%06d", b.serial), Thread: thread, Text: m.Text, Blocks: asText(m.Blocks)}
	channel.messages = append(channel.messages, made)
	return slack.Posted{Channel: channel.ID, TS: made.TS}, nil
}

// Update changes a message.
func (b *Board) Update(_ context.Context, at slack.Posted, m card.Message) error {
	leave, err := b.enter()
	defer leave()
	if err != nil {
		return err
	}
	channel := b.channels[at.Channel]
	if err := writable(channel, m); err != nil {
		return err
	}
	for i := range channel.messages {
		if one := &channel.messages[i]; one.TS == at.TS {
			one.Text, one.Blocks, one.Edits = m.Text, asText(m.Blocks), one.Edits+1
			return nil
		}
	}
	return soar.Wrap(soar.CodeNotFound, "board", follow.MessageGone, "message_not_found")
}

func writable(channel *Channel, m card.Message) error {
	if channel == nil || channel.Archived {
		return soar.Wrap(soar.CodeNotFound, "board", follow.ChannelGone, "channel_not_found")
	}
	if err := card.Validate(m); err != nil {
		return soar.Wrap(soar.CodeInvalid, "board", err, "invalid_blocks: %v", err)
	}
	return nil
}

func asText(shown any) string {
	raw, err := json.Marshal(shown)
	if err != nil {
		return err.Error()
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(raw))
}

// CreateChannel makes a channel.
func (b *Board) CreateChannel(_ context.Context, name string) (string, error) {
	leave, err := b.enter()
	defer leave()
	if err != nil {
		return "", err
	}
	for _, one := range b.channels {
		if one.Name == name {
			return "", soar.Wrap(soar.CodeConflict, "board", follow.NameTaken, "name_taken")
		}
	}
	return b.add("C", name).ID, nil
}

// Invite adds members.
func (b *Board) Invite(_ context.Context, channel string, users []string) error {
	return b.change(channel, func(c *Channel) { c.Members = append(c.Members, users...) })
}

// Topic sets the topic.
func (b *Board) Topic(_ context.Context, channel, topic string) error {
	return b.change(channel, func(c *Channel) { c.Topic = topic })
}

// Pin keeps a message in view.
func (b *Board) Pin(_ context.Context, at slack.Posted) error {
	return b.change(at.Channel, func(c *Channel) { c.Pinned = append(c.Pinned, at.TS) })
}

// Archive closes a channel.
func (b *Board) Archive(_ context.Context, channel string) error {
	return b.change(channel, func(c *Channel) { c.Archived = true })
}

func (b *Board) change(channel string, fn func(*Channel)) error {
	leave, err := b.enter()
	defer leave()
	if err != nil {
		return err
	}
	if b.channels[channel] == nil || b.channels[channel].Archived {
		return soar.Wrap(soar.CodeNotFound, "board", follow.ChannelGone, "is_archived")
	}
	fn(b.channels[channel])
	return nil
}

// OpenView opens a modal; a trigger is good once.
func (b *Board) OpenView(_ context.Context, trigger string, view slackgo.ModalViewRequest) error {
	leave, err := b.enter()
	defer leave()
	if err != nil {
		return err
	}
	if err := card.ValidateModal(view); err != nil || trigger == "" || len(b.views[trigger]) > 0 {
		return soar.Wrap(soar.CodeInvalid, "board", err, "exchanged_trigger_id or a modal that is not taken: %v", err)
	}
	b.views[trigger] = append(b.views[trigger], view)
	return nil
}

// PublishHome sets the App Home of a user.
func (b *Board) PublishHome(_ context.Context, user string, view slackgo.HomeTabViewRequest) error {
	leave, err := b.enter()
	defer leave()
	if err != nil {
		return err
	}
	if err := card.ValidateHome(view); err != nil {
		return soar.Wrap(soar.CodeInvalid, "board", err, "invalid home: %v", err)
	}
	b.homes[user] = asText(view)
	return nil
}

// Limited is what a call gets that came too often.
func Limited(wait time.Duration) error {
	return &soar.Error{Code: soar.CodeLimited, Op: "board", Message: "ratelimited", RetryAfter: wait}
}

// Away is what a call gets when Slack does not answer.
func Away() error { return soar.Errorf(soar.CodeUnavailable, "board", "Slack is away") }
