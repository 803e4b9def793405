package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

func logged(t *testing.T, format string, write func(*slog.Logger)) string {
	t.Helper()
	var out bytes.Buffer
	write(observe.NewLogger(&out, format, slog.LevelInfo))
	return out.String()
}

// fields reads one JSON line without its time.
func fields(t *testing.T, line string) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	delete(got, "time")
	return got
}

func TestLinesSayWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	ctx := observe.With(t.Context(), slog.String(observe.KeyIncident, "INC-1"), slog.String(observe.KeyRun, ""))
	ctx = observe.With(ctx, slog.String(observe.KeyStep, "isolate"))
	ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	line := logged(t, "json", func(log *slog.Logger) { log.InfoContext(ctx, "done", "took", 3) })
	want := map[string]any{
		"level": "INFO", "msg": "done", "took": 3.0, "incident": "INC-1", "step": "isolate",
		"trace_id": "01000000000000000000000000000000", "span_id": "0200000000000000",
	}
	if diff := cmp.Diff(want, fields(t, line)); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}

// TestNothingIsSaidTwice: a line's own word wins, under Temporal's names, too.
func TestNothingIsSaidTwice(t *testing.T) {
	t.Parallel()
	ctx := observe.With(t.Context(), slog.String(observe.KeyIncident, "INC-context"))
	for name, write := range map[string]func(*slog.Logger){
		"line":   func(log *slog.Logger) { log.InfoContext(ctx, "x", "incident", "INC-own") },
		"logger": func(log *slog.Logger) { log.With("incident", "INC-own").InfoContext(ctx, "x") },
		"sdk":    func(log *slog.Logger) { log.With("WorkflowID", "INC-own").InfoContext(ctx, "x") },
	} {
		line := logged(t, "text", write)
		if strings.Count(line, "incident=") != 1 || !strings.Contains(line, "incident=INC-own") {
			t.Errorf("%s: %s", name, line)
		}
	}
}

func TestLaterWordsReplaceEarlierOnes(t *testing.T) {
	t.Parallel()
	outer := observe.With(context.Background(), slog.String("step", "a"))
	inner := observe.With(outer, slog.String("step", "b"))
	if got := observe.From(inner); len(got) != 1 || got[0].Value.String() != "b" {
		t.Errorf("inner: %v", got)
	}
	if got := observe.From(outer); len(got) != 1 || got[0].Value.String() != "a" {
		t.Errorf("the outer context changed: %v", got)
	}
}

func TestTheLevelCanBeChanged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	level := new(slog.LevelVar)
	log := observe.NewLogger(&out, "text", level)
	log.Debug("one")
	level.Set(slog.LevelDebug)
	log.Debug("two")
	if strings.Contains(out.String(), "one") || !strings.Contains(out.String(), "two") {
		t.Errorf("got %s", out.String())
	}
}

func TestSecretsAreRedacted(t *testing.T) {
	t.Parallel()
	const word = "hunter2hunter2"
	for name, attr := range map[string]slog.Attr{
		"secret value":     slog.Any("x", secret.New(word)),
		"secret inside":    slog.Any("x", struct{ A secret.String }{secret.New(word)}),
		"by its name":      slog.String("client_secret", word),
		"in a group":       slog.Group("g", slog.String("Password", word)),
		"our token":        slog.String("x", "got tocsin_"+word+" here"),
		"bearer":           slog.String("x", "Authorization: Bearer "+word),
		"basic":            slog.Any("x", errors.New("header Basic "+word)),
		"URL":              slog.Any("x", errors.New("dial postgres://tocsin:"+word+"@db:5432/tocsin: refused")),
		"URL without user": slog.String("x", "redis://:"+word+"@cache"),
		"keyword":          slog.String("x", "host=db password="+word+" user=tocsin"),
		"quoted":           slog.String("x", `{"api_key": "k"} api_key: "`+word+` x"`),
	} {
		for _, format := range []string{"text", "json"} {
			line := logged(t, format, func(log *slog.Logger) { log.LogAttrs(t.Context(), slog.LevelInfo, "m", attr) })
			if strings.Contains(line, "hunter2") || !strings.Contains(line, "[redacted]") {
				t.Errorf("%s, %s: %s", name, format, line)
			}
		}
	}
}

func TestOtherTextIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, same := range []string{
		"", "plain", "POST /api/v1/alerts 202", "https://tocsin.example.com:8443/a?b=c", "postgres db:5432/tocsin",
		"the password was wrong", "token tok-1", "user@example.com", "basic training", "INC-2026-0A1B2C: closed",
	} {
		if got := observe.Redact(same); got != same {
			t.Errorf("%q became %q", same, got)
		}
	}
}

// TestNothingHiddenInALine: what an attacker wrote makes neither a second line nor
// anything that a terminal or an editor shows in another way than it is.
func TestNothingHiddenInALine(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		"a\nlevel=ERROR msg=forged", "a\r\nb", "\x1b[2Jx", "\u202eevil", "\u2066x\u2069", "\u200b", "\x9b31m", "\u009b31m",
		"\ufeff", "\xff\xfe", "\U000e0041", "\x00", "\x07", "\x7f", "tab\tx", "\u2028", "\u00ad",
	} {
		for _, format := range []string{"text", "json"} {
			line := logged(t, format, func(log *slog.Logger) {
				log.With(hostile, hostile).WithGroup(hostile).Info(hostile, hostile, hostile, "error", errors.New(hostile), "any", map[string]string{hostile: hostile}, "bytes", []byte(hostile))
			})
			if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
				t.Errorf("%s, %q: more than one line: %q", format, hostile, line)
			}
			for _, r := range strings.TrimSuffix(line, "\n") {
				if !unicode.IsPrint(r) {
					t.Errorf("%s, %q: %U is in %q", format, hostile, r, line)
					break
				}
			}
		}
	}
}

// TestEscapedJSONMeansTheSame: escaping loses nothing for who reads it as JSON.
func TestEscapedJSONMeansTheSame(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\u202eevil", "\U000e0041 tag", "a\nb", "Zoë \u2028 日本", `back\slash "quoted"`} {
		line := logged(t, "json", func(log *slog.Logger) { log.Info("m", "text", text) })
		if got := fields(t, line)["text"]; got != text {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

// broken is an error that cannot be asked for its text.
type broken struct{ inner error }

func (b *broken) Error() string { return b.inner.Error() }

func TestABrokenErrorDoesNotEndTheProcess(t *testing.T) {
	t.Parallel()
	line := logged(t, "text", func(log *slog.Logger) { log.Info("m", "error", error(&broken{})) })
	if !strings.Contains(line, "PANIC") {
		t.Errorf("got %s", line)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("password=x")
	f.Add("a://b:c@d")
	f.Fuzz(func(t *testing.T, text string) {
		once := observe.Redact(text)
		if len(once) > 12*len(text)+12 {
			t.Errorf("%q grew to %q", text, once)
		}
	})
}
