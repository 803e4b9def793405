package slacktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// door is where Slack sends what people do.
type door interface {
	send(ctx context.Context, e envelope) ([]byte, error)
}

// envelope is one thing that a person did.
type envelope struct {
	kind    string // interactive | slash_commands | events_api
	payload map[string]any
}

// ErrNoAnswer says that the app did not answer in time, or not with success. People
// see a warning sign in Slack then.
var ErrNoAnswer = errors.New("slack: the app did not answer")

// UseHTTP sends to an app that listens: base/slack/interactions, /commands, /events.
func (s *Slack) UseHTTP(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.door = &httpDoor{slack: s, base: base}
}

// UseSocket sends over the sockets that the app has open.
func (s *Slack) UseSocket() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.door = socketDoor{s}
}

// Duplicate sends the next n things twice.
func (s *Slack) Duplicate(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.twice = n
}

// DuplicateLastAnswer sends the next n things twice, as Duplicate, and it is the second
// answer that counts: the first was lost on its way.
func (s *Slack) DuplicateLastAnswer(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.twice, s.lastCounts = n, n
}

// deliver sends it once, or twice when that was asked for; the first answer counts,
// unless it was to be lost.
func (s *Slack) deliver(ctx context.Context, e envelope) ([]byte, error) {
	s.mu.Lock()
	door, twice, last := s.door, s.twice > 0, s.lastCounts > 0
	if twice {
		s.twice--
		s.lastCounts = max(0, s.lastCounts-1)
	}
	s.mu.Unlock()
	if door == nil {
		return nil, errors.New("slack: the app has no door: UseHTTP or UseSocket first")
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	body, err := door.send(ctx, e)
	if twice {
		second, again := door.send(ctx, e)
		err = errors.Join(err, again)
		if last {
			body = second
		}
	}
	return body, err
}

// Sign gives the headers of a body that Slack signs at this time.
func Sign(secret string, at time.Time, body []byte) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	header := http.Header{}
	header.Set("X-Slack-Request-Timestamp", stamp)
	header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return header
}

type httpDoor struct {
	slack *Slack
	base  string
}

func (d *httpDoor) send(ctx context.Context, e envelope) ([]byte, error) {
	path, kind, body, err := encode(e)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = Sign(d.slack.options.SigningSecret, d.slack.options.Now(), body)
	request.Header.Set("Content-Type", kind)
	request.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	response, err := d.slack.server.Client().Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	defer response.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil || response.StatusCode != http.StatusOK {
		return reply, fmt.Errorf("%w: HTTP %d %.200s", ErrNoAnswer, response.StatusCode, reply)
	}
	return reply, nil
}

// encode gives the body as Slack sends it by HTTP.
func encode(e envelope) (path, kind string, body []byte, err error) {
	text, err := json.Marshal(e.payload)
	if err != nil {
		return "", "", nil, err
	}
	switch e.kind {
	case "events_api":
		return "/slack/events", "application/json", text, nil
	case "slash_commands":
		form := url.Values{}
		for key, value := range e.payload {
			form.Set(key, fmt.Sprint(value))
		}
		return "/slack/commands", "application/x-www-form-urlencoded", []byte(form.Encode()), nil
	default:
		return "/slack/interactions", "application/x-www-form-urlencoded", []byte(url.Values{"payload": {string(text)}}.Encode()), nil
	}
}
