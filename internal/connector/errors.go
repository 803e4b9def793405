package connector

import (
	"errors"
	"fmt"
	"time"
)

// Class says what may be done after a failure.
type Class string

// Classes. Unknown means that the effect may have happened.
const (
	Transient Class = "transient" // nothing happened; try again soon
	Limited   Class = "limited"   // nothing happened; try again after RetryAfter
	Auth      Class = "auth"      // our credentials are refused; a person must act
	Permanent Class = "permanent" // the same call will fail again
	Unknown   Class = "unknown"   // sent, and no answer that tells what happened
)

// Error is how a connector fails. Message is for people and must hold no secret
// and no more than 300 bytes of what the other system said.
type Error struct {
	Class      Class
	Message    string
	RetryAfter time.Duration
	Err        error
}

// Error gives class and message.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Class, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Class, e.Message)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Classify gives the class of any error. An error that is no *Error is Unknown
// when bytes may have left, Transient otherwise.
func Classify(err error, sent bool) *Error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	if sent {
		return &Error{Class: Unknown, Message: "no clear answer after the call was sent", Err: err}
	}
	return &Error{Class: Transient, Message: "the call could not be sent", Err: err}
}
