package declared

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	maxWait    = time.Hour // that a rate limit header may ask for
	maxMessage = 300       // bytes of a declared message
)

// read gives an answer its meaning: the file's rules first, then its status.
func (r *run) read(one *request, response *connector.Response, failed error) (map[string]any, *connector.Error) {
	answer, unread := readAnswer(one, response)
	vars := maps.Clone(r.vars)
	vars["response"] = answer
	for i, rules := range [][]rule{one.errors, r.kind.http.errors} {
		found, err := match(rules, response.Status, vars)
		switch {
		case err != nil && failed == nil:
			return nil, badAnswer(effectful(one), err)
		case found == nil:
			continue
		case found.class == "":
			return answer, unread
		}
		r.verdict = i == 0
		return nil, r.declared(found, response, vars)
	}
	if failed != nil {
		return nil, r.waiting(connector.Classify(failed, effectful(one)), response)
	}
	return answer, unread
}

// match finds the first rule that fits. A rule that cannot be evaluated fits not;
// its error is kept for an answer that otherwise looks like success.
func match(rules []rule, status int, vars map[string]any) (*rule, error) {
	var first error
	for i := range rules {
		one := &rules[i]
		if len(one.statuses) > 0 && !slices.Contains(one.statuses, status) {
			continue
		}
		if one.when == nil {
			return one, nil
		}
		holds, err := one.when.Bool(vars)
		if err != nil && first == nil {
			first = fmt.Errorf("errors.when: %w", err)
		}
		if err == nil && holds {
			return one, nil
		}
	}
	return nil, first
}

// declared makes the error that a rule names.
func (r *run) declared(found *rule, response *connector.Response, vars map[string]any) *connector.Error {
	text := fmt.Sprintf("the system answered %d", response.Status)
	if found.message != nil {
		if got, err := found.message.Eval(vars); err == nil {
			text = fmt.Sprintf("%s (%s)", soar.Shorten(fmt.Sprint(got), maxMessage), text)
		}
	}
	failure := &connector.Error{Class: found.class, Message: text}
	if failure.Class == connector.Limited {
		failure.RetryAfter = connector.RetryAfter(response.Header, r.kind.system.Now())
	}
	return r.waiting(failure, response)
}

// waiting reads the system's own header where Retry-After is not sent.
func (r *run) waiting(failure *connector.Error, response *connector.Response) *connector.Error {
	limit := r.kind.http.limit
	if limit == nil || failure.Class != connector.Limited || failure.RetryAfter > 0 {
		return failure
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(response.Header.Get(limit.header)), 10, 64)
	if err != nil || seconds <= 0 {
		return failure
	}
	if limit.epoch {
		seconds -= r.kind.system.Now().Unix()
	}
	failure.RetryAfter = time.Duration(min(max(seconds, 0), int64(maxWait/time.Second))) * time.Second
	return failure
}

// readAnswer makes what expressions read. The error is of an answer that is not in
// the form that the request says.
func readAnswer(one *request, response *connector.Response) (map[string]any, *connector.Error) {
	answer := map[string]any{"status": response.Status, "header": headerData(response.Header), "link_next": nil, "body": nil}
	if next := nextLink(response.Header); next != "" {
		answer["link_next"] = next
	}
	if one.answer == "none" {
		return answer, nil
	}
	body, err := readBody(one, response)
	if err != nil {
		answer["body"] = nil
		return answer, badAnswer(effectful(one), err)
	}
	answer["body"] = body
	return answer, nil
}

func readBody(one *request, response *connector.Response) (any, error) {
	if one.answer == "text" {
		return expression.Normalise(strings.ToValidUTF8(string(response.Body), "\uFFFD"))
	}
	parsed, err := parseJSON(response)
	switch {
	case err == nil:
		return expression.Normalise(parsed)
	case response.Status >= http.StatusMultipleChoices:
		return expression.Normalise(strings.ToValidUTF8(string(response.Body), "\uFFFD")) // an error page in words
	case response.Status == http.StatusNoContent:
		return nil, nil
	default:
		return nil, err
	}
}

func parseJSON(response *connector.Response) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(response.Body))
	decoder.UseNumber()
	var parsed any
	if err := decoder.Decode(&parsed); err != nil {
		return nil, fmt.Errorf("the body is not the JSON expected (status %d)", response.Status)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body is more than one JSON value")
	}
	return parsed, nil
}

// headerData gives the first value of each header by its name in lower case.
func headerData(header http.Header) map[string]any {
	data := map[string]any{}
	for name, values := range header {
		if len(values) > 0 {
			data[strings.ToLower(name)] = soar.Shorten(strings.ToValidUTF8(values[0], "?"), expression.MaxTextBytes)
		}
	}
	return data
}

// nextLink reads rel="next" of the Link headers (RFC 8288).
func nextLink(header http.Header) string {
	for _, line := range header.Values("Link") {
		for part := range strings.SplitSeq(line, ",") {
			target, parameters, found := strings.Cut(strings.TrimSpace(part), ">")
			relation := strings.ReplaceAll(strings.ReplaceAll(parameters, " ", ""), `"`, "")
			if found && strings.HasPrefix(target, "<") && strings.Contains(relation+";", ";rel=next;") {
				return target[1:]
			}
		}
	}
	return ""
}
