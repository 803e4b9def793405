package apifuzz

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Bounds of one request.
const (
	sendWithin   = 30 * time.Second
	streamWithin = 100 * time.Millisecond // a stream does not end: its beginning is read
	maxAnswer    = 16 << 20               // bytes
	maxWaits     = 5                      // answers of 429 that are waited for
	maxWait      = 3 * time.Second
)

// request is one request as it is sent.
type request struct {
	way     string
	method  string
	path    string // escaped, with the query
	header  http.Header
	body    []byte
	token   string
	wrong   bool // a success offends
	refused int  // the status that the token must be answered with; 0: it is good
}

type answer struct {
	status int
	header http.Header
	body   []byte
	stream bool // only its beginning was read
}

// send sends a request, and again when the server asks to wait.
func (r *run) send(ctx context.Context, q request) (answer, error) {
	for tries := 1; ; tries++ {
		got, err := r.once(ctx, q)
		if err != nil || got.status != http.StatusTooManyRequests || tries > maxWaits {
			return got, err
		}
		seconds, _ := strconv.Atoi(got.header.Get("Retry-After")) // 0 when it is missing, which the check tells
		select {
		case <-ctx.Done():
			return got, ctx.Err()
		case <-time.After(min(time.Duration(seconds)*time.Second, maxWait)):
		}
	}
}

func (r *run) once(ctx context.Context, q request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	sent, err := http.NewRequestWithContext(ctx, q.method, r.base+q.path, bytes.NewReader(q.body))
	if err != nil {
		return answer{}, fmt.Errorf("make the request: %w", err)
	}
	if q.header != nil {
		sent.Header = q.header.Clone()
	}
	if q.token != "" {
		sent.Header.Set("Authorization", "Bearer "+q.token)
	}
	response, err := r.client.Do(sent)
	if err != nil {
		return answer{}, fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	got := answer{status: response.StatusCode, header: response.Header}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		got.stream = true
		timer := time.AfterFunc(streamWithin, cancel)
		defer timer.Stop()
	}
	got.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case got.stream && errors.Is(err, context.Canceled):
		return got, nil
	case err != nil:
		return got, fmt.Errorf("the answer %d ends early: %w", got.status, err)
	case len(got.body) > maxAnswer:
		return got, fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	default:
		return got, nil
	}
}
