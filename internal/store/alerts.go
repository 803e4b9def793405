package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// MaxRawBytes bounds what is kept of one message as it came.
const MaxRawBytes = 1 << 20

// AlertsInsert stores alerts with their raw bytes and the orders to dispatch them,
// all or none, and gives what became of each in the same order. An alert whose
// fingerprint is known, from before or from this very call, is a duplicate: the
// stored one is counted once more and its raw bytes are kept unless the same bytes
// are there; it is dispatched again only when it is now worse than before, or when
// its incident has ended. Text that Postgres cannot hold is repaired, never
// refused.
func (s *Store) AlertsInsert(ctx context.Context, alerts []soar.NewAlert) ([]soar.StoredAlert, error) {
	const op = "store.AlertsInsert"
	rows := make([]alertRow, len(alerts))
	for i, a := range alerts {
		var err error
		if rows[i], err = newAlertRow(op, i, a); err != nil {
			return nil, err
		}
	}
	// Sorted by fingerprint, and by order within one: whoever came first is the
	// alert, and all transactions lock in the same order.
	slices.SortStableFunc(rows, func(a, b alertRow) int { return cmp.Compare(a.fingerprint, b.fingerprint) })
	out := make([]soar.StoredAlert, len(alerts))
	err := s.write(ctx, op, func(ctx context.Context, t *tx) error { return t.insertAlerts(ctx, rows, out) })
	return out, err
}

// alertRow is one alert as the database takes it.
type alertRow struct {
	at                        int // place among the alerts of the call
	id, fingerprint, source   string
	severity                  soar.Severity
	parsed                    bool
	received                  time.Time
	doc, dispatch, body, hash []byte
}

func newAlertRow(op string, at int, n soar.NewAlert) (alertRow, error) {
	a, raw := n.Alert, n.Raw
	if a.ID == "" || a.Fingerprint == "" {
		return alertRow{}, soar.Errorf(soar.CodeInvalid, op, "an alert needs an id and a fingerprint")
	}
	if len(raw) > MaxRawBytes {
		return alertRow{}, soar.Errorf(soar.CodeInvalid, op, "the message has %d bytes, at most %d are taken", len(raw), MaxRawBytes)
	}
	a.ID, a.Fingerprint, a.Source = postgres.Clean(a.ID), postgres.Clean(a.Fingerprint), postgres.Clean(a.Source)
	a.Severity = soar.Severity(postgres.Clean(string(a.Severity)))
	a.Count, a.IncidentID = 1, ""
	if year := a.OccurredAt.UTC().Year(); year < 1 || year > 9999 {
		a.OccurredAt = a.ReceivedAt // JSON has no such years, and the tool's clock is wrong
	}
	doc, err := postgres.Document(op, a)
	if err != nil {
		return alertRow{}, err
	}
	dispatch, err := postgres.Document(op, soar.AlertDispatch{AlertID: a.ID})
	if err != nil {
		return alertRow{}, err
	}
	sum := sha256.Sum256(raw)
	if raw == nil {
		raw = []byte{} // NULL would be refused
	}
	return alertRow{
		at: at, id: a.ID, fingerprint: postgres.Indexable(a.Fingerprint), source: postgres.Indexable(a.Source), severity: a.Severity,
		parsed: a.Parsed, received: a.ReceivedAt.UTC(), doc: doc, dispatch: dispatch, body: raw, hash: sum[:],
	}, nil
}

func alertPriority(severity soar.Severity) int16 { return int16(priorityAlert + severity.Rank()) }

