package api

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Refusals counts what the doors for alerts refuse, by themselves or by the use case.
// source is what the path or the token says, which is no source that exists for sure;
// err has its code.
type Refusals interface {
	AlertsRefused(source string, err error)
}

type uncounted struct{}

// AlertsRefused counts nothing.
func (uncounted) AlertsRefused(string, error) {}

// alertDoor is what the guard does at operations that detection tools use.
type alertDoor struct {
	hooks    hookVerifier
	refusals Refusals
	log      *slog.Logger
}

// sender is one request at such an operation.
type sender struct {
	request *http.Request
	source  string // of the path; "" where it has none
	remote  netip.Addr
}

// identify says who is sending: by a token, as Bearer or alone, or by Basic when it is
// bound to one source; or, without any Authorization, by a signature over the body.
// Whatever is wrong, the sender is told the same.
func (d alertDoor) identify(ctx context.Context, tokens authenticator, from sender) (soar.Principal, error) {
	who, err := d.known(ctx, tokens, from)
	if soar.CodeOf(err) == soar.CodeUnauthenticated {
		return soar.Principal{}, soar.Wrap(soar.CodeUnauthenticated, "api.identify", err, "a valid token or signature is needed")
	}
	return who, err
}

func (d alertDoor) known(ctx context.Context, tokens authenticator, from sender) (soar.Principal, error) {
	values := from.request.Header.Values("Authorization")
	switch {
	case len(values) > 1:
		return soar.Principal{}, soar.Errorf(soar.CodeUnauthenticated, "api.identify", "Authorization is there more than once")
	case len(values) == 0 && d.hooks != nil:
		return d.hooks.Verify(ctx, from.source, from.request.Header, from.read)
	case len(values) == 0:
		return soar.Principal{}, soar.Errorf(soar.CodeUnauthenticated, "api.identify", "no token")
	}
	token, basic := access.BasicToken(values[0])
	if !basic {
		return tokens.Authenticate(ctx, values[0], from.remote)
	}
	who, err := tokens.Authenticate(ctx, token, from.remote)
	if err == nil && !access.BoundTool(who) {
		d.log.InfoContext(ctx, "a token was refused", "token", who.Token, "why", "sent by Basic, and not a tool's token for one source", "remote", from.remote.String())
		return soar.Principal{}, soar.Errorf(soar.CodeUnauthenticated, "api.identify", "not a tool's token")
	}
	return who, err
}

// read gives the body and leaves it to be read again.
func (s sender) read() ([]byte, error) {
	raw, err := readBody(s.request)
	if err == nil {
		s.request.Body = io.NopCloser(bytes.NewReader(raw))
	}
	return raw, err
}

// refused counts a refusal and writes it into the log: which source, from where and
// what kind, never what was sent.
func (d alertDoor) refused(c echo.Context, err error) {
	ctx, current := c.Request().Context(), callFrom(c.Request().Context())
	body, _ := problem(err, "")
	source := current.principal.Source
	if source == "" {
		source = soar.Shorten(c.Param("source"), 64)
	}
	d.refusals.AlertsRefused(source, soar.Wrap(soar.Code(body.Code), "api.refused", err, "refused"))
	d.log.WarnContext(ctx, "alerts were refused", "request_id", current.requestID, "operation", current.operation, "source", source,
		"token", current.principal.Token, "code", string(body.Code), "status", body.Status, "remote", current.remote.String())
}
