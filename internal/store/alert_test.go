package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestAlertInsert(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	a, body := alert(1), []byte("{\"a\":\"\x00\xff\"}")
	stored, duplicate, err := s.AlertInsert(t.Context(), a, body)
	must(t, err)
	same(t, false, duplicate)
	same(t, a, stored)
	same(t, a, get(s.AlertGet(t.Context(), a.ID))(t))
	if got := get(s.AlertRaw(t.Context(), a.ID))(t); !bytes.Equal(got, body) {
		t.Errorf("raw: %q", got)
	}
	orders := items(t, s, soar.OutboxAlertDispatch)
	same(t, 1, len(orders))
	same(t, `{"alert_id":"ALR-0001"}`, string(orders[0].Payload))

	_, err = s.AlertGet(t.Context(), "nope")
	wantCode(t, err, soar.CodeNotFound, `no alert "nope"`)
	_, err = s.AlertRaw(t.Context(), "nope")
	wantCode(t, err, soar.CodeNotFound, "alert")
}

func TestAlertDuplicates(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	insert := func(severity soar.Severity, body string) soar.Alert {
		t.Helper()
		again := alert(1)
		again.ID, again.Severity = "ALR-other", severity
		stored, duplicate, err := s.AlertInsert(t.Context(), again, []byte(body))
		must(t, err)
		same(t, true, duplicate)
		return stored
	}
	get2(s.AlertInsert(t.Context(), alert(1), []byte("first")))(t)
	items(t, s, soar.OutboxAlertDispatch)

	got := insert(soar.SeverityMedium, "first")
	same(t, "ALR-0001", got.ID)
	same(t, 2, got.Count)
	same(t, 0, len(items(t, s, soar.OutboxAlertDispatch)))

	// Worse than before: again, but one order for three of them.
	for range 3 {
		got = insert(soar.SeverityCritical, "worse")
	}
	same(t, soar.SeverityCritical, got.Severity)
	same(t, 1, len(items(t, s, soar.OutboxAlertDispatch)))

	// Milder again: stays as bad as it was.
	got = insert(soar.SeverityLow, "milder")
	same(t, soar.SeverityCritical, got.Severity)
	same(t, 6, got.Count)
	same(t, 0, len(items(t, s, soar.OutboxAlertDispatch)))
	same(t, "first", string(get(s.AlertRaw(t.Context(), "ALR-0001"))(t)))
}

func TestAlertOfEndedIncident(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	get2(s.AlertInsert(t.Context(), alert(1), nil))(t)
	must(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: incident(incidentID)}, AlertID: "ALR-0001"}))
	items(t, s, soar.OutboxAlertDispatch)
	get2(s.AlertInsert(t.Context(), alert(1), nil))(t)
	same(t, 0, len(items(t, s, soar.OutboxAlertDispatch)))

	closed := incident(incidentID)
	closed.Status = soar.StatusClosed
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: incidentID, Incident: &closed}))(t)
	for range 2 {
		get2(s.AlertInsert(t.Context(), alert(1), nil))(t)
	}
	same(t, 1, len(items(t, s, soar.OutboxAlertDispatch)))

	// The next incident takes the alert over.
	must(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: incident("INC-2026-000002")}, AlertID: "ALR-0001"}))
	same(t, "INC-2026-000002", get(s.AlertGet(t.Context(), "ALR-0001"))(t).IncidentID)
}

// TestAlertHostile: nothing that stands in an alert keeps it from being stored.
func TestAlertHostile(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	texts := map[string]string{
		"NUL": "a\x00b", "broken UTF-8": "a\xff\xfeb\xc3", "overlong": "\xc0\xaf", "surrogate": "\xed\xa0\x80", "escape": `\u0000 \\u0000 \`,
		"quotes": `'"; DROP TABLE alerts; --`, "markup": "<script>", "bidi": "\u202e", "long": longText(), "format": "%s$1",
	}
	n := 10
	for name, text := range texts {
		n++
		a := alert(n)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a.Source, a.Title, a.ExternalID, a.Severity, a.Tags = name+text, text, text, soar.Severity(text), []string{text}
			a.Fields = map[string]any{text: text}
			a.OccurredAt = time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)
			stored, _, err := s.AlertInsert(t.Context(), a, []byte(text))
			must(t, err)
			want := strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
			if name != "surrogate" && name != "overlong" && name != "broken UTF-8" { // there the number of U+FFFD may differ
				same(t, want, stored.Title)
				same(t, map[string]any{want: want}, stored.Fields)
			}
			same(t, stored, get(s.AlertGet(t.Context(), a.ID))(t))
			list, _, err := s.AlertList(t.Context(), soar.AlertFilter{Source: name + text})
			must(t, err)
			same(t, 1, len(list))
			_, duplicate, err := s.AlertInsert(t.Context(), a, []byte(text))
			must(t, err)
			same(t, true, duplicate)
		})
	}
}

