package slacktest

import (
	"context"
	"encoding/json"
	"fmt"
)

// Click has a user click the button with this action_id in a message. It fails when
// there is no such button: people cannot click what is not shown.
func (s *Slack) Click(ctx context.Context, user, channel, ts, actionID string) error {
	s.mu.Lock()
	message := s.message(channel, ts)
	if message == nil {
		s.mu.Unlock()
		return fmt.Errorf("slack: there is no message %s in %s", ts, channel)
	}
	element, block, ok := findElement(message.Blocks, actionID)
	if !ok {
		s.mu.Unlock()
		return fmt.Errorf("slack: the message has no button %q", actionID)
	}
	payload := s.clicked(user, Stale{Channel: channel, TS: ts}, s.action(element, block))
	payload["message"] = s.shown(message)
	s.mu.Unlock()
	_, err := s.deliver(ctx, envelope{"interactive", payload})
	return err
}

// Stale is a button as a client still shows it, whatever the message says by now.
type Stale struct{ Channel, TS, Action, Value string }

// Replay has a user click a button that was there once, or that somebody made up.
func (s *Slack) Replay(ctx context.Context, user string, button Stale) error {
	s.mu.Lock()
	element := object{"type": "button", "action_id": button.Action, "value": button.Value, "text": object{"type": "plain_text", "text": button.Action}}
	payload := s.clicked(user, button, s.action(element, "b"))
	if message := s.message(button.Channel, button.TS); message != nil {
		payload["message"] = s.shown(message)
	}
	s.mu.Unlock()
	_, err := s.deliver(ctx, envelope{"interactive", payload})
	return err
}

// clicked is a click on a message; the lock is held.
func (s *Slack) clicked(user string, at Stale, action object) map[string]any {
	payload := s.interaction("block_actions", user)
	name := ""
	if channel := s.channels[at.Channel]; channel != nil {
		name = channel.Name
	}
	payload["container"] = object{"type": "message", "message_ts": at.TS, "channel_id": at.Channel, "is_ephemeral": false}
	payload["channel"] = object{"id": at.Channel, "name": name}
	payload["response_url"] = s.respond(user, at.Channel, at.TS)
	payload["state"] = object{"values": object{}}
	payload["actions"] = []any{action}
	return payload
}

// ClickView has a user click a button in the modal or App Home with this id.
func (s *Slack) ClickView(ctx context.Context, user, viewID, actionID string) error {
	s.mu.Lock()
	view := s.view(viewID)
	if view == nil || view.User != user {
		s.mu.Unlock()
		return fmt.Errorf("slack: %s has no view %s", user, viewID)
	}
	var body struct {
		Blocks json.RawMessage `json:"blocks"`
	}
	_ = json.Unmarshal(view.Body, &body) // it was read before
	element, block, ok := findElement(body.Blocks, actionID)
	if !ok {
		s.mu.Unlock()
		return fmt.Errorf("slack: the view has no button %q", actionID)
	}
	payload := s.interaction("block_actions", user)
	payload["container"] = object{"type": "view", "view_id": view.ID}
	payload["view"] = s.shownView(view, nil)
	payload["actions"] = []any{s.action(element, block)}
	s.mu.Unlock()
	_, err := s.deliver(ctx, envelope{"interactive", payload})
	return err
}

// interaction is what all interactive payloads have.
func (s *Slack) interaction(kind, user string) map[string]any {
	who := s.users[user]
	return map[string]any{
		"type": kind, "token": "verification-token-not-used", "api_app_id": s.options.AppID, "trigger_id": s.trigger(user),
		"team": object{"id": s.options.TeamID, "domain": "fake"}, "enterprise": nil, "is_enterprise_install": false,
		"user": object{"id": user, "username": who.Name, "name": who.Name, "team_id": who.TeamID},
	}
}

func (s *Slack) action(element object, block string) object {
	out := object{"action_ts": s.stamp(), "block_id": block}
	for _, key := range []string{"type", "action_id", "value", "text", "style"} {
		if value := element[key]; value != nil {
			out[key] = value
		}
	}
	return out
}

