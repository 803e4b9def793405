package slacktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

const maxSockets = 10

// socket is one connection of Socket Mode.
type socket struct {
	conn *websocket.Conn
	mu   sync.Mutex // of writing
	acks map[string]chan json.RawMessage
	open sync.Mutex // of acks
}

func (s *Slack) connectionsOpen(arguments) (map[string]any, *refused) {
	if len(s.sockets) >= maxSockets {
		return nil, refuse("too_many_websockets")
	}
	ticket := fmt.Sprintf("ticket-%d", s.next())
	return map[string]any{"url": "ws" + strings.TrimPrefix(s.server.URL, "http") + "/socket/" + ticket}, nil
}

func (s *Slack) serveSocket(w http.ResponseWriter, r *http.Request) {
	upgrade := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // an app is no browser
	conn, err := upgrade.Upgrade(w, r, nil)
	if err != nil {
		return // it has been answered
	}
	one := &socket{conn: conn, acks: map[string]chan json.RawMessage{}}
	defer one.close()
	s.mu.Lock()
	n := len(s.sockets) + 1
	s.mu.Unlock()
	hello := map[string]any{
		"type": "hello", "num_connections": n, "connection_info": map[string]any{"app_id": s.options.AppID},
		"debug_info": map[string]any{"host": "fake", "approximate_connection_time": 18060},
	}
	if one.write(hello) != nil {
		return
	}
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.sockets = append(s.sockets, one)
	}
	s.mu.Unlock()
	if closed {
		return
	}
	one.read()
	s.mu.Lock()
	s.sockets = slices.DeleteFunc(s.sockets, func(other *socket) bool { return other == one })
	s.mu.Unlock()
}

func (c *socket) write(value any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.WriteJSON(value)
}

// read takes acknowledgements until the connection ends.
func (c *socket) read() {
	for {
		var ack struct {
			ID      string          `json:"envelope_id"`
			Payload json.RawMessage `json:"payload"`
		}
		if err := c.conn.ReadJSON(&ack); err != nil {
			return
		}
		c.open.Lock()
		if waiting := c.acks[ack.ID]; waiting != nil {
			waiting <- ack.Payload
			delete(c.acks, ack.ID)
		}
		c.open.Unlock()
	}
}

func (c *socket) close() { _ = c.conn.Close() }

// Sockets tells how many connections the app has open.
func (s *Slack) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Disconnect tells all connections to go, and why: refresh_requested, warning,
// link_disabled. Slack does so every few hours. Without a reason they break without a
// word.
func (s *Slack) Disconnect(reason string) {
	s.mu.Lock()
	open := slices.Clone(s.sockets)
	s.mu.Unlock()
	for _, one := range open {
		if reason == "" {
			one.close()
			continue
		}
		_ = one.write(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "fake"}})
		one.close()
	}
}

// DropAcks loses the next n acknowledgements on their way. What was clicked is not
// sent again.
func (s *Slack) DropAcks(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropAcks = n
}

type socketDoor struct{ slack *Slack }

// send gives the envelope to one of the connections, in turn.
func (d socketDoor) send(ctx context.Context, e envelope) ([]byte, error) {
	s := d.slack
	s.mu.Lock()
	if len(s.sockets) == 0 {
		s.mu.Unlock()
		return nil, fmt.Errorf("%w: no socket is open", ErrNoAnswer)
	}
	s.turn++
	to := s.sockets[s.turn%len(s.sockets)]
	id := fmt.Sprintf("envelope-%d", s.next())
	lose := s.dropAcks > 0
	if lose {
		s.dropAcks--
	}
	s.mu.Unlock()
	ack := make(chan json.RawMessage, 1)
	to.open.Lock()
	to.acks[id] = ack
	to.open.Unlock()
	if err := to.write(map[string]any{"envelope_id": id, "type": e.kind, "accepts_response_payload": e.kind != "events_api", "payload": e.payload}); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	select {
	case payload := <-ack:
		if lose {
			return nil, errors.Join(ErrNoAnswer, errors.New("the acknowledgement was lost"))
		}
		return payload, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	}
}
