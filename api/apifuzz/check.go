package apifuzz

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// fault is one thing wrong with an answer.
type fault struct{ kind, why string }

// check compares an answer with the description and with what was asked.
func (r *run) check(ctx context.Context, o *operation, q request, got answer) []fault {
	var faults []fault
	if got.status >= http.StatusInternalServerError {
		faults = append(faults, fault{KindServerError, "no request may make the server fail"})
	}
	if why := undescribed(ctx, o, q, got); why != "" {
		faults = append(faults, fault{KindUndocumented, why})
	}
	success := got.status < http.StatusBadRequest
	switch {
	case q.refused != 0 && success:
		faults = append(faults, fault{KindTaken, fmt.Sprintf("the token must be refused with %d", q.refused)})
	case q.refused != 0 && got.status != q.refused:
		faults = append(faults, fault{KindUndocumented, fmt.Sprintf("the token must be refused with %d", q.refused)})
	case q.wrong && success:
		faults = append(faults, fault{KindTaken, "the request is not as described and was taken"})
	}
	return faults
}

// undescribed says what of the answer the description does not have, "" for
// nothing.
func undescribed(ctx context.Context, o *operation, q request, got answer) string {
	if got.header.Get("X-Request-Id") == "" {
		return "the answer has no X-Request-Id"
	}
	target, err := url.Parse(q.path)
	if err != nil {
		return err.Error()
	}
	kind := got.header.Get("Content-Type")
	isJSON := kind == "application/json" || strings.HasSuffix(kind, "+json")
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: &http.Request{Method: o.method, URL: target, Header: q.header}, Route: o.route},
		Status:                 got.status, Header: got.header, Body: io.NopCloser(bytes.NewReader(got.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: !isJSON},
	}
	if err := openapi3filter.ValidateResponse(ctx, input); err != nil {
		return clip(err.Error())
	}
	if got.status >= http.StatusBadRequest && o.id != "checkReady" {
		return wrongProblem(got)
	}
	return ""
}

// wrongProblem checks what the schema of problems alone does not say.
func wrongProblem(got answer) string {
	var body struct {
		Status    int    `json:"status"`
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(got.body, &body); err != nil || got.header.Get("Content-Type") != "application/problem+json" {
		return "a refusal must be application/problem+json"
	}
	wait := got.status == http.StatusTooManyRequests || got.status == http.StatusServiceUnavailable
	switch {
	case body.Status != got.status:
		return fmt.Sprintf("the body says status %d", body.Status)
	case body.RequestID != got.header.Get("X-Request-Id"):
		return "request_id is not X-Request-Id"
	case wait && got.header.Get("Retry-After") == "":
		return "Retry-After is missing"
	default:
		return ""
	}
}

const maxClip = 600

func clip(text string) string {
	if len(text) <= maxClip {
		return text
	}
	return strings.ToValidUTF8(text[:maxClip], "") + "..."
}