// findElement finds an interactive element by its action_id. A block without an id
// has one of Slack's own making.
func findElement(raw json.RawMessage, actionID string) (element object, block string, ok bool) {
	list, err := decode[[]any](raw)
	if err != nil {
		return nil, "", false
	}
	for i, item := range list {
		o, _ := item.(object)
		id, _ := o["block_id"].(string)
		if id == "" {
			id = fmt.Sprintf("made%d", i)
		}
		candidates, _ := o["elements"].([]any)
		for _, candidate := range append(candidates, o["accessory"]) {
			if e, _ := candidate.(object); e != nil && e["action_id"] == actionID {
				return e, id, true
			}
		}
	}
	return nil, "", false
}

// Button finds a button in a message, as a client keeps it; false when there is none.
func (m Message) Button(actionID string) (Stale, bool) {
	element, _, ok := findElement(m.Blocks, actionID)
	value, _ := element["value"].(string)
	return Stale{m.Channel, m.TS, actionID, value}, ok
}

// Command has a user type a slash command in a channel, and gives what he sees at
// once: nil when nothing.
func (s *Slack) Command(ctx context.Context, user, channel, text string) (*Message, error) {
	s.mu.Lock()
	who := s.users[user]
	name := ""
	if c := s.channels[channel]; c != nil {
		name = c.Name
	}
	word, rest := text, ""
	for i := range text {
		if text[i] == ' ' {
			word, rest = text[:i], text[i+1:]
			break
		}
	}
	payload := map[string]any{
		"token": "verification-token-not-used", "team_id": s.options.TeamID, "team_domain": "fake", "channel_id": channel, "channel_name": name,
		"user_id": user, "user_name": who.Name, "command": word, "text": rest, "api_app_id": s.options.AppID, "is_enterprise_install": "false",
		"response_url": s.respond(user, channel, ""), "trigger_id": s.trigger(user),
	}
	s.mu.Unlock()
	body, err := s.deliver(ctx, envelope{"slash_commands", payload})
	if err != nil || len(body) == 0 || string(body) == "null" {
		return nil, err
	}
	return s.answered(user, channel, body)
}

// answered shows what a command was answered with.
func (s *Slack) answered(user, channel string, body []byte) (*Message, error) {
	var reply laterReply
	if json.Unmarshal(body, &reply) != nil {
		reply.Text = string(body)
	}
	if len(reply.Blocks) > 0 && string(reply.Blocks) != "null" {
		if faults := checkBlocks(reply.Blocks, onMessage); len(faults) > 0 {
			return nil, &refused{word: faults[0].word, messages: faultTexts(faults)}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	message := &Message{Channel: channel, TS: s.stamp(), Text: reply.Text, Blocks: reply.Blocks, Only: user}
	if reply.Type == "in_channel" {
		message.Only = ""
	}
	s.messages[channel] = append(s.messages[channel], message)
	copied := *message
	return &copied, nil
}

// OpenHome has a user look at the App Home.
func (s *Slack) OpenHome(ctx context.Context, user string) error {
	s.mu.Lock()
	event := map[string]any{"type": "app_home_opened", "user": user, "channel": s.direct(user).ID, "tab": "home", "event_ts": s.stamp()}
	if home := s.homes[user]; home != nil {
		event["view"] = s.shownView(home, nil)
	}
	s.mu.Unlock()
	return s.Event(ctx, event)
}

// Event sends any event of the Events API.
func (s *Slack) Event(ctx context.Context, event map[string]any) error {
	s.mu.Lock()
	n := s.next()
	s.mu.Unlock()
	_, err := s.deliver(ctx, envelope{"events_api", map[string]any{
		"token": "verification-token-not-used", "team_id": s.options.TeamID, "api_app_id": s.options.AppID, "event": event, "type": "event_callback",
		"event_id": fmt.Sprintf("Ev%08d", n), "event_time": s.options.Now().Unix(),
		"authorizations": []any{object{"enterprise_id": nil, "team_id": s.options.TeamID, "user_id": botUser, "is_bot": true, "is_enterprise_install": false}},
	}})
	return err
}
