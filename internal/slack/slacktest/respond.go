package slacktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// How often and how long a response_url is good.
const (
	maxResponses = 5
	responseLife = 30 * time.Minute
)

// response is one response_url.
type response struct {
	user, channel, ts string
	made              time.Time
	used              int
}

func (s *Slack) respond(user, channel, ts string) string {
	id := fmt.Sprintf("%d", s.next())
	s.responses[id] = &response{user: user, channel: channel, ts: ts, made: s.options.Now()}
	return s.server.URL + "/respond/" + id
}

// laterReply is what an app sends to a response_url, or answers a command with.
type laterReply struct {
	Type    string          `json:"response_type"`
	Text    string          `json:"text"`
	Blocks  json.RawMessage `json:"blocks"`
	Replace bool            `json:"replace_original"`
	Delete  bool            `json:"delete_original"`
}

// ForbidResponses makes every response_url be over its time until it is called again.
func (s *Slack) ForbidResponses(forbid bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = forbid
}

func (s *Slack) serveResponse(w http.ResponseWriter, r *http.Request) {
	var reply laterReply
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&reply)
	s.mu.Lock()
	defer s.mu.Unlock()
	to := s.responses[r.PathValue("id")]
	switch {
	case s.mute:
		http.Error(w, "expired_url", http.StatusNotFound)
	case s.away:
		w.WriteHeader(http.StatusServiceUnavailable)
	case to == nil:
		http.Error(w, "invalid_url", http.StatusNotFound)
	case to.used >= maxResponses:
		http.Error(w, "used_url", http.StatusNotFound)
	case s.options.Now().Sub(to.made) > responseLife:
		http.Error(w, "expired_url", http.StatusNotFound)
	case err != nil:
		http.Error(w, "invalid_payload", http.StatusBadRequest)
	default:
		to.used++
		s.say(w, to, reply)
	}
}

func (s *Slack) say(w http.ResponseWriter, to *response, reply laterReply) {
	text, blocks := reply.Text, reply.Blocks
	if string(blocks) == "null" {
		blocks = nil
	}
	if len(blocks) > 0 {
		if faults := checkBlocks(blocks, onMessage); len(faults) > 0 {
			http.Error(w, faults[0].word, http.StatusBadRequest)
			return
		}
	}
	if text == "" && len(blocks) == 0 && !reply.Delete {
		http.Error(w, "no_text", http.StatusBadRequest)
		return
	}
	original := s.message(to.channel, to.ts)
	switch {
	case reply.Delete && original != nil:
		original.Deleted = true
	case reply.Replace && original != nil:
		original.Text, original.Blocks = text, blocks
		original.Edits++
	default:
		message := &Message{Channel: to.channel, TS: s.stamp(), Text: text, Blocks: blocks, Only: to.user}
		if reply.Type == "in_channel" {
			message.Only = ""
		}
		s.messages[to.channel] = append(s.messages[to.channel], message)
	}
	fmt.Fprint(w, "ok")
}
