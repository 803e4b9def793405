package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/api/spec"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/form"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// retryDefault is what a caller is told to wait when the failure does not say.
const retryDefault = 5 * time.Second

// statusOf is the one translation of a code into a status.
func statusOf(code soar.Code) int {
	switch code {
	case soar.CodeInvalid:
		return http.StatusBadRequest
	case soar.CodeUnauthenticated:
		return http.StatusUnauthorized
	case soar.CodeDenied:
		return http.StatusForbidden
	case soar.CodeNotFound:
		return http.StatusNotFound
	case soar.CodeConflict:
		return http.StatusConflict
	case soar.CodeLimited:
		return http.StatusTooManyRequests
	case soar.CodeUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// codeOf translates the few statuses that the router answers by itself.
func codeOf(status int) soar.Code {
	switch {
	case status == http.StatusNotFound:
		return soar.CodeNotFound
	case status >= http.StatusInternalServerError:
		return soar.CodeInternal
	default:
		return soar.CodeInvalid
	}
}

// known takes a code that is none of the eight for our own fault.
func known(code soar.Code) soar.Code {
	if gen.ProblemCode(code).Valid() {
		return code
	}
	return soar.CodeInternal
}

func titleOf(code soar.Code) string {
	switch code {
	case soar.CodeInvalid:
		return "The request is wrong"
	case soar.CodeUnauthenticated:
		return "Who is asking is not known"
	case soar.CodeDenied:
		return "Not permitted"
	case soar.CodeNotFound:
		return "No such thing"
	case soar.CodeConflict:
		return "Not possible as things stand"
	case soar.CodeLimited:
		return "Too much or too often"
	case soar.CodeUnavailable:
		return "Not available now"
	default:
		return "Something went wrong on our side"
	}
}

// refusal is an answer that a code alone does not describe: a status of HTTP's
// own, several faults of the input, diagnostics.
type refusal struct {
	status      int
	code        soar.Code
	message     string
	field       string
	faults      []spec.Fault
	diagnostics diag.List
}

// Error gives the sentence for the reader.
func (r *refusal) Error() string { return r.message }

func invalid(field, message string) error {
	return &refusal{status: http.StatusBadRequest, code: soar.CodeInvalid, field: field, message: message}
}

func tooLarge() error {
	return &refusal{status: http.StatusRequestEntityTooLarge, code: soar.CodeInvalid, message: "the body is larger than 1 MiB"}
}

func unsupported(message string) error {
	return &refusal{status: http.StatusUnsupportedMediaType, code: soar.CodeInvalid, field: "Content-Type", message: message}
}

// inputFaults tells all faults and puts the first into the sentence.
func inputFaults(of string, faults []spec.Fault) error {
	first := faults[0]
	if first.Field != "" {
		of = first.Field
	}
	return &refusal{status: http.StatusBadRequest, code: soar.CodeInvalid, field: first.Field, message: of + " " + first.Message, faults: faults}
}

// problem makes the body of a failed request from any error. Only the messages
// of soar.Error and of refusals are written for outsiders.
func problem(err error, requestID string) (gen.Problem, time.Duration) {
	out := gen.Problem{RequestID: requestID}
	var message, field string
	var retry time.Duration
	if r, ok := errors.AsType[*refusal](err); ok {
		out.Code, out.Status, message, field = gen.ProblemCode(r.code), r.status, r.message, r.field
		out.Errors = fieldErrors(r.faults)
		out.Diagnostics = r.diagnostics
	} else if h, ok := errors.AsType[*echo.HTTPError](err); ok {
		out.Code, out.Status, message = gen.ProblemCode(codeOf(h.Code)), h.Code, http.StatusText(h.Code)
	} else {
		code := known(soar.CodeOf(err))
		out.Code, out.Status, message = gen.ProblemCode(code), statusOf(code), soar.MessageOf(err)
		if coded, ok := errors.AsType[*soar.Error](err); ok {
			field, retry = coded.Field, coded.RetryAfter
		}
		if faults, ok := errors.AsType[form.Faults](err); ok {
			out.Errors = fieldErrors(faults)
		}
	}
	if soar.Code(out.Code) == soar.CodeInternal {
		message = soar.MessageOf(nil) // whatever it says was not written for outsiders
	}
	out.Type, out.Title = "urn:tocsin:problem:"+string(out.Code), titleOf(soar.Code(out.Code))
	out.Detail, out.Field = optional.Of(message), optional.Of(field)
	return out, retry
}

func fieldErrors(faults []spec.Fault) []gen.FieldError {
	var out []gen.FieldError
	for _, fault := range faults {
		out = append(out, gen.FieldError{Field: fault.Field, Message: fault.Message})
	}
	return out
}

// answerProblem is the router's error handler. When the answer has begun
// already, all that is left is to cut the connection, so that nobody takes a part
// for the whole.
func answerProblem(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		ctx, current := c.Request().Context(), callFrom(c.Request().Context())
		body, retry := problem(err, current.requestID)
		if body.Status >= http.StatusInternalServerError && ctx.Err() == nil {
			log.ErrorContext(ctx, "a request failed", "request_id", current.requestID, "operation", current.operation, "error", err)
		}
		if c.Response().Committed {
			panic(http.ErrAbortHandler)
		}
		header := c.Response().Header()
		switch body.Status {
		case http.StatusUnauthorized:
			header.Set("WWW-Authenticate", `Bearer realm="tocsin"`)
			if current.basic { // Amazon SNS and calendars send a password only when they are asked to
				header.Add("WWW-Authenticate", `Basic realm="tocsin"`)
			}
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			if retry <= 0 {
				retry = retryDefault
			}
			header.Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
		}
		header.Set("Content-Type", "application/problem+json")
		c.Response().WriteHeader(body.Status)
		if err := json.NewEncoder(c.Response()).Encode(body); err != nil {
			log.DebugContext(ctx, "an answer could not be written", "request_id", current.requestID, "error", err)
		}
	}
}
