package store_test

import (
	"fmt"
	"strings"
	"testing"

	"errors"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestRecord(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	must(t, s.RecordAppend(t.Context(), "system", event("one"), event("two")))
	must(t, s.RecordAppend(t.Context(), "system", event("three \x00 \xff <b>")))
	must(t, s.RecordAppend(t.Context(), "system"))
	must(t, s.RecordAppend(t.Context(), incidentID, event("other")))
	same(t, []string{"one", "two", "three \x00 \uFFFD <b>"}, chain(t, s, "system"))
	same(t, 1, len(get(s.RecordList(t.Context(), "system", 1, 1))(t)))
	same(t, 0, len(get(s.RecordList(t.Context(), "unknown", 0, 0))(t)))

	heads := get(s.RecordHeads(t.Context()))(t)
	last := get(s.RecordList(t.Context(), "system", 2, 10))(t)[0]
	same(t, 2, len(heads))
	same(t, record.Head{Chain: "system", Seq: 3, Hash: last.Hash}, heads[1])

	wantCode(t, s.RecordAppend(t.Context(), "system", record.Payload{Kind: "note"}), soar.CodeInvalid, "recorded")
	wantCode(t, s.RecordAppend(t.Context(), "not a chain", event("x")), soar.CodeInvalid, "recorded")
	same(t, 3, len(chain(t, s, "system")))
}

// TestRecordAtOnce: 32 writers on one chain leave no gap and no fork.
func TestRecordAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	const writers, each = 32, 5
	errs := together(writers, func(i int) error {
		for n := range each {
			if err := s.RecordAppend(t.Context(), "system", event(fmt.Sprintf("%d/%d", i, n))); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, errors.Join(errs...))
	seen := map[string]bool{}
	for _, text := range chain(t, s, "system") {
		seen[text] = true
	}
	same(t, writers*each, len(seen))
}

// TestTriggers: the owner, a superuser even, in a session where ordinary triggers
// are off, cannot change what is recorded.
func TestTriggers(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.Open(t, url, store.Options{})
	withDecision(t, s)
	withCustody(t, s)
	queries := []string{
		"UPDATE record_entries SET kind = 'x' WHERE seq = 1",
		"DELETE FROM record_entries",
		"TRUNCATE record_entries",
		"UPDATE record_heads SET seq = seq - 1",
		"UPDATE record_heads SET hash = ''",
		"UPDATE record_heads SET chain = 'x', seq = seq + 1",
		"DELETE FROM record_heads",
		"TRUNCATE record_heads",
		"UPDATE decisions SET by_id = 'x'",
		"DELETE FROM decisions",
		"TRUNCATE decisions",
		"UPDATE custody_entries SET seq = 9",
		"DELETE FROM custody_entries",
		"TRUNCATE custody_entries",
	}
	for _, role := range []string{"origin", "replica"} {
		for _, query := range queries {
			err := raw(t, url, "SET session_replication_role = "+role+";"+query)
			pg, ok := errors.AsType[*pgconn.PgError](err)
			if !ok || pg.Code != "TC001" || !strings.Contains(pg.Message, "append only") && !strings.Contains(pg.Message, "forward") {
				t.Errorf("%s, %s: got %v", role, query, err)
			}
		}
	}
	chain(t, s, incidentID)
}

// TestTamperingIsSeen: who switches the triggers off is found by the hashes.
func TestTamperingIsSeen(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.Open(t, url, store.Options{})
	for n := range 5 {
		must(t, s.RecordAppend(t.Context(), "system", event(fmt.Sprint(n))))
	}
	must(t, raw(t, url, `ALTER TABLE record_entries DISABLE TRIGGER ALL;
		UPDATE record_entries SET payload = replace(convert_from(payload, 'UTF8'), '"2"', '"9"')::bytea WHERE seq = 3`))
	report := record.Verify(get(s.RecordList(t.Context(), "system", 0, 0))(t))
	if len(report.Faults) != 1 || report.Faults[0].Seq != 3 || report.Faults[0].Kind != record.FaultPayload {
		t.Errorf("faults: %+v", report.Faults)
	}
}

func withDecision(t testing.TB, s *store.Store) {
	t.Helper()
	pending(t, s, "APR-1")
	_, _, err := s.DecisionInsert(t.Context(), decision("d1", "APR-1", lead), event("approved"))
	must(t, err)
}

func withCustody(t testing.TB, s *store.Store) {
	t.Helper()
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-1"), soar.CustodyEntry{What: "collected", By: analyst, At: at}, event("collected")))
}
