package slacktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// arguments are those of one call: JSON for blocks and views, text for all else.
type arguments map[string]json.RawMessage

// text gives an argument as text; numbers and truth values as they are written.
func (a arguments) text(name string) string {
	raw := a[name]
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

func (a arguments) list(name string) []string {
	var list []string
	if json.Unmarshal(a[name], &list) == nil {
		return list
	}
	if text := a.text(name); text != "" {
		return strings.Split(text, ",")
	}
	return nil
}

// document gives an argument that is JSON, also where it was sent as text.
func (a arguments) document(name string) json.RawMessage {
	raw := a[name]
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return json.RawMessage(text)
	}
	return raw
}

// refused is an error by Slack's own word for it.
type refused struct {
	word     string
	messages []string // response_metadata.messages
	needed   string   // the scope
}

// Error gives the word with what is said of it.
func (r *refused) Error() string { return r.word + " " + strings.Join(r.messages, "; ") }

func refuse(word string, messages ...string) *refused {
	return &refused{word: word, messages: messages}
}

// method is one method of the Web API; the lock is held while it runs.
type method struct {
	scope string // one of these, separated by |
	app   bool   // wants the app's token
	tier  int    // calls a minute
	run   func(*Slack, arguments) (map[string]any, *refused)
}

const manage = "channels:manage|groups:write"

func methods() map[string]method {
	return map[string]method{
		"auth.test":              {tier: 600, run: (*Slack).authTest},
		"apps.connections.open":  {app: true, tier: 20, run: (*Slack).connectionsOpen},
		"users.info":             {scope: "users:read", tier: 100, run: (*Slack).usersInfo},
		"chat.postMessage":       {scope: "chat:write", tier: 60, run: (*Slack).postMessage},
		"chat.update":            {scope: "chat:write", tier: 50, run: (*Slack).updateMessage},
		"chat.delete":            {scope: "chat:write", tier: 50, run: (*Slack).deleteMessage},
		"chat.postEphemeral":     {scope: "chat:write", tier: 100, run: (*Slack).postEphemeral},
		"views.open":             {tier: 100, run: (*Slack).viewsOpen},
		"views.push":             {tier: 100, run: (*Slack).viewsPush},
		"views.update":           {tier: 100, run: (*Slack).viewsUpdate},
		"views.publish":          {tier: 100, run: (*Slack).viewsPublish},
		"conversations.create":   {scope: manage, tier: 20, run: (*Slack).create},
		"conversations.archive":  {scope: manage, tier: 20, run: (*Slack).archive},
		"conversations.invite":   {scope: manage, tier: 50, run: (*Slack).invite},
		"conversations.join":     {scope: "channels:join", tier: 50, run: (*Slack).join},
		"conversations.open":     {scope: "im:write", tier: 50, run: (*Slack).openDirect},
		"conversations.setTopic": {scope: manage, tier: 20, run: (*Slack).setTopic},
		"conversations.info":     {scope: "channels:read|groups:read", tier: 50, run: (*Slack).info},
		"pins.add":               {scope: "pins:write", tier: 20, run: (*Slack).pin},
	}
}

func allScopes() []string {
	scopes := []string{"chat:write.public", "commands"}
	for _, m := range methods() {
		for scope := range strings.SplitSeq(m.scope, "|") {
			if scope != "" && !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			}
		}
	}
	slices.Sort(scopes)
	return scopes
}

// holds tells whether the bot has one of the scopes, separated by |.
func (s *Slack) holds(scopes string) bool {
	for scope := range strings.SplitSeq(scopes, "|") {
		if scope == "" || slices.Contains(s.options.Scopes, scope) {
			return true
		}
	}
	return false
}

const maxBody = 1 << 20

