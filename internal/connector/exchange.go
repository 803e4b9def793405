package connector

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Response is what came back, whole. Body is at most the client's bound and holds
// none of the client's secrets.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body, which must be one JSON value. Effect says what its
// failure means: after an effect, an answer that cannot be read leaves the
// outcome unknown.
func (r *Response) JSON(into any, effect bool) error {
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	err := decoder.Decode(into)
	if err == nil && decoder.More() {
		err = errors.New("more than one JSON value")
	}
	if err == nil {
		return nil
	}
	class := Permanent
	if effect {
		class = Unknown
	}
	return &Error{Class: class, Message: fmt.Sprintf("the system answered %d with a body that is not the JSON expected", r.Status), Err: err}
}

// exchange is one request on one connection of its own. Effects take this path
// so that the ledger is told at the right moment: a connection that fails has
// sent nothing, and no transport underneath may send the same bytes again.
type exchange struct {
	dial    func(context.Context) (net.Conn, error)
	request *http.Request
	sent    func(context.Context) error
	now     func() time.Time
}

// run dials, calls sent, and only then lets the first byte leave. The answer's
// body must be closed by the caller.
func (x exchange) run(ctx context.Context) (*http.Response, *Error) {
	conn, err := x.dial(ctx)
	if err != nil {
		return nil, dialError(err)
	}
	if err := permit(ctx, x.sent, x.now); err != nil {
		_ = conn.Close()
		return nil, err
	}
	taken := false
	give := func(context.Context, string, string) (net.Conn, error) {
		if taken {
			return nil, errors.New("a second connection for one effect")
		}
		taken = true
		return conn, nil
	}
	transport := &http.Transport{DialContext: give, DialTLSContext: give, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxHeaderBytes}
	response, err := transport.RoundTrip(x.request.WithContext(ctx))
	if err != nil {
		_ = conn.Close()
		return nil, &Error{Class: Unknown, Message: "the connection ended before a whole answer came", Err: err}
	}
	return response, nil
}

// permit notes in the ledger that bytes are about to leave. A process that was
// stopped in between must not send long after somebody else took over, so the
// clock is asked once more, after the ledger and last of all.
func permit(ctx context.Context, sent func(context.Context) error, now func() time.Time) *Error {
	if sent != nil {
		if err := sent(ctx); err != nil {
			return &Error{Class: Transient, Message: "not sent: the ledger did not permit it", Err: err}
		}
	}
	deadline, bounded := ctx.Deadline()
	if ctx.Err() != nil || (bounded && !now().Before(deadline)) {
		return &Error{Class: Transient, Message: "not sent: the time for this attempt is over", Err: context.Cause(ctx)}
	}
	return nil
}

// dialError reads a failure before the first byte of the request. Nothing
// happened; only a certificate or an address that is refused stays so.
func dialError(err error) *Error {
	if denied, ok := errors.AsType[*DeniedError](err); ok {
		return &Error{Class: Permanent, Message: denied.Error()}
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &Error{Class: Permanent, Message: "the server's certificate is not trusted", Err: err}
	}
	if _, ok := errors.AsType[pinError](err); ok {
		return &Error{Class: Permanent, Message: "the server's key is not the pinned one", Err: err}
	}
	return &Error{Class: Transient, Message: "no connection, or it ended early", Err: err}
}

// readBody reads at most limit bytes; longer bodies are an error, never cut.
func readBody(response *http.Response, limit int64, effect bool) ([]byte, *Error) {
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	class := Transient
	if effect {
		class = Unknown
	}
	if err != nil {
		return nil, &Error{Class: class, Message: "the answer broke off", Err: err}
	}
	if int64(len(body)) > limit {
		if !effect {
			class = Permanent
		}
		return nil, &Error{Class: class, Message: fmt.Sprintf("the answer is longer than %d bytes", limit)}
	}
	return body, nil
}
