package record_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 123456789, time.UTC)

// salt gives a fixed salt per number: tests need the same bytes every time.
func salt(seq int64) []byte {
	sum := sha256.Sum256([]byte(fmt.Sprintf("salt %d", seq)))
	return sum[:]
}

func payload(seq int64) record.Payload {
	return record.Payload{
		At:   start.Add(time.Duration(seq) * time.Second),
		Kind: "note",
		By:   soar.Actor{Kind: soar.ActorPerson, ID: "analyst@lab.invalid"},
		Text: fmt.Sprintf("entry %d", seq),
		Data: json.RawMessage(fmt.Sprintf(`{"n": %d, "a": "<b>&"}`, seq)),
	}
}

// chain builds a valid chain of n entries.
func chain(t testing.TB, name string, n int) []record.Entry {
	t.Helper()
	var entries []record.Entry
	var prev []byte
	for seq := int64(1); seq <= int64(n); seq++ {
		e, err := record.New(name, seq, prev, payload(seq), salt(seq))
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
		prev = e.Hash
	}
	return entries
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	by := soar.Actor{Kind: soar.ActorSystem, ID: "clock"}
	rows := []struct {
		name string
		in   record.Payload
		want string
	}{
		{"keys sorted, time in UTC to the microsecond", record.Payload{At: start.In(time.FixedZone("x", 7200)), Kind: "note", By: by, Step: "r1/a", Text: "t", Data: json.RawMessage(` { "b" : 1, "a" : [ ] } `)},
			`{"at":"2026-03-01T09:00:00.123456Z","by":{"id":"clock","kind":"system"},"data":{"a":[],"b":1},"kind":"note","step":"r1/a","text":"t"}`},
		{"no escaping of markup", record.Payload{At: start, Kind: "note", By: by, Text: "<script>&"},
			`{"at":"2026-03-01T09:00:00.123456Z","by":{"id":"clock","kind":"system"},"kind":"note","text":"<script>&"}`},
		{"numbers keep their digits", record.Payload{At: start, Kind: "note", By: by, Data: json.RawMessage(`[12345678901234567890, 1e2, 0.10]`)},
			`{"at":"2026-03-01T09:00:00.123456Z","by":{"id":"clock","kind":"system"},"data":[12345678901234567890,1e2,0.10],"kind":"note","text":""}`},
		{"broken UTF-8 is repaired", record.Payload{At: start, Kind: "note", By: by, Text: "a\xffb\x00"},
			`{"at":"2026-03-01T09:00:00.123456Z","by":{"id":"clock","kind":"system"},"kind":"note","text":"a` + "\uFFFD" + `b\u0000"}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := row.in.Canonical()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, string(got)); diff != "" {
				t.Error(diff)
			}
			back, err := record.ParsePayload(got)
			if err != nil {
				t.Fatal(err)
			}
			again, err := back.Canonical()
			if err != nil || !bytes.Equal(again, got) {
				t.Errorf("parsing and writing again changed it: %s, %v", again, err)
			}
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	t.Parallel()
	rows := map[string]record.Payload{
		"has no kind":       {At: start},
		"has no time":       {Kind: "note"},
		"invalid character": {At: start, Kind: "note", Data: json.RawMessage(`{a`)},
		"at most":           {At: start, Kind: "note", Text: strings.Repeat("x", record.MaxPayloadBytes)},
		"year outside":      {At: time.Date(10001, 1, 1, 0, 0, 0, 0, time.UTC), Kind: "note"},
	}
	for want, p := range rows {
		if _, err := p.Canonical(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestParsePayloadRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{``, `null`, `null x`, `{"at":"2026-03-01T09:00:00Z","extra":1}`, `{"kind":"a"}{"kind":"b"}`, `[]`} {
		if p, err := record.ParsePayload([]byte(in)); err == nil {
			t.Errorf("%q was read as %+v", in, p)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	hash := salt(0)
	rows := []struct {
		name  string
		chain string
		seq   int64
		prev  []byte
		salt  []byte
	}{
		{"no chain", "", 1, nil, hash},
		{"chain with a space", "INC 1", 1, nil, hash},
		{"chain too long", strings.Repeat("a", 129), 1, nil, hash},
		{"seq 0", "a", 0, nil, hash},
		{"first with a link", "a", 1, hash, hash},
		{"second without a link", "a", 2, nil, hash},
		{"short salt", "a", 1, nil, hash[:31]},
	}
	for _, row := range rows {
		if _, err := record.New(row.chain, row.seq, row.prev, payload(1), row.salt); err == nil {
			t.Errorf("%s: no error", row.name)
		}
	}
}

func TestVerifyGood(t *testing.T) {
	t.Parallel()
	entries := chain(t, "INC-2026-000001", 5)
	got := record.Verify(entries, record.Checkpoint{Chain: "INC-2026-000001", Seq: 3, Hash: entries[2].Hash, At: start},
		record.Checkpoint{Chain: "other", Seq: 99, Hash: entries[2].Hash, At: start})
	want := record.Report{Chain: "INC-2026-000001", Entries: 5, First: 1, Last: 5, Head: fmt.Sprintf("%x", entries[4].Hash), Checkpoints: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !got.OK() {
		t.Error("a good chain is not OK")
	}
}

func TestVerifyNames(t *testing.T) {
	t.Parallel()
	other := chain(t, "INC-2026-000002", 6)
	rows := []struct {
		name        string
		change      func(e []record.Entry) []record.Entry
		checkpoints bool
		seq         int64
		want        record.FaultKind
	}{
		{"changed payload", func(e []record.Entry) []record.Entry { e[2].Payload[10] ^= 1; return e }, false, 3, record.FaultPayload},
		{"changed salt", func(e []record.Entry) []record.Entry { e[2].Salt[0] ^= 1; return e }, false, 3, record.FaultPayload},
		{"payload gone", func(e []record.Entry) []record.Entry { e[2].Payload = nil; return e }, false, 3, record.FaultMissing},
		{"changed hash", func(e []record.Entry) []record.Entry { e[2].Hash[0] ^= 1; return e }, false, 3, record.FaultHash},
		{"entry left out", func(e []record.Entry) []record.Entry { return append(e[:2:2], e[3:]...) }, false, 4, record.FaultGap},
		{"entry doubled", func(e []record.Entry) []record.Entry { return append(e[:3:3], e[2:]...) }, false, 3, record.FaultGap},
		{"first left out", func(e []record.Entry) []record.Entry { return e[1:] }, false, 2, record.FaultLink},
		{"of another chain", func(e []record.Entry) []record.Entry { e[3] = other[3]; return e }, false, 4, record.FaultChain},
		{"replaced and linked again", func(e []record.Entry) []record.Entry { return forge(t, e, 3) }, true, 4, record.FaultCheckpoint},
		{"tail cut", func(e []record.Entry) []record.Entry { return e[:3] }, true, 4, record.FaultTail},
		{"all gone", func([]record.Entry) []record.Entry { return nil }, true, 4, record.FaultTail},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			entries := chain(t, "INC-2026-000001", 6)
			var points []record.Checkpoint
			if row.checkpoints {
				points = []record.Checkpoint{{Chain: "INC-2026-000001", Seq: 4, Hash: bytes.Clone(entries[3].Hash), At: start}}
			}
			report := record.Verify(row.change(entries), points...)
			for _, f := range report.Faults {
				if f.Seq == row.seq && f.Kind == row.want {
					return
				}
			}
			t.Errorf("no %s at %d in %+v", row.want, row.seq, report.Faults)
		})
	}
}

// forge changes entry seq and links everything after it again, as somebody with
// the database and the source code could.
func forge(t testing.TB, entries []record.Entry, seq int64) []record.Entry {
	t.Helper()
	prev := entries[seq-2].Hash
	for i := seq; i <= int64(len(entries)); i++ {
		p := payload(i)
		if i == seq {
			p.Text = "nothing happened"
		}
		e, err := record.New(entries[0].Chain, i, prev, p, salt(i))
		if err != nil {
			t.Fatal(err)
		}
		entries[i-1], prev = e, e.Hash
	}
	return entries
}

func TestForgedChainPassesWithoutCheckpoint(t *testing.T) {
	t.Parallel()
	// This is why checkpoints exist; the documentation says so.
	if report := record.Verify(forge(t, chain(t, "a", 6), 3)); !report.OK() {
		t.Errorf("expected no fault, got %+v", report.Faults)
	}
}
