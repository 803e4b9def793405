package temporalclient

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

const retryAfter = 2 * time.Second

// translate reads the errors of the SDK once for everybody.
func translate(op string, err error) error {
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return soar.Wrap(soar.CodeNotFound, op, err, "no such workflow is running")
	}
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return soar.Wrap(soar.CodeConflict, op, err, "%s", refused.Message())
	}
	if _, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok {
		return soar.Wrap(soar.CodeInvalid, op, err, "Temporal refused the request")
	}
	if _, ok := errors.AsType[*serviceerror.ResourceExhausted](err); ok {
		return away(op, err, "Temporal asks for patience")
	}
	if _, ok := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err); ok {
		return away(op, err, "no worker took the update in time")
	}
	if errors.Is(err, context.Canceled) {
		return away(op, err, "the call was given up")
	}
	return away(op, err, "Temporal does not answer")
}

func away(op string, err error, message string) error {
	coded := soar.Wrap(soar.CodeUnavailable, op, err, "%s", message)
	coded.RetryAfter = retryAfter
	return coded
}
