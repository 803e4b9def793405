package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 20

// Reason gives Slack's word for what went wrong, such as name_taken; "" when the
// error is not Slack's.
func Reason(err error) string {
	if answer, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		return answer.Err
	}
	if answer, ok := errors.AsType[*slackgo.SlackErrorResponse](err); ok {
		return answer.Err
	}
	return ""
}

// meanings are Slack's words by our codes. Words that stand nowhere are invalid:
// most of Slack's hundreds say that what was sent is not taken.
var meanings = map[soar.Code][]string{
	soar.CodeUnauthenticated: {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "app_uninstalled", "no_service"},
	soar.CodeDenied: {"missing_scope", "not_allowed_token_type", "access_denied", "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		"no_permission", "not_allowed", "ekm_access_denied", "org_login_required", "team_access_not_granted", "user_is_restricted", "user_is_ultra_restricted", "cant_invite", "cant_invite_self", "not_authorized", "enterprise_is_restricted"},
	soar.CodeNotFound: {"channel_not_found", "message_not_found", "user_not_found", "users_not_found", "view_not_found", "not_found", "thread_not_found", "user_not_visible"},
	soar.CodeConflict: {"not_in_channel", "is_archived", "already_archived", "already_in_channel", "name_taken", "cant_update_message", "edit_window_closed", "expired_trigger_id",
		"exchanged_trigger_id", "trigger_expired", "trigger_exchanged", "hash_conflict", "not_enabled", "user_disabled", "used_url", "expired_url", "cant_archive_general", "duplicate_external_id"},
	soar.CodeLimited:     {"ratelimited", "rate_limited", "message_limit_exceeded"},
	soar.CodeUnavailable: {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "accesslimited"},
}

// translate is the one place that reads the library's errors.
func translate(op string, err error) error {
	if err == nil {
		return nil
	}
	if coded, ok := errors.AsType[*soar.Error](err); ok {
		return coded
	}
	if slow, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		return limited(op, slow.RetryAfter)
	}
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); ok {
		if status.Code == http.StatusTooManyRequests {
			return limited(op, time.Second)
		}
		return soar.Wrap(soar.CodeUnavailable, op, err, "Slack answers with HTTP status %d", status.Code)
	}
	reason := Reason(err)
	if reason == "" {
		if errors.Is(err, slackgo.ErrParametersMissing) || errors.Is(err, slackgo.ErrBlockIDNotUnique) {
			return soar.Wrap(soar.CodeInvalid, op, err, "Slack was asked for something incomplete")
		}
		return soar.Wrap(soar.CodeUnavailable, op, err, "Slack cannot be reached, or did not say in time what became of it")
	}
	return soar.Wrap(meaning(reason), op, err, "Slack says %s%s", soar.Shorten(reason, 80), needed(err))
}

func meaning(reason string) soar.Code {
	for code, words := range meanings {
		if slices.Contains(words, reason) {
			return code
		}
	}
	return soar.CodeInvalid
}

// needed names the scope that is missing.
func needed(err error) string {
	if answer, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok && answer.Needed != "" {
		return ": the app needs the scope " + soar.Shorten(answer.Needed, 200)
	}
	return ""
}

func limited(op string, wait time.Duration) *soar.Error {
	err := soar.Errorf(soar.CodeLimited, op, "Slack takes no more of these calls for %s", wait.Round(time.Second))
	err.RetryAfter = wait
	return err
}

// checked refuses answers that say neither that it worked nor why not: the library
// takes those for success.
type checked struct{ next http.RoundTripper }

// RoundTrip sends the request.
func (c checked) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusOK {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	}
	var said struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	plain := bytes.Equal(bytes.TrimSpace(body), []byte("ok")) // a response_url's
	if err := json.Unmarshal(body, &said); !plain && (err != nil || !said.OK && said.Error == "") {
		return nil, fmt.Errorf("the answer says neither that it worked nor why not")
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
