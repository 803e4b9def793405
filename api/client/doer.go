package client

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Bounds of what is taken from a server.
const (
	maxAnswerBytes = 64 << 20
	longestWait    = 30 * time.Second
)

// doer sends requests with the token, again where that is safe, and turns what
// failed into *Error.
type doer struct {
	config Config
	http   *http.Client
}

func newDoer(config Config) *doer {
	if config.Timeout == 0 {
		config.Timeout = 30 * time.Second
	}
	if config.Attempts == 0 {
		config.Attempts = 3
	}
	if config.Wait == 0 {
		config.Wait = 200 * time.Millisecond
	}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &doer{config: config, http: &http.Client{Transport: config.Transport, CheckRedirect: refuse}}
}

// Do is what the generated client calls.
func (d *doer) Do(request *http.Request) (*http.Response, error) {
	if d.config.Token != "" {
		request.Header.Set("Authorization", "Bearer "+d.config.Token)
	}
	request.Header.Set("User-Agent", "tocsin-cli/"+d.config.Version)
	again := request.Method == http.MethodGet || request.Header.Get("Idempotency-Key") != ""
	wait := d.config.Wait
	for attempt := 1; ; attempt++ {
		response, err := d.once(request)
		fault, ok := errors.AsType[*Error](err)
		if err == nil || !again || !ok || !fault.Temporary() || attempt == d.config.Attempts || request.Context().Err() != nil {
			return response, err
		}
		if !sleep(request.Context(), max(wait, fault.RetryAfter)) {
			return nil, err
		}
		wait *= 2
		if request.GetBody != nil {
			if request.Body, err = request.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func (d *doer) once(request *http.Request) (*http.Response, error) {
	cancel := context.CancelFunc(func() {})
	if !streams(request) {
		var ctx context.Context
		ctx, cancel = context.WithTimeout(request.Context(), d.config.Timeout)
		request = request.WithContext(ctx)
	}
	response, err := d.http.Do(request)
	if err != nil {
		cancel()
		return nil, unreachable(request.URL, err)
	}
	response.Body = &boundedBody{Reader: response.Body, closer: response.Body, cancel: cancel}
	if !streams(request) {
		response.Body = &boundedBody{Reader: io.LimitReader(response.Body, maxAnswerBytes), closer: response.Body, cancel: func() {}}
	}
	if fault := faultOf(response); fault != nil {
		response.Body.Close()
		return nil, fault
	}
	return response, nil
}

// streams tells whether the answer has no end that could be waited for: downloads
// and timelines are bounded by their reader's context alone.
func streams(request *http.Request) bool { return request.Context().Value(streamKey{}) != nil }

type streamKey struct{}

// asStream marks a request of the generated client.
func asStream(ctx context.Context, request *http.Request) error {
	*request = *request.WithContext(context.WithValue(ctx, streamKey{}, true))
	return nil
}

// faultOf reads a failed answer, and refuses one that no Tocsin server gives: a
// captive portal's page must not be taken for "no incidents".
func faultOf(response *http.Response) *Error {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if kind == "application/problem+json" {
		return readProblem(response)
	}
	known := []string{"application/json", "application/x-ndjson", "text/event-stream", "application/octet-stream", "application/openapi+yaml"}
	if response.StatusCode < 300 && (response.StatusCode == http.StatusNoContent || slices.Contains(known, kind)) {
		return nil
	}
	if response.StatusCode == http.StatusServiceUnavailable && kind == "application/json" {
		return nil // what /readyz says when a part is away
	}
	return &Error{Status: response.StatusCode, Message: "the answer is not one of a Tocsin server: " + strconv.Itoa(response.StatusCode) + " " + strconv.QuoteToASCII(kind), RetryAfter: retryAfter(response)}
}

func retryAfter(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, longestWait)
}

// sleep waits about that long; false when ctx ended first.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait + rand.N(wait/4+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// boundedBody ends the request's time limit when the body is closed.
type boundedBody struct {
	io.Reader
	closer io.Closer
	cancel context.CancelFunc
}

// Close closes the body.
func (b *boundedBody) Close() error {
	defer b.cancel()
	return b.closer.Close()
}
