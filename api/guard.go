package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/spec"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// maxBodyBytes bounds every request body.
const maxBodyBytes = 1 << 20

type authenticator interface {
	// Authenticate checks the Authorization header of a request from remote.
	Authenticate(ctx context.Context, header string, remote netip.Addr) (soar.Principal, error)
}

// guard stands before one operation. What it refuses never reaches a handler.
type guard struct {
	operation     *spec.Operation
	authenticator authenticator
	door          alertDoor
	refusals      refusalKeeper
	once          onceOnly
}

func (g guard) middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		request := c.Request()
		current := callFrom(request.Context())
		current.operation, current.basic = g.operation.ID, g.operation.AlertDoor || g.operation.Feed
		trace.SpanFromContext(request.Context()).SetName(g.operation.ID)
		err := refuseSize(c.Response(), request)
		if err == nil {
			err = g.admit(c, current)
			g.note(c, current, err)
		}
		if err == nil {
			err = g.checkInput(c, current)
		}
		if err == nil {
			current.admitted = true
			err = g.once.run(c, current, next)
		}
		if g.operation.AlertDoor && err != nil {
			g.door.refused(c, err)
		}
		return err
	}
}

// refuseSize comes before the token is looked at, so that nobody can make us
// read much: a length that is too great is refused unread, and reading more than
// the bound fails.
func refuseSize(w http.ResponseWriter, request *http.Request) error {
	if request.ContentLength > maxBodyBytes {
		return tooLarge()
	}
	request.Body = http.MaxBytesReader(w, request.Body, maxBodyBytes)
	return nil
}

// admit lets the request through when the operation is public, or when its token
// is valid and permits the operation. Everything else is refused.
func (g guard) admit(c echo.Context, current *call) error {
	if g.operation.Public {
		return nil
	}
	request, source, remote := c.Request(), c.Param("source"), current.remote // not c itself: Echo uses it again
	header := request.Header.Get("Authorization")
	identify := func(ctx context.Context) (soar.Principal, error) {
		if header == "" {
			return soar.Principal{}, soar.Errorf(soar.CodeUnauthenticated, "api.admit", "a token is needed: send Authorization: Bearer tocsin_...")
		}
		if token, basic := access.BasicToken(header); basic && g.operation.Feed {
			return g.feedReader(ctx, token, remote)
		}
		return g.authenticator.Authenticate(ctx, header, remote)
	}
	if g.operation.AlertDoor {
		identify = func(ctx context.Context) (soar.Principal, error) {
			return g.door.identify(ctx, g.authenticator, sender{request, source, remote})
		}
	}
	check := func(ctx context.Context) (soar.Principal, error) {
		who, err := identify(ctx)
		if err != nil {
			return who, err
		}
		return who, g.permits(who)
	}
	who, err := check(request.Context())
	current.principal = who
	current.recheck = func(ctx context.Context) error {
		_, err := check(ctx)
		return err
	}
	return err
}

// feedReader takes the token of a calendar program, which it sends as a password.
func (g guard) feedReader(ctx context.Context, token string, remote netip.Addr) (soar.Principal, error) {
	who, err := g.authenticator.Authenticate(ctx, token, remote)
	if err == nil && !access.OnlyFor(who, access.ClockRead) {
		return soar.Principal{}, soar.Errorf(soar.CodeUnauthenticated, "api.feedReader", "by Basic a token is taken whose one scope is %s", access.ClockRead)
	}
	return who, err
}

// note leaves in an incident's record that somebody was refused who wanted to
// change something in it. Who only wanted to read leaves a line in the log.
func (g guard) note(c echo.Context, current *call, err error) {
	what := incidents.Refusal{
		Operation: g.operation.ID, IncidentID: c.Param("incident_id"), ApprovalID: c.Param("approval_id"), TaskID: c.Param("task_id"), EvidenceID: c.Param("evidence_id"),
	}
	about := what.IncidentID + what.ApprovalID + what.TaskID + what.EvidenceID
	if err == nil || soar.CodeOf(err) != soar.CodeDenied || g.operation.Method == http.MethodGet || !idForm.MatchString(about) {
		return
	}
	g.refusals.NoteRefusal(c.Request().Context(), current.principal, what, err)
}