// insertAlerts stores what is new and counts the rest. The common case, nothing
// known, is one statement.
func (t *tx) insertAlerts(ctx context.Context, rows []alertRow, out []soar.StoredAlert) error {
	arg := sqlcgen.AlertsInsertParams{Kind: soar.OutboxAlertDispatch}
	for i, r := range rows {
		if i > 0 && r.fingerprint == rows[i-1].fingerprint {
			continue
		}
		arg.Ids, arg.Docs, arg.Fingerprints = append(arg.Ids, r.id), append(arg.Docs, r.doc), append(arg.Fingerprints, r.fingerprint)
		arg.Sources, arg.Parsed, arg.Severities = append(arg.Sources, r.source), append(arg.Parsed, r.parsed), append(arg.Severities, string(r.severity))
		arg.Received, arg.Sums, arg.Bodies = append(arg.Received, r.received), append(arg.Sums, r.hash), append(arg.Bodies, r.body)
		arg.Priorities, arg.Orders = append(arg.Priorities, alertPriority(r.severity)), append(arg.Orders, observe.Mark(ctx, r.dispatch))
	}
	added, err := t.AlertsInsert(ctx, arg)
	if err != nil {
		return err
	}
	t.enqueued = t.enqueued || len(added) > 0
	fresh := make(map[string]bool, len(added))
	for _, id := range added {
		fresh[id] = true
	}
	var again []alertRow
	for i, r := range rows {
		if !fresh[r.id] || (i > 0 && r.fingerprint == rows[i-1].fingerprint) {
			again = append(again, r)
			continue
		}
		stored, err := alertFrom(r.doc, string(r.severity), 1, nil)
		if err != nil {
			return err
		}
		out[r.at] = soar.StoredAlert{Alert: stored}
	}
	return t.countAlerts(ctx, again, out)
}

// known is a stored alert that was sent again.
type known struct {
	row   sqlcgen.AlertsLockByFingerprintRow
	times int32
	worst soar.Severity
}

// countAlerts counts duplicates, several of one alert at once.
func (t *tx) countAlerts(ctx context.Context, again []alertRow, out []soar.StoredAlert) error {
	if len(again) == 0 {
		return nil
	}
	var fingerprints []string
	for _, r := range again {
		fingerprints = append(fingerprints, r.fingerprint)
	}
	rows, err := t.AlertsLockByFingerprint(ctx, slices.Compact(fingerprints))
	if err != nil {
		return err
	}
	byFingerprint := make(map[string]*known, len(rows))
	for _, row := range rows {
		byFingerprint[row.Fingerprint] = &known{row: row, worst: soar.Severity(row.Severity)}
	}
	var raws sqlcgen.AlertRawsInsertParams
	for _, r := range again {
		k := byFingerprint[r.fingerprint]
		if k == nil {
			return soar.Errorf(soar.CodeInternal, "store.AlertsInsert", "a known alert is not there")
		}
		k.times, k.worst = k.times+1, k.worst.Worse(r.severity)
		stored, err := alertFrom(k.row.Doc, string(k.worst), k.row.Count+k.times, k.row.IncidentID)
		if err != nil {
			return err
		}
		out[r.at] = soar.StoredAlert{Alert: stored, Duplicate: true}
		raws.Ids, raws.Sums, raws.Bodies = append(raws.Ids, k.row.ID), append(raws.Sums, r.hash), append(raws.Bodies, r.body)
	}
	if err := t.AlertRawsInsert(ctx, raws); err != nil {
		return err
	}
	return t.recount(ctx, rows, byFingerprint)
}

func (t *tx) recount(ctx context.Context, rows []sqlcgen.AlertsLockByFingerprintRow, byFingerprint map[string]*known) error {
	var arg sqlcgen.AlertsCountParams
	for _, row := range rows {
		k := byFingerprint[row.Fingerprint]
		arg.Ids, arg.Times, arg.Severities = append(arg.Ids, row.ID), append(arg.Times, k.times), append(arg.Severities, string(k.worst))
	}
	if err := t.AlertsCount(ctx, arg); err != nil {
		return err
	}
	for _, row := range rows {
		k := byFingerprint[row.Fingerprint]
		if string(k.worst) == row.Severity && !row.Ended {
			continue
		}
		if err := t.dispatchAgain(ctx, row.ID, k.worst); err != nil {
			return err
		}
	}
	return nil
}
