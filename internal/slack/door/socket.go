package door

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of Socket Mode.
const (
	connections   = 2 // Slack closes each about hourly; the other one goes on
	maxEnvelope   = 1 << 20
	redialAfter   = 5 * time.Second
	redialAtMost  = 2 * time.Minute
	acknowledging = 2 * time.Second
)

// Kinds of envelopes that carry something to do.
const (
	envelopeInteractive = "interactive"
	envelopeCommand     = "slash_commands"
	envelopeEvent       = "events_api"
)

// Sockets keeps connections of Socket Mode open and hands what comes to the door.
type Sockets struct {
	door *Door
	api  *slackgo.Client
	open atomic.Int32
}

// NewSockets makes them; the client needs an app token with connections:write.
func NewSockets(d *Door, api *slackgo.Client) *Sockets { return &Sockets{door: d, api: api} }

// Open tells how many connections there are now.
func (s *Sockets) Open() int { return int(s.open.Load()) }

// Run keeps the connections until ctx ends. One that fails is opened again, also
// after Slack refused the token: somebody may be changing it.
func (s *Sockets) Run(ctx context.Context) {
	var group errgroup.Group
	for range connections {
		group.Go(func() error { s.keep(ctx); return nil })
	}
	_ = group.Wait() // returns no error
}

func (s *Sockets) keep(ctx context.Context) {
	for wait := redialAfter; ctx.Err() == nil; wait = min(2*wait, redialAtMost) {
		started := s.door.o.Now()
		err := s.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		s.door.o.Log.ErrorContext(ctx, "a connection of Slack's Socket Mode cannot be kept", "again_in", wait, "error", err)
		if s.door.o.Now().Sub(started) > redialAtMost {
			wait = redialAfter // it had worked
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// connect runs one connection and its successors. The library reconnects when Slack
// asks for it, when pings stay away and when the connection breaks.
func (s *Sockets) connect(ctx context.Context) error {
	client := socketmode.New(s.api, socketmode.OptionReadLimit(maxEnvelope))
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.listen(ctx, client)
	}()
	defer func() { cancel(); <-ended }()
	return client.RunContext(ctx)
}

// listen takes what comes until ctx ends. The library never closes the channel, and
// may still write to it when it has returned.
func (s *Sockets) listen(ctx context.Context, client *socketmode.Client) {
	up := false
	set := func(now bool) {
		if now != up {
			up = now
			s.open.Add(map[bool]int32{true: 1, false: -1}[now])
		}
	}
	defer set(false)
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-client.Events:
			switch event.Type {
			case socketmode.EventTypeConnected:
				set(true)
				s.door.o.Log.DebugContext(ctx, "Socket Mode is connected")
			case socketmode.EventTypeConnecting:
				set(false)
			default:
				s.other(ctx, client, event)
			}
		}
	}
}

func (s *Sockets) other(ctx context.Context, client *socketmode.Client, event socketmode.Event) {
	switch event.Type {
	case socketmode.EventTypeConnectionError:
		s.door.o.Log.WarnContext(ctx, "Socket Mode cannot connect", "error", connectionError(event.Data))
	case socketmode.EventTypeErrorWriteFailed:
		s.door.o.Log.WarnContext(ctx, "an acknowledgement did not reach Slack")
	default:
		if request, ok := requestOf(event); ok {
			go s.receive(ctx, client, request)
		}
	}
}

// requestOf gives the envelope of an event, also of one whose payload the library
// cannot read: ours reads less of it.
func requestOf(event socketmode.Event) (socketmode.Request, bool) {
	var request socketmode.Request
	if event.Request != nil {
		request = *event.Request
	} else if bad, ok := event.Data.(*socketmode.ErrorBadMessage); ok && json.Unmarshal(bad.Message, &request) != nil {
		return request, false
	}
	return request, request.EnvelopeID != "" && len(request.Payload) > 0
}

// receive acknowledges an envelope when its event is taken for good or refused for
// good. What cannot be worked on now stays without: Slack tells the person, and
// sends events of the Events API again to another connection.
func (s *Sockets) receive(ctx context.Context, client *socketmode.Client, request socketmode.Request) {
	ctx, cancel := s.door.budget(ctx)
	defer cancel()
	a, err := readEnvelope(request)
	var answer any
	if err == nil {
		answer, err = s.door.take(ctx, a, request.Payload, nil)
	} else {
		s.door.o.Meter.SlackEvent(unknown, refusal(err), 0, 0)
	}
	switch soar.CodeOf(err) {
	case soar.CodeUnavailable, soar.CodeInternal, soar.CodeLimited:
		s.door.o.Log.WarnContext(ctx, "an event of Slack cannot be taken now", "kind", a.kind, "error", err)
		return
	case "":
	case soar.CodeConflict:
		answer = receivedBefore(a.kind)
	default:
		s.door.o.Log.InfoContext(ctx, "an event of Slack was not taken", "kind", a.kind, "error", err)
	}
	if !request.AcceptsResponsePayload {
		answer = nil
	}
	s.acknowledge(ctx, client, request.EnvelopeID, answer)
}

func (s *Sockets) acknowledge(ctx context.Context, client *socketmode.Client, id string, answer any) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acknowledging)
	defer cancel()
	err := client.AckCtx(ctx, id, answer)
	if err != nil && answer != nil { // too large for a socket
		s.door.o.Log.ErrorContext(ctx, "an answer does not fit into Socket Mode", "error", err)
		err = client.AckCtx(ctx, id, nil)
	}
	if err != nil {
		s.door.o.Log.WarnContext(ctx, "an event of Slack could not be acknowledged", "error", err)
	}
}

func readEnvelope(request socketmode.Request) (arrival, error) {
	switch request.Type {
	case envelopeInteractive:
		return readPayload(request.Payload)
	case envelopeCommand:
		return readCommandPayload(request.Payload)
	case envelopeEvent:
		return readEvent(request.Payload)
	default:
		return arrival{}, invalid("an envelope of an unknown kind")
	}
}

func connectionError(data any) error {
	if failed, ok := data.(*slackgo.ConnectionErrorEvent); ok {
		return failed.ErrorObj
	}
	return nil
}
