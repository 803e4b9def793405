package soar

import (
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure an Error is. There are eight, and each door
// translates them once (the API to an HTTP status, the CLI to an exit code).
type Code string

// The eight codes.
const (
	CodeInvalid         Code = "invalid"         // the input is wrong; the same input will fail again
	CodeUnauthenticated Code = "unauthenticated" // who is asking is not known
	CodeDenied          Code = "denied"          // known, and not allowed
	CodeNotFound        Code = "not_found"       // no such thing, or not visible to the asker
	CodeConflict        Code = "conflict"        // the thing is not in a state that permits this
	CodeLimited         Code = "limited"         // too much or too often; try again later
	CodeUnavailable     Code = "unavailable"     // a part we need is down; try again later
	CodeInternal        Code = "internal"        // our own fault; details are in the log only
)

// Error is the only error whose text an outsider may read. Message is written
// for that reader; Err is the cause and goes to the log.
type Error struct {
	Code       Code
	Op         string        // where it happened, for the log: "incidents.Decide"
	Message    string        // one plain sentence for the reader
	Field      string        // which input was wrong, as the sender names it; empty when none
	RetryAfter time.Duration // set with CodeLimited and CodeUnavailable when known
	Err        error
}

// Error joins the parts for a log line.
func (e *Error) Error() string {
	text := e.Message
	if e.Op != "" {
		text = e.Op + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a formatted message and no cause.
func Errorf(code Code, op, format string, args ...any) *Error {
	return &Error{Code: code, Op: op, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error that keeps err as its cause. The message is for outsiders
// and must not repeat the cause's text.
func Wrap(code Code, op string, err error, format string, args ...any) *Error {
	return &Error{Code: code, Op: op, Message: fmt.Sprintf(format, args...), Err: err}
}

// CodeOf gives the code of the first Error in the chain, CodeInternal for any
// other error, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if coded, ok := errors.AsType[*Error](err); ok {
		return coded.Code
	}
	return CodeInternal
}

// MessageOf gives the sentence an outsider may read.
func MessageOf(err error) string {
	if coded, ok := errors.AsType[*Error](err); ok {
		return coded.Message
	}
	return "something went wrong on our side; the log has the details"
}
