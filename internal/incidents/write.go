package incidents

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what people send, in bytes unless said otherwise.
const (
	maxTitle   = 300
	maxNote    = 8 << 10
	maxReason  = 2000
	minReason  = 3 // characters
	maxID      = 200
	maxKey     = 500
	maxPayload = 64 << 10
	maxText    = 500 // of the sentence in the record
)

func invalid(op, field, format string, args ...any) error {
	fault := soar.Errorf(soar.CodeInvalid, op, format, args...)
	fault.Field = field
	return fault
}

// cleanReason takes the space around a reason away and checks it.
func cleanReason(op, reason string, needed bool) (string, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "" && !needed:
		return "", nil
	case utf8.RuneCountInString(reason) < minReason:
		return "", invalid(op, "reason", "say why, in at least %d characters: it goes into the record", minReason)
	case len(reason) > maxReason:
		return "", invalid(op, "reason", "the reason has %d bytes, at most %d are kept", len(reason), maxReason)
	default:
		return reason, nil
	}
}

// checkText tells whether text is there and short enough.
func checkText(op, field, text string, most int) error {
	switch {
	case strings.TrimSpace(text) == "":
		return invalid(op, field, "%s is missing", field)
	case len(text) > most:
		return invalid(op, field, "%s has %d bytes, at most %d are taken", field, len(text), most)
	default:
		return nil
	}
}

// data writes what goes into a record entry. Nil when it cannot be written, which
// only values that no JSON gave can cause.
func data(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return raw
}

// attempt is what a caller tries to do in an incident.
type attempt struct {
	p          soar.Principal
	incidentID string
	what       string // for people: "decide approval APR-..."
	reason     string
}

// refuse gives a refusal, and leaves in the incident's record who tried what when
// it is one: denied or a conflict. Wrong input and a part that is away are not.
func (s *Service) refuse(ctx context.Context, a attempt, refusal error) error {
	code := soar.CodeOf(refusal)
	if code != soar.CodeDenied && code != soar.CodeConflict {
		return refusal
	}
	event := record.Payload{
		At: s.now(), Kind: protocol.EventCommandRefused, By: a.p.Actor,
		Text: soar.Shorten(fmt.Sprintf("%s tried to %s and was refused: %s", a.p.Actor.ID, a.what, soar.MessageOf(refusal)), maxText),
		Data: data(map[string]any{"tried": soar.Shorten(a.what, maxText), "reason": a.reason, "code": code, "token": a.p.Token}),
	}
	if err := s.store.RecordAppend(ctx, a.incidentID, event); err != nil {
		s.log.ErrorContext(ctx, "a refusal is not in the record", "incident", a.incidentID, "by", a.p.Actor.ID, "tried", a.what, "error", err)
	}
	return refusal
}

// seeToChange gives an incident that the caller may do something in. Without the
// permission it is denied, and that goes into the record of an incident that he
// sees.
func (s *Service) seeToChange(ctx context.Context, a attempt, needed access.Permission, asked thing) (soar.Incident, error) {
	permitted := access.Require(a.p, needed, asked.op)
	incident, err := s.see(ctx, a.p, a.incidentID, asked)
	switch {
	case permitted != nil && err == nil:
		return incident, s.refuse(ctx, a, permitted)
	case permitted != nil:
		return incident, permitted // whether it exists is not said
	default:
		return incident, err
	}
}

// order is a committed update on its way to the workflow.
type order struct {
	incidentID, name, id string
	payload              any
	wait                 time.Duration
	ended                bool // the incident has ended: its workflow may be over
}

// deliver tells the workflow at once what was committed. A refusal by the workflow
// is a conflict. When it cannot be reached in time, delivered is false and the
// outbox tells it, under the same id.
func (s *Service) deliver(ctx context.Context, o order) (reply protocol.Reply, delivered bool, err error) {
	raw, err := json.Marshal(o.payload)
	if err != nil {
		return reply, false, soar.Wrap(soar.CodeInternal, "incidents.deliver", err, "the command cannot be written")
	}
	ctx, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	reply, err = s.workflows.UpdateIncident(ctx, o.incidentID, o.name, o.id, raw)
	switch soar.CodeOf(err) {
	case "":
		return reply, true, nil
	case soar.CodeConflict, soar.CodeInvalid:
		// The outbox meets the same refusal and writes it into the record.
		return protocol.Reply{}, false, soar.Wrap(soar.CodeConflict, "incidents.deliver", err, "%s", soar.MessageOf(err))
	case soar.CodeNotFound:
		if o.ended {
			return protocol.Reply{}, false, soar.Wrap(soar.CodeConflict, "incidents.deliver", err, "incident %s has ended and takes no commands any more", o.incidentID)
		}
		fallthrough // its start waits in the outbox too
	default:
		s.log.InfoContext(ctx, "a command waits for the outbox", "incident", o.incidentID, "update", o.name, "id", o.id, "error", err)
		return protocol.Reply{}, false, nil
	}
}
