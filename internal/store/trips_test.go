package store_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// TestRoundTrips holds how often the methods of an action's path go to the
// database and back: what a step costs hangs on it, and no clock shows it as well.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	wire := count(t, storetest.URL(t))
	s := storetest.Open(t, wire.url, store.Options{MaxConns: 1})
	open(t, s, incidentID)
	said := event("said")
	key := func(n int) string { return fmt.Sprintf("k%d", n) }
	begun := func(n int) soar.LedgerEntry { e := ledgerEntry(key(n)); e.Attempts = 1; return e }
	fence := 1
	orders := map[int]protocol.OpenIncident{1: correlated(t, s, 1), 2: correlated(t, s, 2)}
	for _, row := range []struct {
		name string
		want int64
		do   func(n int) error
	}{
		{"LedgerGet", 1, func(int) error { _, err := s.LedgerGet(t.Context(), "none"); return expected(err, soar.CodeNotFound) }},
		{"LedgerBegin", 3, func(n int) error { _, _, err := s.LedgerBegin(t.Context(), begun(n), said); return err }},
		{"LedgerBegin of what is there", 3, func(n int) error { _, _, err := s.LedgerBegin(t.Context(), begun(n), said); return err }},
		{"LedgerCount", 1, func(int) error {
			_, _, err := s.LedgerCount(t.Context(), incidentID, "isolate_host", time.Hour)
			return err
		}},
		{"LedgerMove", 1, func(n int) error {
			_, err := s.LedgerMove(t.Context(), key(n), []soar.LedgerState{soar.LedgerIntent}, soar.LedgerSent, soar.LedgerChange{Fence: &fence}, nil)
			return err
		}},
		{"LedgerMove with its entry", 3, func(n int) error {
			_, err := s.LedgerMove(t.Context(), key(n), []soar.LedgerState{soar.LedgerSent}, soar.LedgerConfirmed, soar.LedgerChange{Fence: &fence}, &said)
			return err
		}},
		{"RecordAppend", 2, func(int) error { return s.RecordAppend(t.Context(), incidentID, said, said) }},
		{"JournalWrite", 3, func(n int) error { _, err := s.JournalWrite(t.Context(), journalled(int64(n))); return err }},
		{"JournalWrite with a message", 3, func(n int) error {
			batch := journalled(int64(n + 2))
			batch.Messages = []protocol.Message{{ID: incidentID + "/" + key(n), Subject: "hello"}}
			_, err := s.JournalWrite(t.Context(), batch)
			return err
		}},
		{"IncidentOpen", 5, func(n int) error { return s.IncidentOpen(t.Context(), orders[n], said) }},
	} {
		if err := row.do(1); err != nil { // prepares the statements
			t.Fatalf("%s: %v", row.name, err)
		}
		before := wire.trips.Load()
		if err := row.do(2); err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if got := wire.trips.Load() - before; got != row.want {
			t.Errorf("%s takes %d round trips, want %d", row.name, got, row.want)
		}
	}
}

func expected(err error, code soar.Code) error {
	if soar.CodeOf(err) == code {
		return nil
	}
	return fmt.Errorf("got %w, want %s", err, code)
}

// journalled is what a workflow writes before an action: two events, with the
// views that changed.
func journalled(nth int64) protocol.JournalBatch {
	return protocol.JournalBatch{
		IncidentID: incidentID,
		Incident:   &soar.Incident{ID: incidentID, Title: "t", Status: soar.StatusContained, Severity: soar.SeverityHigh},
		Events: []protocol.TimelineEvent{
			{Seq: 2*nth - 1, At: time.Unix(1, 0), Kind: "said", Text: "one"}, {Seq: 2 * nth, At: time.Unix(2, 0), Kind: "said", Text: "two"},
		},
		Runs:         []protocol.RunView{{RunID: "r1"}},
		Steps:        []protocol.StepView{{RunID: "r1", Key: "r1/a"}, {RunID: "r1", Key: "r1/b"}},
		Containments: []soar.Containment{{ID: "c1", IncidentID: incidentID, State: "active"}},
	}
}