func TestAlertRefuses(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	rows := []struct {
		name string
		a    soar.Alert
		raw  []byte
		part string
	}{
		{"no id", soar.Alert{Fingerprint: "x"}, nil, "id"},
		{"no fingerprint", soar.Alert{ID: "x"}, nil, "fingerprint"},
		{"too long", alert(1), make([]byte, store.MaxRawBytes+1), "at most"},
		{"not JSON", soar.Alert{ID: "x", Fingerprint: "x", Fields: map[string]any{"f": func() {}}}, nil, "JSON"},
	}
	for _, row := range rows {
		_, _, err := s.AlertInsert(t.Context(), row.a, row.raw)
		wantCode(t, err, soar.CodeInvalid, row.part)
	}
	get2(s.AlertInsert(t.Context(), alert(2), make([]byte, store.MaxRawBytes)))(t)
}

// TestAlertAtOnce: the same alert 32 times at once is stored once.
func TestAlertAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	var fresh atomic.Int32
	errs := together(32, func(i int) error {
		a := alert(1)
		a.ID = fmt.Sprintf("ALR-%d", i)
		_, duplicate, err := s.AlertInsert(t.Context(), a, []byte(a.ID))
		if !duplicate {
			fresh.Add(1)
		}
		return err
	})
	must(t, errors.Join(errs...))
	same(t, int32(1), fresh.Load())
	list, _, err := s.AlertList(t.Context(), soar.AlertFilter{})
	must(t, err)
	same(t, 1, len(list))
	same(t, 32, list[0].Count)
	same(t, 1, len(items(t, s, soar.OutboxAlertDispatch)))
}

func TestAlertList(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for n := 1; n <= 7; n++ {
		a := alert(n)
		a.Parsed = n%2 == 0
		a.ReceivedAt = at.Add(time.Duration(n/3) * time.Second) // ties: ids break them
		if n == 7 {
			a.Source = "generic"
		}
		get2(s.AlertInsert(t.Context(), a, nil))(t)
	}
	pages := func(f soar.AlertFilter) (ids []string) {
		t.Helper()
		for {
			list, next, err := s.AlertList(t.Context(), f)
			must(t, err)
			for _, a := range list {
				ids = append(ids, strings.TrimPrefix(a.ID, "ALR-000"))
			}
			if next == "" {
				return ids
			}
			f.After = next
		}
	}
	no, yes := false, true
	for limit := 1; limit <= 8; limit++ {
		same(t, []string{"7", "6", "5", "4", "3", "2", "1"}, pages(soar.AlertFilter{Page: soar.Page{Limit: limit}}))
	}
	same(t, []string{"7", "5", "3", "1"}, pages(soar.AlertFilter{Parsed: &no, Page: soar.Page{Limit: 2}}))
	same(t, []string{"6", "4", "2"}, pages(soar.AlertFilter{Parsed: &yes, Source: "wazuh"}))
	same(t, []string(nil), pages(soar.AlertFilter{IncidentID: incidentID}))
}

func TestCursorRefuses(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	for n := range 3 {
		get2(s.AlertInsert(t.Context(), alert(n), nil))(t)
	}
	_, next, err := s.AlertList(t.Context(), soar.AlertFilter{Page: soar.Page{Limit: 1}})
	must(t, err)
	bad := []string{"x", "!!", "e30", next + "AAAA", next[:len(next)-3], "eyJsIjoiYWxlcnRzIiwieCI6MX0", "eyJsIjoiYWxlcnRzIiwiaSI6Ilx1MDAwMCJ9"}
	for _, after := range bad {
		_, _, err := s.AlertList(t.Context(), soar.AlertFilter{Page: soar.Page{After: after}})
		wantCode(t, err, soar.CodeInvalid, "cursor")
	}
	_, _, err = s.IncidentList(t.Context(), soar.IncidentFilter{Page: soar.Page{After: next}})
	wantCode(t, err, soar.CodeInvalid, "cursor")
	_, _, err = s.PlaybookList(t.Context(), soar.Page{After: next})
	wantCode(t, err, soar.CodeInvalid, "cursor")
}

// get2 is get for calls with three results.
func get2[T, U any](value T, _ U, err error) func(testing.TB) T {
	return get(value, err)
}

// longText is 100 KB that does not compress: an index refuses it as it is.
func longText() string {
	random := rand.New(rand.NewPCG(20260301, 1))
	out := make([]byte, 100_000)
	for i := range out {
		out[i] = byte('!' + random.IntN(90))
	}
	return string(out)
}
