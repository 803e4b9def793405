package record_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/internal/record"
)

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func export(t testing.TB, entries []record.Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := record.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func collect(in iter.Seq2[record.Entry, error]) ([]record.Entry, error) {
	var out []record.Entry
	for e, err := range in {
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

func TestExport(t *testing.T) {
	t.Parallel()
	entries := append(chain(t, "INC-2026-000001", 3), chain(t, "system", 2)...)
	entries[1].Payload = nil // redacted: must survive the way as nil
	got, err := collect(record.Read(bytes.NewReader(export(t, entries))))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entries, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if got[1].Payload != nil {
		t.Error("a redacted payload came back as something")
	}
	none, err := collect(record.Read(bytes.NewReader(export(t, nil))))
	if err != nil || len(none) != 0 {
		t.Errorf("empty export: %v, %v", none, err)
	}
}

func TestReadStopsEarly(t *testing.T) {
	t.Parallel()
	for _, err := range record.Read(bytes.NewReader(export(t, chain(t, "a", 5)))) {
		if err != nil {
			t.Error(err)
		}
		break
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	file := string(export(t, chain(t, "a", 2)))
	lines := strings.SplitAfter(file, "\n")
	rows := []struct{ name, in, want string }{
		{"nothing", "", "line 1: file ends"},
		{"not JSON", "hello\n", "line 1: not the expected JSON"},
		{"newer version", strings.Replace(file, `"version":1`, `"version":2`, 1), "version 2 is not known"},
		{"other format", strings.Replace(file, "tocsin/record", "x", 1), `format "x"`},
		{"unknown field in the header", strings.Replace(file, `"version":1`, `"version":1,"x":1`, 1), "line 1: an unknown field"},
		{"unknown field in an entry", strings.Replace(file, `"seq":1`, `"seq":1,"x":1`, 1), "line 2: an unknown field"},
		{"doubled field", strings.Replace(file, `"seq":1`, `"seq":9,"seq":1`, 1), "line 2: an unknown field"},
		{"other spelling", strings.Replace(file, `"seq":1`, `"SEQ":1`, 1), "line 2: an unknown field"},
		{"white space", strings.Replace(file, `"seq":1`, `"seq": 1`, 1), "line 2: an unknown field"},
		{"no end line", lines[0] + lines[1] + lines[2], "line 4: file ends before"},
		{"cut in a line", file[:len(file)-5], "file ends before"},
		{"entry left out", lines[0] + lines[1] + lines[3], "counts 2 entries, the file has 1"},
		{"something after the end", file + "\n", "something follows"},
		{"end is false", strings.Replace(file, `"end":true`, `"end":false`, 1), "end line counts"},
		{"line too long", lines[0] + strings.Repeat("x", 3<<20), "longer than"},
		{"seq is text", strings.Replace(file, `"seq":1`, `"seq":"1"`, 1), "line 2: not the expected JSON"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := collect(record.Read(strings.NewReader(row.in)))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
		})
	}
}

type brokenWriter struct{ after int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.after == 0 {
		return 0, errors.New("disk is full")
	}
	w.after--
	return len(p), nil
}

func TestWriterPassesErrorsOn(t *testing.T) {
	t.Parallel()
	if _, err := record.NewWriter(&brokenWriter{}); err == nil {
		t.Error("header: no error")
	}
	w, err := record.NewWriter(&brokenWriter{after: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(record.Entry{}); err == nil {
		t.Error("entry: no error")
	}
}

func TestReadPassesErrorsOn(t *testing.T) {
	t.Parallel()
	boom := errors.New("disk is gone")
	in := io.MultiReader(bytes.NewReader(export(t, chain(t, "a", 2))[:60]), errReader{boom})
	if _, err := collect(record.Read(in)); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestVerifyAll(t *testing.T) {
	t.Parallel()
	a, b := chain(t, "INC-2026-000001", 4), chain(t, "system", 3)
	b[1].Payload[3] ^= 1
	mixed := []record.Entry{a[0], b[0], a[1], a[2], b[1], a[3], b[2]}
	gone := record.Checkpoint{Chain: "INC-2026-000009", Seq: 2, Hash: salt(1), At: start}
	reports, err := record.VerifyAll(record.Read(bytes.NewReader(export(t, mixed))), gone)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range reports {
		state := "ok"
		if !r.OK() {
			state = string(r.Faults[0].Kind)
		}
		got = append(got, r.Chain+" "+state)
	}
	want := []string{"INC-2026-000001 ok", "INC-2026-000009 cut_tail", "system changed_payload"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := record.VerifyAll(record.Read(strings.NewReader("x"))); err == nil {
		t.Error("a faulty source gave no error")
	}
}

// FuzzRead: any input is read without a panic, and what is read without an error
// is, written again, the same bytes.
func FuzzRead(f *testing.F) {
	f.Add(export(f, chain(f, "a", 2)))
	f.Add(export(f, nil))
	f.Add([]byte("{\"format\":\"tocsin/record\",\"version\":1}\n{\"end\":true,\"entries\":0}\n"))
	f.Add([]byte("{\"format\":\"tocsin/record\",\"version\":1}\n{\"chain\":\"\",\"seq\":0,\"prev\":\"\",\"salt\":\"\",\"commitment\":\"\",\"hash\":\"\",\"payload\":null}\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		entries, err := collect(record.Read(bytes.NewReader(in)))
		record.Verify(entries)
		if err == nil && !bytes.Equal(export(t, entries), in) {
			t.Errorf("read and written again it differs: %q", in)
		}
	})
}

// FuzzVerifyCheckpoint: nothing but the signed line verifies.
func FuzzVerifyCheckpoint(f *testing.F) {
	key := signingKey(1)
	line, err := record.Sign(key, record.Checkpoint{Chain: "a", Seq: 7, Hash: salt(7), At: start})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add("tocsin/checkpoint/v1 a b c")
	f.Fuzz(func(t *testing.T, in string) {
		if _, err := record.VerifyCheckpoint(in, public(key)); err == nil && in != line {
			t.Errorf("%q verified", in)
		}
	})
}
