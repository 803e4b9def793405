package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of streams.
const (
	maxStreams = 500 // open at once; each asks the database once in PollEvery
	streamPage = 200 // entries read at a time
)

// streams is what all open streams share.
type streams struct {
	options Options
	open    atomic.Int64
}

func newStreams(options Options) *streams { return &streams{options: options} }

func (s *streams) take() bool {
	if s.open.Add(1) > maxStreams {
		s.open.Add(-1)
		return false
	}
	return true
}

// stream is one reader that follows a timeline by server-sent events.
type stream struct {
	ctx     context.Context // of the request; this value lives no longer than it
	streams *streams
	first   []record.Entry
	after   int64
	read    func(ctx context.Context, after int64) ([]record.Entry, error)
	recheck func(context.Context) error
}

// VisitWatchIncidentResponse writes events until somebody ends it.
func (s stream) VisitWatchIncidentResponse(w http.ResponseWriter) error {
	defer s.streams.open.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	out := eventWriter{w, http.NewResponseController(w)}
	// The server's read deadline would end the stream; without one there is
	// nothing to lift.
	_ = out.controller.SetReadDeadline(time.Time{})
	if err := out.comment("connected"); err != nil {
		return nil
	}
	if err := s.follow(out); err != nil {
		// What failed is told in the stream itself; the reader may be gone already.
		_ = out.end(err)
	}
	return nil
}

// follow gives nil when the reader went away, and else why the stream ends.
func (s stream) follow(out eventWriter) error {
	poll, heartbeat, recheck := time.NewTicker(s.streams.options.PollEvery), time.NewTicker(s.streams.options.HeartbeatEvery), time.NewTicker(s.streams.options.RecheckEvery)
	defer poll.Stop()
	defer heartbeat.Stop()
	defer recheck.Stop()
	after, entries := s.after, s.first
	for {
		for len(entries) > 0 {
			if err := out.entries(entries); err != nil {
				return nil
			}
			after = entries[len(entries)-1].Seq
			var err error
			if entries, err = s.read(s.ctx, after); err != nil {
				return err
			}
		}
		var err error
		select {
		case <-s.ctx.Done():
			return nil
		case <-s.streams.options.Closing:
			return soar.Errorf(soar.CodeUnavailable, "api.follow", "the server is shutting down; connect again")
		case <-recheck.C:
			err = s.recheck(s.ctx)
		case <-heartbeat.C:
			if out.comment("still here") != nil {
				return nil
			}
		case <-poll.C:
			entries, err = s.read(s.ctx, after)
		}
		if err != nil {
			return err
		}
	}
}

// eventWriter writes server-sent events and flushes each.
type eventWriter struct {
	w          http.ResponseWriter
	controller *http.ResponseController
}

func (e eventWriter) entries(entries []record.Entry) error {
	for _, entry := range entries {
		data, err := json.Marshal(timelineEntry(entry))
		if err != nil {
			return err
		}
		// JSON has no line breaks, so that no text can forge an event.
		if err := e.write(fmt.Sprintf("id: %d\nevent: timeline\ndata: %s\n\n", entry.Seq, data)); err != nil {
			return err
		}
	}
	return nil
}

func (e eventWriter) comment(text string) error { return e.write(": " + text + "\n\n") }

// end tells the reader why nothing more comes.
func (e eventWriter) end(err error) error {
	body, _ := problem(err, "")
	data, err := json.Marshal(map[string]string{"code": string(body.Code), "message": optional.Value(body.Detail)})
	if err != nil {
		return err
	}
	return e.write("event: end\ndata: " + string(data) + "\n\n")
}

func (e eventWriter) write(text string) error {
	if _, err := (patient{e.w, e.controller}).Write([]byte(text)); err != nil {
		return err
	}
	return e.controller.Flush()
}
