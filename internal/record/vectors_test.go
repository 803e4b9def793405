package record_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/record"
)

var update = flag.Bool("update", false, "write testdata/vectors.jsonl and vectors.checkpoints again")

const (
	vectorFile      = "testdata/vectors.jsonl"
	vectorSignature = "testdata/vectors.checkpoints"
)

func vectors(t *testing.T) (file []byte, lines string) {
	t.Helper()
	a, b := chain(t, "INC-2026-000001", 4), chain(t, "system", 2)
	file = export(t, append(a, b...))
	for _, head := range []record.Entry{a[3], b[1]} {
		line, err := record.Sign(signingKey(1), record.Checkpoint{Chain: head.Chain, Seq: head.Seq, Hash: head.Hash, At: start})
		if err != nil {
			t.Fatal(err)
		}
		lines += line + "\n"
	}
	return file, lines
}

// TestVectors holds the format still: these bytes are in people's archives.
func TestVectors(t *testing.T) {
	t.Parallel()
	file, lines := vectors(t)
	for name, want := range map[string][]byte{vectorFile: file, vectorSignature: []byte(lines)} {
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what this build writes: old archives could not be verified any more", name)
		}
	}
}

// TestSecondVerifier lets the Python verifier judge the vectors and changed
// copies of them; it must agree with this package.
func TestSecondVerifier(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	file, lines := vectors(t)
	text := string(file)
	rows := []struct {
		name, export, checkpoints string
		good                      bool
	}{
		{"vectors", text, lines, true},
		{"payload", changePayload(text), lines, false},
		{"hash", strings.Replace(text, `"hash":"`, `"hash":"00`, 1), lines, false},
		{"entry left out", cutLine(text, 2), lines, false},
		{"tail cut with a new end line", recount(cutLine(cutLine(text, 7), 6)), lines, false},
		{"no checkpoint for the cut tail", recount(cutLine(cutLine(text, 7), 6)), "", true},
		{"no end line", cutLine(text, 8), lines, false},
		{"unknown field", strings.Replace(text, `"seq":1`, `"seq":1,"x":1`, 1), lines, false},
		{"version", strings.Replace(text, `"version":1`, `"version":2`, 1), lines, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			in, points := filepath.Join(dir, "export.jsonl"), filepath.Join(dir, "checkpoints")
			if err := os.WriteFile(in, []byte(row.export), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(points, []byte(row.checkpoints), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), python, "testdata/verify.py", in, points).CombinedOutput()
			if (err == nil) != row.good {
				t.Errorf("python: good %v, want %v\n%s", err == nil, row.good, out)
			}
			if ours := goodHere(row.export, row.checkpoints); ours != row.good {
				t.Errorf("this package: good %v, want %v", ours, row.good)
			}
		})
	}
}

func goodHere(file, lines string) bool {
	var points []record.Checkpoint
	for line := range strings.Lines(lines) {
		c, err := record.VerifyCheckpoint(strings.TrimSuffix(line, "\n"), public(signingKey(1)))
		if err != nil {
			return false
		}
		points = append(points, c)
	}
	reports, err := record.VerifyAll(record.Read(strings.NewReader(file)), points...)
	for _, r := range reports {
		if !r.OK() {
			return false
		}
	}
	return err == nil
}

func changePayload(text string) string {
	at := strings.Index(text, `"payload":"`) + len(`"payload":"`)
	return text[:at+20] + "AAAA" + text[at+24:]
}

// cutLine leaves out one line, counted from 1.
func cutLine(text string, number int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(append(lines[:number-1:number-1], lines[number:]...), "")
}

func recount(text string) string {
	body := text[:strings.Index(text, `{"end"`)]
	return body + fmt.Sprintf("{\"end\":true,\"entries\":%d}\n", strings.Count(body, "\n")-1)
}

func BenchmarkVerify(b *testing.B) {
	entries := chain(b, "INC-2026-000001", 1000)
	for b.Loop() {
		if !record.Verify(entries).OK() {
			b.Fatal("a good chain is not OK")
		}
	}
	b.ReportMetric(float64(len(entries)*b.N)/b.Elapsed().Seconds(), "entries/s")
}
