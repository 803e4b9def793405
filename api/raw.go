package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// MountRaw adds routes, by path, that take POST from callers without a token and check
// themselves who it is, such as Slack by its signature. They follow a vendor's
// protocol and so are not in openapi.yaml. An error is answered as a problem.
func MountRaw(router *echo.Echo, routes map[string]func(http.ResponseWriter, *http.Request) error) {
	for path, serve := range routes {
		router.POST(path, func(c echo.Context) error { return serve(c.Response(), c.Request()) })
	}
}
