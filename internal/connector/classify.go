package connector

import (
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter bounds how long another system may make us wait.
const maxRetryAfter = time.Hour

// ClassifyStatus is the one reading of HTTP statuses; nil means success. Effect
// says that the request may have changed something: then a server's failure
// leaves the outcome unknown, where for a read it is only worth another try.
//
//	2xx                    success
//	401 403 407            auth
//	429, 503 + Retry-After limited
//	408 425 503            transient: the server says that it did not begin
//	500 502 504, other 5xx unknown after an effect, transient after a read
//	501 505, 1xx 3xx 4xx   permanent; redirects are never followed
//
// A connector whose product means something else by a status says so before it
// asks here.
func ClassifyStatus(status int, header http.Header, effect bool, now time.Time) *Error {
	text := "the system answered " + strconv.Itoa(status)
	if name := http.StatusText(status); name != "" {
		text += " " + name
	}
	wait := RetryAfter(header, now)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == 401, status == 403, status == 407:
		return &Error{Class: Auth, Message: text}
	case status == 429, status == 503 && wait > 0:
		return &Error{Class: Limited, Message: text, RetryAfter: wait}
	case status == 408, status == 425, status == 503:
		return &Error{Class: Transient, Message: text}
	case status == 501, status == 505, status < 500:
		return &Error{Class: Permanent, Message: text}
	case effect:
		return &Error{Class: Unknown, Message: text}
	default:
		return &Error{Class: Transient, Message: text, RetryAfter: wait}
	}
}

// RetryAfter reads the header in either form, at most an hour; 0 when it is
// absent, past or not understood.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		if seconds <= 0 {
			return 0
		}
		return time.Duration(min(seconds, int64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
