package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// errorUnknown is the type of the error that asks for another attempt while the
// effect may be there already. The workflow takes any type but the connectors'
// two harmless ones for "a person must look".
const errorUnknown = "unknown"

// passOn translates an error of the store or a use case once. What may be
// different later is retried; the rest is final. Its text is the sentence made
// for outsiders: causes stay in the log.
func passOn(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return storeAway(err)
	}
	switch code := soar.CodeOf(err); code {
	case soar.CodeUnavailable, soar.CodeLimited, soar.CodeInternal:
		return storeAway(err)
	default:
		return temporal.NewApplicationErrorWithOptions(soar.MessageOf(err), string(code), temporal.ApplicationErrorOptions{NonRetryable: true})
	}
}

// storeAway says that our own database is not there. Nothing is done unrecorded;
// it is always tried again.
func storeAway(err error) error {
	options := temporal.ApplicationErrorOptions{}
	if coded, ok := errors.AsType[*soar.Error](err); ok {
		options.NextRetryDelay = coded.RetryAfter
	}
	return temporal.NewApplicationErrorWithOptions("the store does not answer: "+soar.MessageOf(err), protocol.ErrorStore, options)
}

// again asks Temporal for another attempt.
func again(class, message string, after time.Duration) error {
	return temporal.NewApplicationErrorWithOptions(message, class, temporal.ApplicationErrorOptions{NextRetryDelay: after})
}

func conflict(err error) bool { return soar.CodeOf(err) == soar.CodeConflict }

func notFound(err error) bool { return soar.CodeOf(err) == soar.CodeNotFound }

// failed is a failure that is final, as a value.
func failed(class connector.Class, message string) protocol.ActionResult {
	return protocol.ActionResult{Outcome: protocol.OutcomeFailed, Class: string(class), Error: message}
}