// idForm is an id that may be looked up although the description has not checked
// it yet.
var idForm = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

func (g guard) permits(who soar.Principal) error {
	if slices.Contains(g.operation.Permissions, spec.PermissionAny) {
		return nil
	}
	for _, permission := range g.operation.Permissions {
		if access.Can(who, access.Permission(permission)) {
			return nil
		}
	}
	return soar.Errorf(soar.CodeDenied, "api.permits", "you may not do this: it needs the permission %s", strings.Join(g.operation.Permissions, " or "))
}

// checkInput reads the body once and compares body and parameters with the
// description. Binding then uses the value that was checked.
func (g guard) checkInput(c echo.Context, current *call) error {
	request := c.Request()
	path := map[string]string{}
	for i, name := range c.ParamNames() {
		path[name] = c.ParamValues()[i]
	}
	faults := g.operation.CheckParameters(spec.Input{Path: path, Query: c.QueryParams(), Header: request.Header})
	if len(faults) > 0 {
		return inputFaults("a parameter", faults)
	}
	raw, err := readBody(request)
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		if g.operation.BodyRequired() {
			return invalid("", "a body is needed, as "+strings.Join(g.operation.MediaTypes(), " or "))
		}
		return nil
	}
	current.mediaType, err = g.mediaType(request)
	if err != nil {
		return err
	}
	value, faults := g.operation.DecodeBody(current.mediaType, raw)
	if len(faults) > 0 {
		return inputFaults("the body", faults)
	}
	current.raw = raw
	request.Header.Set("Content-Type", current.mediaType)
	request.ContentLength = int64(len(raw))
	request.Body = checkedBody{io.NopCloser(bytes.NewReader(raw)), value}
	return nil
}

// checkedBody is a body that was read and checked. The generated binder takes
// the checked value, so that nothing is decoded in two ways.
type checkedBody struct {
	io.ReadCloser
	value any
}

// ValidatedValue gives the value that was compared with the description.
func (b checkedBody) ValidatedValue() any { return b.value }

func readBody(request *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(request.Body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, soar.Wrap(soar.CodeInvalid, "api.readBody", err, "the body could not be read to its end")
	}
	return raw, nil
}

func (g guard) mediaType(request *http.Request) (string, error) {
	if !g.operation.TakesBody() {
		return "", invalid("", "this takes no body")
	}
	if encoding := request.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return "", unsupported("a compressed body is not taken; send it as it is")
	}
	mediaType, _, err := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if err == nil {
		mediaType = sameAs(mediaType)
	}
	if err != nil && g.operation.Accepts("*/*") {
		mediaType = "application/octet-stream"
	} else if err != nil || !g.operation.Accepts(mediaType) {
		return "", unsupported("the body is taken as " + strings.Join(g.operation.MediaTypes(), " or ") + "; set Content-Type")
	}
	return mediaType, nil
}

// sameAs gives the name that the description uses for YAML, which is sent under
// several.
func sameAs(mediaType string) string {
	switch mediaType {
	case "application/yaml", "application/x-yaml", "text/x-yaml":
		return "text/yaml"
	default:
		return mediaType
	}
}

// onlyAdmitted refuses what came past no guard: a route that somebody adds
// without one answers nothing.
func onlyAdmitted(next gen.StrictHandlerFunc, operationID string) gen.StrictHandlerFunc {
	return func(c echo.Context, request any) (any, error) {
		if !callFrom(c.Request().Context()).admitted {
			return nil, soar.Errorf(soar.CodeDenied, "api."+operationID, "this operation is closed")
		}
		return next(c, request)
	}
}
