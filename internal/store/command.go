package store

import (
	"bytes"
	"context"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// CommandInsert commits a command to an incident's workflow: a record entry and
// the order to send the update. The same update id again does nothing, for ever;
// with another name, incident or payload it is a conflict. The payload's own "at"
// does not count: a client that sends again does so later. An incident that has
// ended is a conflict, save for notes and what is done about its containments.
func (s *Store) CommandInsert(ctx context.Context, incidentID, updateName, updateID string, payload any, event record.Payload) error {
	const op = "store.CommandInsert"
	digest, err := postgres.Digest(op, payload)
	if err != nil {
		return err
	}
	return s.write(ctx, op, func(ctx context.Context, t *tx) error {
		fresh, err := t.beginCommand(ctx, op, command{incidentID, updateName, updateID, digest})
		if err != nil || !fresh {
			return err
		}
		if err := t.append(ctx, incidentID, event); err != nil {
			return err
		}
		return t.enqueueUpdate(ctx, incidentID, updateName, updateID, payload)
	})
}

// command is an update by its id. A nil digest means that the caller compares
// contents by itself.
type command struct {
	incidentID, name, id string
	digest               []byte
}

// beginCommand locks the incident and takes the command's id. It says false when
// the same command was taken before.
func (t *tx) beginCommand(ctx context.Context, op string, c command) (bool, error) {
	if c.id == "" {
		return false, soar.Errorf(soar.CodeInvalid, op, "a command needs an id")
	}
	incident, err := t.IncidentLock(ctx, c.incidentID)
	if err != nil {
		return false, postgres.Missing(op, err, "incident", c.incidentID)
	}
	if c.digest == nil {
		c.digest = []byte{}
	}
	n, err := t.CommandInsert(ctx, sqlcgen.CommandInsertParams{ID: c.id, IncidentID: c.incidentID, Name: c.name, Digest: c.digest})
	if err != nil {
		return false, err
	}
	if n == 0 {
		return false, t.sameCommand(ctx, op, c)
	}
	if incident.Ended && !afterwards(c.name) {
		return false, soar.Errorf(soar.CodeConflict, op, "incident %s has ended", c.incidentID)
	}
	return true, nil
}

// afterwards tells whether a workflow takes the update also when its incident has
// ended: what is held back then must still be let go.
func afterwards(update string) bool {
	switch update {
	case protocol.UpdateNote, protocol.UpdateRelease, protocol.UpdateExtend:
		return true
	default:
		return false
	}
}

func (t *tx) sameCommand(ctx context.Context, op string, c command) error {
	before, err := t.CommandGet(ctx, c.id)
	if err != nil {
		return err
	}
	if before.IncidentID != c.incidentID || before.Name != c.name || !bytes.Equal(before.Digest, c.digest) {
		return soar.Errorf(soar.CodeConflict, op, "command %.80q was used before for something else", c.id)
	}
	return nil
}
