package store

import (
	"context"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/blob"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// BlobPut stores bytes under their SHA-256 and gives both digests in hex. More
// than limit bytes are invalid and leave nothing behind. The bytes are on disk
// when it returns. Bytes that are there already are not written again.
func (s *Store) BlobPut(ctx context.Context, in io.Reader, limit int64) (sha256, sha512 string, size int64, err error) {
	if s.blobs == nil {
		return "", "", 0, noBlobs("store.BlobPut")
	}
	info, err := s.blobs.Put(ctx, in, limit)
	return info.SHA256, info.SHA512, info.Bytes, err
}

// BlobOpen reads stored bytes. The read that reaches the end fails with a
// conflict when the bytes are not those of the digest: until then nothing that
// was read may be relied on.
func (s *Store) BlobOpen(ctx context.Context, sha256 string) (io.ReadCloser, error) {
	if s.blobs == nil {
		return nil, noBlobs("store.BlobOpen")
	}
	return s.blobs.Open(ctx, sha256)
}

func noBlobs(op string) error {
	return soar.Errorf(soar.CodeUnavailable, op, "no folder for evidence is configured")
}

// EvidenceInsert records an item with the first entry of its chain of custody.
// The same item again (id, incident and SHA-256) does nothing; another item under
// its id is a conflict. Store the bytes with BlobPut before.
func (s *Store) EvidenceInsert(ctx context.Context, evidence soar.Evidence, custody soar.CustodyEntry, event record.Payload) error {
	const op = "store.EvidenceInsert"
	if evidence.ID == "" || !blob.ValidDigest(evidence.SHA256) {
		return soar.Errorf(soar.CodeInvalid, op, "evidence needs an id and a SHA-256 in lower-case hex")
	}
	doc, err := postgres.Document(op, evidence)
	if err != nil {
		return err
	}
	return s.write(ctx, op, func(ctx context.Context, t *tx) error {
		n, err := t.Queries.EvidenceInsert(ctx, sqlcgen.EvidenceInsertParams{ID: evidence.ID, IncidentID: evidence.IncidentID, Doc: doc, Sha256: evidence.SHA256, CollectedAt: evidence.CollectedAt.UTC()})
		if err != nil {
			return err
		}
		if n == 0 {
			return t.sameEvidence(ctx, op, evidence)
		}
		if err := t.append(ctx, evidence.IncidentID, event); err != nil {
			return err
		}
		return t.addCustody(ctx, op, evidence.ID, custody)
	})
}

func (t *tx) sameEvidence(ctx context.Context, op string, evidence soar.Evidence) error {
	row, err := t.EvidenceGet(ctx, evidence.ID)
	if err != nil {
		return err
	}
	before, err := postgres.Parse[soar.Evidence](row.Doc)
	if err != nil {
		return err
	}
	if before.SHA256 != evidence.SHA256 || before.IncidentID != evidence.IncidentID {
		return soar.Errorf(soar.CodeConflict, op, "evidence %s exists with other contents", evidence.ID)
	}
	return nil
}

// addCustody numbers and adds an entry. The caller holds the head of the
// incident's record, which makes it the only one who numbers.
func (t *tx) addCustody(ctx context.Context, op, evidenceID string, entry soar.CustodyEntry) error {
	last, err := t.CustodyLast(ctx, evidenceID)
	if err != nil {
		return err
	}
	entry.EvidenceID, entry.Seq = evidenceID, int(last)+1
	doc, err := postgres.Document(op, entry)
	if err != nil {
		return err
	}
	return t.CustodyInsert(ctx, sqlcgen.CustodyInsertParams{EvidenceID: evidenceID, Seq: int32(entry.Seq), Doc: doc})
}

// CustodyAppend adds an entry to an item's chain of custody, with its record
// entry. The number is given here; entry.Seq is not looked at.
func (s *Store) CustodyAppend(ctx context.Context, entry soar.CustodyEntry, event record.Payload) error {
	const op = "store.CustodyAppend"
	return s.write(ctx, op, func(ctx context.Context, t *tx) error {
		row, err := t.EvidenceGet(ctx, entry.EvidenceID)
		if err != nil {
			return postgres.Missing(op, err, "evidence", entry.EvidenceID)
		}
		if err := t.append(ctx, row.IncidentID, event); err != nil {
			return err
		}
		return t.addCustody(ctx, op, entry.EvidenceID, entry)
	})
}

// CustodyOrder is CustodyAppend for what a person ordered: the same id again does
// nothing, and with another item or entry it is a conflict.
func (s *Store) CustodyOrder(ctx context.Context, id string, entry soar.CustodyEntry, event record.Payload) error {
	const op, name = "store.CustodyOrder", "custody"
	digest, err := postgres.Digest(op, entry)
	if err != nil {
		return err
	}
	return s.writeKeyed(ctx, op, "", func(ctx context.Context, t *tx) error {
		row, err := t.EvidenceGet(ctx, entry.EvidenceID)
		if err != nil {
			return postgres.Missing(op, err, "evidence", entry.EvidenceID)
		}
		n, err := t.CommandInsert(ctx, sqlcgen.CommandInsertParams{ID: id, IncidentID: row.IncidentID, Name: name, Digest: digest})
		if err != nil {
			return err
		}
		if n == 0 {
			return t.sameCommand(ctx, op, command{row.IncidentID, name, id, digest})
		}
		if err := t.append(ctx, row.IncidentID, event); err != nil {
			return err
		}
		return t.addCustody(ctx, op, entry.EvidenceID, entry)
	})
}

// CustodyList gives an item's chain of custody from its beginning.
func (s *Store) CustodyList(ctx context.Context, evidenceID string) ([]soar.CustodyEntry, error) {
	return documents[soar.CustodyEntry](ctx, s, "store.CustodyList", evidenceID, s.queries.CustodyOf)
}

// EvidenceList gives the items of an incident in the order they were recorded.
func (s *Store) EvidenceList(ctx context.Context, incidentID string) ([]soar.Evidence, error) {
	return documents[soar.Evidence](ctx, s, "store.EvidenceList", incidentID, s.queries.EvidenceOf)
}

// EvidencePage gives one page of items of all incidents, newest first, and the
// next page's cursor.
func (s *Store) EvidencePage(ctx context.Context, f soar.EvidenceFilter) ([]soar.Evidence, string, error) {
	l := postgres.List{Name: "evidence", Table: "evidence", At: "collected_at", Columns: "doc"}
	l.AndText("incident_id", f.IncidentID)
	l.AndText("sha256", f.SHA256)
	l.Narrow(f.Viewer, "evidence.incident_id")
	if f.Viewer != nil && !f.Viewer.Red {
		// An item may be stricter than its incident.
		l.AndIncident("evidence.incident_id", "(evidence.doc->>'tlp' IS DISTINCT FROM 'red' OR (incidents.owner <> '' AND incidents.owner = $))", f.Viewer.Person)
	}
	return listed[soar.Evidence](ctx, s, "store.EvidencePage", l, f.Page)
}

// listed reads one page of a list whose rows are documents.
func listed[T any](ctx context.Context, s *Store, op string, l postgres.List, page soar.Page) ([]T, string, error) {
	out := []T{}
	next, err := s.fetch(ctx, op, l, page, func(rows pgx.Rows, at *time.Time, id *string) error {
		var doc []byte
		if err := rows.Scan(at, id, &doc); err != nil {
			return err
		}
		noun, err := postgres.Parse[T](doc)
		out = append(out, noun)
		return err
	})
	return out, next, err
}

// EvidenceGet gives one item.
func (s *Store) EvidenceGet(ctx context.Context, id string) (soar.Evidence, error) {
	const op = "store.EvidenceGet"
	var out soar.Evidence
	err := s.read(ctx, op, func(ctx context.Context) error {
		row, err := s.queries.EvidenceGet(ctx, id)
		if err != nil {
			return postgres.Missing(op, err, "evidence", id)
		}
		out, err = postgres.Parse[soar.Evidence](row.Doc)
		return err
	})
	return out, err
}

// documents reads the nouns that belong to one id.
func documents[T any](ctx context.Context, s *Store, op, id string, query func(context.Context, string) ([][]byte, error)) ([]T, error) {
	var out []T
	err := s.read(ctx, op, func(ctx context.Context) error {
		var err error
		out, err = nounsOf[T](ctx, id, query)
		return err
	})
	return out, err
}