func (s *Slack) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	args, err := readArguments(w, r)
	if err != nil {
		answer(w, map[string]any{"ok": false, "error": "invalid_form_data"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	known, ok := methods()[name]
	if !ok {
		answer(w, map[string]any{"ok": false, "error": "unknown_method"})
		return
	}
	if wait, over := s.over(name, known.tier); over {
		s.note(name, "ratelimited")
		w.Header().Set("Retry-After", strconv.Itoa(int(max(time.Second, wait)/time.Second)))
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"ok":false,"error":"ratelimited"}`)
		return
	}
	w.Header().Set("X-OAuth-Scopes", strings.Join(s.options.Scopes, ","))
	var reply map[string]any
	no := s.permit(known, r, args)
	if word := s.forbidden[name]; no == nil && word != "" {
		no = refuse(word)
	}
	if no == nil {
		reply, no = known.run(s, args)
	}
	if no != nil {
		s.note(name, no.word)
		answer(w, s.refusal(no))
		return
	}
	s.note(name, "")
	reply["ok"] = true
	answer(w, reply)
}

func (s *Slack) refusal(no *refused) map[string]any {
	reply := map[string]any{"ok": false, "error": no.word}
	if no.needed != "" {
		reply["needed"], reply["provided"] = no.needed, strings.Join(s.options.Scopes, ",")
	}
	if len(no.messages) > 0 {
		reply["response_metadata"] = map[string]any{"messages": no.messages}
	}
	return reply
}

func (s *Slack) note(name, word string) {
	s.calls = append(s.calls, Call{Method: name, Error: word, At: s.options.Now()})
}

func answer(w http.ResponseWriter, reply map[string]any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(reply) // a caller that has gone needs no answer
}

func readArguments(w http.ResponseWriter, r *http.Request) (arguments, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	args := arguments{}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		err := json.NewDecoder(r.Body).Decode(&args)
		if errors.Is(err, io.EOF) {
			return arguments{}, nil // a call without arguments
		}
		return args, err
	}
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	for name, values := range r.Form {
		text, err := json.Marshal(values[0])
		if err != nil {
			return nil, err
		}
		args[name] = text
	}
	return args, nil
}

func (s *Slack) permit(m method, r *http.Request, args arguments) *refused {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = args.text("token")
	}
	wanted := s.options.BotToken
	if m.app {
		wanted = s.options.AppToken
	}
	switch {
	case token == "":
		return refuse("not_authed")
	case token != s.options.BotToken && token != s.options.AppToken:
		return refuse("invalid_auth")
	case token != wanted:
		return refuse("not_allowed_token_type")
	case !s.holds(m.scope):
		return &refused{word: "missing_scope", needed: m.scope}
	}
	return nil
}

// limit refuses the next calls of a method.
type limit struct {
	calls int
	wait  time.Duration
}

// Limit makes the next calls of a method be answered with 429 and Retry-After.
func (s *Slack) Limit(method string, calls int, retryAfter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits[method] = &limit{calls, retryAfter}
}

// Forbid makes every call of a method be refused with Slack's word, such as
// restricted_action; an empty one ends it.
func (s *Slack) Forbid(method, word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forbidden[method] = word
}

func (s *Slack) over(name string, perMinute int) (time.Duration, bool) {
	if asked := s.limits[name]; asked != nil && asked.calls > 0 {
		asked.calls--
		return asked.wait, true
	}
	if !s.options.Tiers {
		return 0, false
	}
	now := s.options.Now()
	recent := slices.DeleteFunc(s.tiers[name], func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	if len(recent) >= perMinute {
		s.tiers[name] = recent
		return time.Minute - now.Sub(recent[0]), true
	}
	s.tiers[name] = append(recent, now)
	return 0, false
}

func (s *Slack) authTest(arguments) (map[string]any, *refused) {
	return map[string]any{
		"url": s.server.URL + "/", "team": "Fake", "user": "tocsin", "team_id": s.options.TeamID, "user_id": botUser, "bot_id": "B0FAKE000",
		"app_id": s.options.AppID,
	}, nil
}

func (s *Slack) usersInfo(args arguments) (map[string]any, *refused) {
	user, ok := s.users[args.text("user")]
	if !ok {
		return nil, refuse("user_not_found")
	}
	return map[string]any{"user": map[string]any{
		"id": user.ID, "team_id": user.TeamID, "name": user.Name, "real_name": user.RealName, "tz": user.Zone, "deleted": user.Deleted,
		"is_bot": user.Bot, "is_restricted": user.Guest, "is_ultra_restricted": false, "is_stranger": user.Stranger,
		"profile": map[string]any{"real_name": user.RealName, "email": user.Email, "team": user.TeamID},
	}}, nil
}
