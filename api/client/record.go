package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// maxEventBytes bounds one event of a stream: a record entry is at most 1 MiB.
const maxEventBytes = 4 << 20

// Timeline gives one page after an entry's number.
func (c *Client) Timeline(ctx context.Context, incidentID string, after int64, limit int) (*gen.TimelinePage, error) {
	r, err := c.api.ListTimelineWithResponse(ctx, incidentID, &gen.ListTimelineParams{After: optional(after), Limit: optional(limit)})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Record gives the export of an incident's chain. The caller closes it.
func (c *Client) Record(ctx context.Context, incidentID string) (io.ReadCloser, error) {
	r, err := c.api.ExportRecord(ctx, incidentID, asStream)
	if err != nil {
		return nil, err
	}
	return r.Body, nil
}

// Watch gives the entries of a timeline after an entry's number, those that are
// there and then those that come, until ctx ends or the loop does. A connection
// that breaks is made again where it was; broken says so, and may be nil. It ends
// with an error only when asking again would not help.
func (c *Client) Watch(ctx context.Context, incidentID string, after int64, broken func(error)) iter.Seq2[gen.TimelineEntry, error] {
	return func(yield func(gen.TimelineEntry, error) bool) {
		const shortest, longest = 500 * time.Millisecond, 15 * time.Second
		wait := shortest
		for {
			err := c.watchOnce(ctx, incidentID, after, func(entry gen.TimelineEntry) bool {
				after, wait = entry.Seq, shortest
				return yield(entry, nil)
			})
			if errors.Is(err, errStopped) || ctx.Err() != nil {
				return
			}
			if fault, ok := errors.AsType[*Error](err); ok && !fault.Temporary() {
				yield(gen.TimelineEntry{}, err)
				return
			}
			if broken != nil {
				broken(err)
			}
			if !sleep(ctx, wait) {
				return
			}
			wait = min(2*wait, longest)
		}
	}
}

var errStopped = errors.New("the reader stopped")

func (c *Client) watchOnce(ctx context.Context, incidentID string, after int64, take func(gen.TimelineEntry) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	params := &gen.WatchIncidentParams{}
	if after > 0 {
		params.LastEventID = optional(strconv.FormatInt(after, 10))
	}
	response, err := c.api.WatchIncident(ctx, incidentID, params, asStream)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	for event, err := range events(newWatchdog(response.Body, cancel)) {
		if err != nil {
			return fmt.Errorf("read the stream: %w", err)
		}
		if event.name == "end" {
			return ended(event.data)
		}
		var entry gen.TimelineEntry
		if err := json.Unmarshal([]byte(event.data), &entry); err != nil || event.name != "timeline" {
			continue // of a newer server
		}
		if !take(entry) {
			return errStopped
		}
	}
	return io.ErrUnexpectedEOF
}

func ended(data string) error {
	var why struct {
		Code    soar.Code `json:"code"`
		Message string    `json:"message"`
	}
	if err := json.Unmarshal([]byte(data), &why); err != nil {
		return fmt.Errorf("read why the stream ended: %w", err)
	}
	status := http.StatusForbidden // ends the loop
	if why.Code == soar.CodeUnavailable || why.Code == soar.CodeLimited {
		status = http.StatusServiceUnavailable
	}
	return &Error{Status: status, Code: why.Code, Message: why.Message}
}

// longestSilence is three times what the server lets pass between two lines.
const longestSilence = 30 * time.Second

// watchdog breaks a connection on which nothing comes any more, which TCP alone
// would keep for hours.
type watchdog struct {
	in    io.Reader
	timer *time.Timer
}

func newWatchdog(in io.Reader, bark func()) *watchdog {
	return &watchdog{in: in, timer: time.AfterFunc(longestSilence, bark)}
}

// Read lets more time pass whenever something came.
func (w *watchdog) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	if err != nil {
		w.timer.Stop()
	} else {
		w.timer.Reset(longestSilence)
	}
	return n, err
}

type event struct{ name, data string }

// events reads server-sent events. Comments, ids and retry lines are passed over:
// the entries carry their numbers themselves.
func events(in io.Reader) iter.Seq2[event, error] {
	return func(yield func(event, error) bool) {
		lines := bufio.NewScanner(in)
		lines.Buffer(make([]byte, 64<<10), maxEventBytes)
		var current event
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case lines.Text() == "":
				if current.data != "" && !yield(current, nil) {
					return
				}
				current = event{}
			case name == "event":
				current.name = value
			case name == "data":
				current.data += value
			}
		}
		if err := lines.Err(); err != nil {
			yield(event{}, err)
		}
	}
}
