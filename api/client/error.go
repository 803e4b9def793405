package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Error is why a request did not work. Message and Field come from the server
// and may repeat an attacker's text: escape them before they are shown.
type Error struct {
	Status      int // 0: no answer came
	Code        soar.Code
	Message     string
	Field       string
	RequestID   string
	RetryAfter  time.Duration
	Errors      []gen.FieldError
	Diagnostics []gen.Diagnostic
	Err         error
}

// Error gives the sentence for the reader.
func (e *Error) Error() string { return e.Message }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary tells whether the same request may work later.
func (e *Error) Temporary() bool {
	switch e.Status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

func readProblem(response *http.Response) *Error {
	out := &Error{Status: response.StatusCode, RetryAfter: retryAfter(response)}
	body, err := io.ReadAll(response.Body)
	if err == nil {
		var problem gen.Problem
		if err = json.Unmarshal(body, &problem); err == nil {
			out.Code, out.RequestID, out.Message = soar.Code(problem.Code), problem.RequestID, problem.Title
			if problem.Detail != nil {
				out.Message = *problem.Detail
			}
			if problem.Field != nil {
				out.Field = *problem.Field
			}
			out.Errors, out.Diagnostics = problem.Errors, problem.Diagnostics
			return out
		}
	}
	out.Message, out.Err = fmt.Sprintf("the server answered %d and its reason could not be read", response.StatusCode), err
	return out
}

// unreachable says what to look at when no answer came.
func unreachable(address *url.URL, err error) error {
	out := &Error{Code: soar.CodeUnavailable, Err: err}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		out.Message = fmt.Sprintf("no answer from %s in time", address.Host)
	case errors.Is(err, context.Canceled):
		return context.Canceled
	default:
		// url.Error repeats the whole URL; what it wraps says enough.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		if wrapped, ok := errors.AsType[*net.OpError](err); ok && wrapped.Op == "dial" {
			err = wrapped.Err
		}
		out.Message = fmt.Sprintf("cannot reach %s: %v", address.Host, err)
	}
	return out
}
