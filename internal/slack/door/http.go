package door

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

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

// Routes gives the three routes by path; they take POST. An error is for the caller
// to answer, by its code. The secret must have passed CheckSecret.
func (d *Door) Routes() (map[string]func(http.ResponseWriter, *http.Request) error, error) {
	if err := CheckSecret(d.o.Signing); err != nil {
		return nil, err
	}
	return map[string]func(http.ResponseWriter, *http.Request) error{
		PathInteractions: d.serve(mediaForm, readInteraction),
		PathCommands:     d.serve(mediaForm, readCommand),
		PathEvents:       d.serve(mediaJSON, readEvent),
	}, nil
}

func (d *Door) serve(media string, read func([]byte) (arrival, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, request *http.Request) error {
		ctx, cancel := d.budget(request.Context())
		defer cancel()
		body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxBody))
		_, large := errors.AsType[*http.MaxBytesError](err)
		switch {
		case large:
			http.Error(w, "the body is larger than 256 KiB", http.StatusRequestEntityTooLarge)
			return nil
		case err != nil:
			return soar.Wrap(soar.CodeInvalid, "door.serve", err, "the body could not be read")
		}
		base, err := verify(d.o.Signing, request.Header, body, d.o.Now())
		if err != nil {
			d.o.Meter.SlackEvent(unknown, unsignedOutcome(err), 0, 0)
			d.note(ctx, Refused{By: soar.System("slack"), What: "request", Why: err})
			return err
		}
		if got, _, _ := mime.ParseMediaType(request.Header.Get("Content-Type")); got != media { // "" when it cannot be read
			http.Error(w, "want "+media, http.StatusUnsupportedMediaType)
			return nil
		}
		a, err := read(body)
		if err != nil {
			d.o.Meter.SlackEvent(unknown, refusal(err), 0, 0)
			return err
		}
		if a.kind == kindChallenge {
			d.o.Meter.SlackEvent(a.kind, wasTaken, 0, 0)
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, err := io.WriteString(w, a.challenge)
			return err
		}
		answer, err := d.take(ctx, a, body, base)
		if soar.CodeOf(err) == soar.CodeConflict && a.kind == kindHome {
			return nil // the Events API sends again what it believes to be lost
		}
		if err != nil || answer == nil {
			return err
		}
		return write(w, answer)
	}
}

func write(w http.ResponseWriter, answer any) error {
	raw, err := json.Marshal(answer)
	if err != nil {
		return soar.Wrap(soar.CodeInternal, "door.serve", err, "the answer cannot be written")
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err = w.Write(raw)
	return err
}
