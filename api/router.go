package api

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// RouterOptions are what all doors on one router share.
type RouterOptions struct {
	Log   *slog.Logger
	Now   func() time.Time
	NewID func() string // names requests in the log
	Meter meter         // nil: nothing is counted

	// TrustedProxies may say in X-Forwarded-For where a request came from. Empty:
	// nobody may, and the other end of the connection is the sender.
	TrustedProxies []netip.Prefix
}

// meter counts requests. operation is empty when no route took the request.
type meter interface {
	Request(operation string, status int, took time.Duration)
}

// NewRouter makes a router with what every request passes: the log, a recover,
// a request id and safe headers. Doors mount their routes on it; what no route
// takes is answered with a problem.
func NewRouter(options RouterOptions) *echo.Echo {
	router := echo.New()
	router.HideBanner, router.HidePort = true, true
	router.Logger.SetOutput(io.Discard)
	router.IPExtractor = extractor(options.TrustedProxies)
	router.HTTPErrorHandler = answerProblem(options.Log)
	router.Use(begin(options), logged(options), recovered, safeHeaders)
	return router
}

// extractor tells where requests come from. Private and loopback addresses are
// trusted only when they are named, unlike Echo's default.
func extractor(proxies []netip.Prefix) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, proxy := range proxies {
		proxy = proxy.Masked()
		bits := 8 * len(proxy.Addr().AsSlice())
		trust = append(trust, echo.TrustIPRange(&net.IPNet{IP: proxy.Addr().AsSlice(), Mask: net.CIDRMask(proxy.Bits(), bits)}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// begin names the request. The id is ours: one from outside could forge the log.
func begin(options RouterOptions) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			current := &call{requestID: options.NewID()}
			if remote, err := netip.ParseAddr(c.RealIP()); err == nil {
				current.remote = remote.Unmap()
			}
			c.Response().Header().Set("X-Request-Id", current.requestID)
			ctx := observe.With(c.Request().Context(), slog.String(observe.KeyRequest, current.requestID), slog.String(observe.KeyIncident, incidentOf(c)))
			c.SetRequest(c.Request().WithContext(withCall(ctx, current)))
			return next(c)
		}
	}
}

// incidentOf gives the incident that the path names, "" when it names none or
// something that is no incident's id: a line of the log must not say what a
// stranger wants it to.
func incidentOf(c echo.Context) string {
	id := c.Param("incident_id")
	if len(id) > 40 || !strings.HasPrefix(id, "INC-") {
		return ""
	}
	return id
}

// logged writes one line for each request: never a body, a header or a query,
// which may hold secrets.
func logged(options RouterOptions) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			started, request := options.Now(), c.Request()
			defer func() {
				current := callFrom(request.Context())
				took := options.Now().Sub(started)
				if options.Meter != nil {
					options.Meter.Request(current.operation, c.Response().Status, took)
				}
				options.Log.LogAttrs(request.Context(), slog.LevelInfo, "request",
					slog.String("request_id", current.requestID),
					slog.String("method", request.Method),
					slog.String("path", soar.Shorten(c.Path(), 200)),
					slog.String("operation", current.operation),
					slog.Int("status", c.Response().Status),
					slog.Int64("bytes", c.Response().Size),
					slog.Duration("took", took),
					slog.String("remote", current.remote.String()),
					slog.String("actor", soar.Shorten(current.principal.Actor.String(), 200)),
					slog.String("token", current.principal.Token))
			}()
			if err := next(c); err != nil {
				c.Error(err)
			}
			return nil
		}
	}
}

// recovered turns a panic into an internal error with its stack in the log.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch caught := recover(); caught {
			case nil:
			case http.ErrAbortHandler:
				panic(caught)
			default:
				err = soar.Wrap(soar.CodeInternal, "api.recovered", fmt.Errorf("panic: %v\n%s", caught, debug.Stack()), "a handler panicked")
			}
		}()
		return next(c)
	}
}

// safeHeaders are the strictest that any answer can have; pages relax them.
func safeHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		if c.Request().TLS != nil {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}
