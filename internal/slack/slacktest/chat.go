package slacktest

import (
	"encoding/json"
	"slices"
	"unicode/utf16"
)

const maxText = 40_000

// place finds where the bot writes to: a channel, or a person by his id.
func (s *Slack) place(name string) (*Channel, *refused) {
	if _, ok := s.users[name]; ok {
		return s.direct(name), nil
	}
	channel := s.find(name)
	switch {
	case channel == nil:
		return nil, refuse("channel_not_found")
	case channel.Archived:
		return nil, refuse("is_archived")
	case !channel.BotIn && !channel.Direct && (channel.Private || !s.holds("chat:write.public")):
		return nil, refuse("not_in_channel")
	}
	return channel, nil
}

func (s *Slack) content(args arguments) (text string, blocks json.RawMessage, no *refused) {
	text = args.text("text")
	if text == "null" {
		text = ""
	}
	if raw := args.document("blocks"); len(raw) > 0 && string(raw) != "null" && string(raw) != "[]" {
		if faults := checkBlocks(raw, onMessage); len(faults) > 0 {
			return "", nil, &refused{word: faults[0].word, messages: faultTexts(faults)}
		}
		blocks = raw
	}
	switch {
	case text == "" && len(blocks) == 0:
		return "", nil, refuse("no_text")
	case units(text) > maxText:
		return "", nil, refuse("msg_too_long")
	}
	return text, blocks, nil
}

// units counts as Slack's own programs do; it is never less than the characters.
func units(text string) int { return len(utf16.Encode([]rune(text))) }

func (s *Slack) postMessage(args arguments) (map[string]any, *refused) {
	channel, no := s.place(args.text("channel"))
	if no != nil {
		return nil, no
	}
	text, blocks, no := s.content(args)
	if no != nil {
		return nil, no
	}
	thread := args.text("thread_ts")
	if thread != "" && s.message(channel.ID, thread) == nil {
		return nil, refuse("thread_not_found")
	}
	message := &Message{Channel: channel.ID, TS: s.stamp(), Thread: thread, Text: text, Blocks: blocks}
	s.messages[channel.ID] = append(s.messages[channel.ID], message)
	return map[string]any{"channel": channel.ID, "ts": message.TS, "message": s.shown(message)}, nil
}

func (s *Slack) message(channel, ts string) *Message {
	for _, message := range s.messages[channel] {
		if message.TS == ts && !message.Deleted {
			return message
		}
	}
	return nil
}

// own finds a message that the bot wrote for everybody: no other can be changed.
func (s *Slack) own(args arguments) (*Message, *refused) {
	channel := s.find(args.text("channel"))
	if channel == nil {
		return nil, refuse("channel_not_found")
	}
	if channel.Archived {
		return nil, refuse("is_archived")
	}
	message := s.message(channel.ID, args.text("ts"))
	switch {
	case message == nil:
		return nil, refuse("message_not_found")
	case message.Only != "":
		return nil, refuse("cant_update_message")
	}
	return message, nil
}

func (s *Slack) updateMessage(args arguments) (map[string]any, *refused) {
	message, no := s.own(args)
	if no != nil {
		return nil, no
	}
	text, blocks, no := s.content(args)
	if no != nil {
		return nil, no
	}
	message.Text, message.Blocks = text, blocks
	message.Edits++
	return map[string]any{"channel": message.Channel, "ts": message.TS, "text": text}, nil
}

func (s *Slack) deleteMessage(args arguments) (map[string]any, *refused) {
	message, no := s.own(args)
	if no != nil {
		return nil, no
	}
	message.Deleted = true
	return map[string]any{"channel": message.Channel, "ts": message.TS}, nil
}

func (s *Slack) postEphemeral(args arguments) (map[string]any, *refused) {
	channel, no := s.place(args.text("channel"))
	if no != nil {
		return nil, no
	}
	user := args.text("user")
	if !channel.Direct && !slices.Contains(channel.Members, user) {
		return nil, refuse("user_not_in_channel")
	}
	text, blocks, no := s.content(args)
	if no != nil {
		return nil, no
	}
	message := &Message{Channel: channel.ID, TS: s.stamp(), Text: text, Blocks: blocks, Only: user}
	s.messages[channel.ID] = append(s.messages[channel.ID], message)
	return map[string]any{"message_ts": message.TS}, nil
}

// shown is a message as Slack gives it back.
func (s *Slack) shown(m *Message) map[string]any {
	out := map[string]any{"type": "message", "user": botUser, "bot_id": "B0FAKE000", "app_id": s.options.AppID, "text": m.Text, "ts": m.TS, "team": s.options.TeamID}
	if m.Thread != "" {
		out["thread_ts"] = m.Thread
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	return out
}
