package door

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// maxBody bounds what is read before anything is known of the sender.
const maxBody = 256 << 10

// Paths of the door, as they stand in the app's manifest.
const (
	PathInteractions = "/slack/interactions"
	PathCommands     = "/slack/commands"
	PathEvents       = "/slack/events"
)

const (
	mediaForm = "application/x-www-form-urlencoded"
	mediaJSON = "application/json"
)

// Mount adds the three routes. The secret must have passed CheckSecret.
func (d *Door) Mount(router *echo.Echo) error {
	if err := CheckSecret(d.o.Signing); err != nil {
		return err
	}
	router.POST(PathInteractions, d.serve(mediaForm, readInteraction))
	router.POST(PathCommands, d.serve(mediaForm, readCommand))
	router.POST(PathEvents, d.serve(mediaJSON, readEvent))
	return nil
}

func (d *Door) serve(media string, read func([]byte) (arrival, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		request := c.Request()
		body, err := io.ReadAll(http.MaxBytesReader(c.Response(), request.Body, maxBody))
		if err != nil {
			if _, large := errors.AsType[*http.MaxBytesError](err); large {
				return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "the body is larger than 256 KiB")
			}
			return soar.Wrap(soar.CodeInvalid, "door.serve", err, "the body could not be read")
		}
		base, err := verify(d.o.Signing, request.Header, body, d.o.Now())
		if err != nil {
			d.o.Meter.SlackEvent("unsigned", string(soar.CodeOf(err)), 0)
			d.note(request.Context(), Refused{By: soar.System("slack"), What: "request", Why: err})
			return err
		}
		if got, _, err := mime.ParseMediaType(request.Header.Get("Content-Type")); err != nil || got != media {
			return echo.NewHTTPError(http.StatusUnsupportedMediaType, "want "+media)
		}
		a, err := read(body)
		if err != nil {
			d.o.Meter.SlackEvent("unread", string(soar.CodeOf(err)), 0)
			return err
		}
		if a.kind == kindChallenge {
			return c.String(http.StatusOK, a.challenge)
		}
		answer, err := d.take(request.Context(), a, body, base)
		if soar.CodeOf(err) == soar.CodeConflict && a.kind == kindHome {
			return c.NoContent(http.StatusOK) // the Events API sends again what it believes to be lost
		}
		if err != nil {
			return err
		}
		if answer == nil {
			return c.NoContent(http.StatusOK)
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			return soar.Wrap(soar.CodeInternal, "door.serve", err, "the answer cannot be written")
		}
		return c.JSONBlob(http.StatusOK, raw)
	}
}
