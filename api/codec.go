package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// maxPayloadBytes bounds what the codec endpoint reads: Temporal lets a payload have
// 2 MiB, base64 adds a third.
const maxPayloadBytes = 8 << 20

type payloadDecoder interface {
	// Decode decrypts the payloads of a request of Temporal's codec protocol and gives
	// the body of the answer. namespace is what the asker says they are of.
	Decode(ctx context.Context, p soar.Principal, namespace string, body []byte) ([]byte, error)
}

// codecDoor is the codec endpoint: Temporal's UI and command line send it what they
// cannot read. It follows Temporal's protocol, not ours, and so is not in
// openapi.yaml. It only decrypts: encrypting would serve people who start or signal
// workflows past Tocsin.
//
// Who asks shows a token: as Bearer, or in the cookie of the page at codecPath,
// because the UI can send nothing else. The cookie is sent to pages of the same site
// only, and an answer is readable for pages of one origin, the UI's.
type codecDoor struct {
	authenticator authenticator
	payloads      payloadDecoder // nil: nothing is encrypted
	ui            string         // origin of the Temporal UI; "": no page may ask

	askers *http.CrossOriginProtection // lets the UI in
	forms  *http.CrossOriginProtection // lets our own pages in
}

func newCodecDoor(services Services, ui string) (codecDoor, error) {
	door := codecDoor{
		authenticator: services.Authenticator, payloads: services.Payloads,
		askers: http.NewCrossOriginProtection(), forms: http.NewCrossOriginProtection(),
	}
	if ui == "" || door.payloads == nil {
		return door, nil
	}
	var err error
	if door.ui, err = originOf(ui); err == nil {
		err = door.askers.AddTrustedOrigin(door.ui)
	}
	if err != nil {
		return door, fmt.Errorf("the address of the Temporal UI cannot be used: %w", err)
	}
	return door, nil
}

// originOf gives what a browser calls the origin of a page.
func originOf(address string) (string, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	scheme, host, port := parsed.Scheme, strings.ToLower(parsed.Host), parsed.Port()
	if parsed.Hostname() == "" || scheme != "http" && scheme != "https" {
		return "", errors.New("want http://HOST or https://HOST, with :PORT or without")
	}
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return scheme + "://" + host, nil
}

// mount adds the endpoint's routes.
func (d codecDoor) mount(router *echo.Echo) {
	router.POST(codecPath+"/decode", d.open("decodePayloads", d.decode))
	router.OPTIONS(codecPath+"/decode", d.open("preflightDecodePayloads", d.preflight))
	router.GET(codecPath, d.open("showCodec", d.showPage))
	router.POST(codecPath, d.open("signIntoCodec", d.signIn))
	router.POST(codecPath+"/sign-out", d.open("signOutOfCodec", d.signOut))
}

// open names the operation, for the log, the metrics and the trace, and answers when
// there is nothing to decrypt. Each handler asks for itself who is calling.
func (d codecDoor) open(operation string, handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		callFrom(ctx).operation = operation
		trace.SpanFromContext(ctx).SetName(operation)
		if d.payloads == nil {
			return soar.Errorf(soar.CodeNotFound, "api.codec", "payloads in Temporal are not encrypted here: there is nothing to decrypt")
		}
		return handle(c)
	}
}

func (d codecDoor) decode(c echo.Context) error {
	d.letRead(c)
	request := c.Request()
	if err := d.askers.Check(request); err != nil {
		return soar.Wrap(soar.CodeDenied, "api.decode", err, "pages of this origin may not ask: only the Temporal UI may, whose address is set as temporal_ui")
	}
	who, err := d.identify(request)
	if err != nil {
		return err
	}
	body, err := readMost(c, maxPayloadBytes)
	if err != nil {
		return err
	}
	answer, err := d.payloads.Decode(request.Context(), who, request.Header.Get("X-Namespace"), body)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/json", answer)
}

// preflight tells a browser what the UI may send; other origins are told nothing.
func (d codecDoor) preflight(c echo.Context) error {
	if d.letRead(c) {
		header := c.Response().Header()
		header.Set("Access-Control-Allow-Methods", http.MethodPost)
		header.Set("Access-Control-Allow-Headers", "authorization, content-type, x-namespace")
		header.Set("Access-Control-Max-Age", "600")
	}
	return c.NoContent(http.StatusNoContent)
}

// letRead permits pages of the UI's origin to read the answer, also a refusal.
func (d codecDoor) letRead(c echo.Context) bool {
	header := c.Response().Header()
	header.Set("Vary", "Origin")
	if origin := c.Request().Header.Get("Origin"); d.ui == "" || origin != d.ui {
		return false
	}
	header.Set("Access-Control-Allow-Origin", d.ui)
	header.Set("Access-Control-Allow-Credentials", "true")
	return true
}

// identify says who is asking, by the Authorization header or else the cookie, and
// that he may.
func (d codecDoor) identify(request *http.Request) (soar.Principal, error) {
	header := request.Header.Get("Authorization")
	if cookie, err := request.Cookie(codecCookie); err == nil && header == "" {
		header = "Bearer " + cookie.Value
	}
	if header == "" {
		return soar.Principal{}, soar.Errorf(soar.CodeUnauthenticated, "api.codec",
			"a token is needed: send Authorization: Bearer tocsin_..., or sign in at %s", codecPath)
	}
	return d.admit(request, header)
}

func (d codecDoor) admit(request *http.Request, header string) (soar.Principal, error) {
	ctx := request.Context()
	current := callFrom(ctx)
	who, err := d.authenticator.Authenticate(ctx, header, current.remote)
	if err != nil {
		return soar.Principal{}, err
	}
	current.principal = who
	return who, access.Require(who, access.PayloadDecode, "api.codec")
}

func readMost(c echo.Context, most int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, most))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, code: soar.CodeInvalid, message: fmt.Sprintf("the body is larger than %d KiB", most>>10)}
	}
	if err != nil {
		return nil, soar.Wrap(soar.CodeInvalid, "api.readMost", err, "the body could not be read to its end")
	}
	return body, nil
}