func correlated(t *testing.T, s *store.Store, n int) protocol.OpenIncident {
	t.Helper()
	_, _, err := s.AlertInsert(t.Context(), alert(700+n), []byte("raw"))
	must(t, err)
	return protocol.OpenIncident{
		Input:   protocol.IncidentInput{Incident: soar.Incident{ID: fmt.Sprintf("INC-2026-70000%d", n), Title: "t", Status: soar.StatusAssessed, OpenedAt: time.Unix(1, 0)}},
		AlertID: alert(700 + n).ID, CorrelationKey: fmt.Sprintf("key %d", n), CorrelateSince: time.Unix(0, 0),
	}
}

// TestAFailedTransactionLeavesNothing: statements that were put off and fail take
// everything with them, and the connection serves on.
func TestAFailedTransactionLeavesNothing(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.URL(t), store.Options{MaxConns: 1})
	open(t, s, incidentID)
	foreign := ledgerEntry("k1")
	foreign.IncidentID = "INC-2026-999999"
	_, created, err := s.LedgerBegin(t.Context(), foreign, event("intent"))
	wantCode(t, err, soar.CodeNotFound, "refers")
	same(t, false, created)
	// The id is taken: what is put off after the lock of the head fails there.
	wantCode(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: soar.Incident{ID: incidentID}}}, event("opened again")), soar.CodeConflict, "exists")
	// A payload without a canonical form ends the transaction after its first statements.
	_, _, err = s.LedgerBegin(t.Context(), ledgerEntry("k2"), record.Payload{Kind: "bad", Data: []byte("{")})
	wantCode(t, err, soar.CodeInvalid, "recorded")
	_, err = s.LedgerGet(t.Context(), "k2")
	wantCode(t, err, soar.CodeNotFound, "k2")
	same(t, []string{"opened"}, chain(t, s, incidentID))
	must(t, s.RecordAppend(t.Context(), incidentID, event("after")))
	same(t, []string{"opened", "after"}, chain(t, s, incidentID))
}

// counted is a way to the database that counts round trips.
type counted struct {
	url   string
	trips atomic.Int64
}

// count puts itself between: one trip is one Sync or one simple query. What tells
// listeners of new outbox items comes when it likes, and is not counted.
func count(t *testing.T, server string) *counted {
	t.Helper()
	address, err := url.Parse(server)
	must(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	c, behind := &counted{}, address.Host
	go func() {
		for {
			front, err := listener.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("tcp", behind)
			if err != nil {
				front.Close()
				return
			}
			go func() { _, _ = io.Copy(front, back); front.Close() }()
			go func() { c.pass(front, back); back.Close() }()
		}
	}()
	address.Host = listener.Addr().String()
	c.url = address.String()
	return c
}

// pass hands the client's messages on. The first has no type.
func (c *counted) pass(from io.Reader, to io.Writer) {
	in, notify, telling := bufio.NewReader(from), map[string]bool{}, false
	for head := 4; ; head = 5 {
		start := make([]byte, head)
		if _, err := io.ReadFull(in, start); err != nil {
			return
		}
		rest := make([]byte, binary.BigEndian.Uint32(start[head-4:])-4)
		if _, err := io.ReadFull(in, rest); err != nil {
			return
		}
		words := strings.SplitN(string(rest), "\x00", 3)
		switch kind := start[0]; {
		case head == 4:
		case kind == 'P': // Parse: name and text of a statement
			notify[words[0]] = strings.Contains(words[1], "pg_notify")
			telling = telling || notify[words[0]]
		case kind == 'B': // Bind: portal and name of a statement
			telling = telling || notify[words[1]]
		case kind == 'S' || kind == 'Q':
			if !telling {
				c.trips.Add(1)
			}
			telling = false
		}
		if _, err := to.Write(append(start, rest...)); err != nil {
			return
		}
	}
}
