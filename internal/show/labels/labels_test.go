package labels

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestRead(t *testing.T) {
	t.Parallel()
	const head = "file\tsource\tclass\tfield\tjson_path\tvalue\n"
	got, err := Read(strings.NewReader(head + "a/b.json\ta\talert\ttitle\talerts[2].name[0]\tsay \"hi\"\n"))
	want := []Label{{File: "a/b.json", Class: "alert", Field: "title", Path: "alerts[2].name[0]", Value: `say "hi"`}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if got[0].Position() != 2 || (Label{Path: "id"}).Position() != 0 {
		t.Errorf("position %d", got[0].Position())
	}
	for name, row := range map[string]struct{ text, want string }{
		"no columns":    {"", "line 1: expected the names of the columns"},
		"unknown field": {head + "a\ta\ta\tcolour\tx\ty\n", `line 2: "colour" is no field`},
		"no file":       {head + "\ta\ta\ttitle\tx\ty\n", "line 2: file and field must be set"},
	} {
		if _, err := Read(strings.NewReader(row.text)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(t.TempDir() + "/none"); err == nil {
		t.Error("a file that is not there was read")
	}
}

// A value is right in its own field and form, and nowhere else.
func TestRight(t *testing.T) {
	t.Parallel()
	alert := soar.Alert{
		ExternalID: "42", Title: "A  title", Severity: soar.SeverityHigh, Reported: "E_HIGH", OccurredAt: time.Date(2026, 3, 2, 9, 0, 0, 500_000_000, time.UTC),
		Host: soar.Host{Name: "web-1", IP: "192.0.2.1"}, User: soar.User{Name: "anna", Email: "anna@lab.invalid", ID: "u1"}, SourceIP: "2001:db8::1",
		URLs: []string{"https://a.test/"}, Hashes: []string{"abcd"}, Indicators: []string{"/tmp/x"}, Techniques: []string{"T1110"}, Tags: []string{"PUP"},
	}
	for _, row := range []struct {
		field, value string
		want         bool
	}{
		{"vendor_id", "42", true}, {"vendor_id", "4", false}, {"title", "A title", true}, {"title", "a title", false},
		{"severity", "E_HIGH", true}, {"severity", "high", false}, {"severity", "", false},
		{"event_time", "2026-03-02T10:00:00.5+01:00", true}, {"event_time", "2026-03-02 09:00:00.500", true}, {"event_time", "1772442000500", true},
		{"event_time", "1772442000", false}, {"event_time", "yesterday", false},
		{"host", "web-1", true}, {"host", "192.0.2.1", true}, {"host", "web", false}, {"host", "", false},
		{"user", "anna", true}, {"user", "ANNA@lab.invalid", true}, {"user", "u1", true}, {"user", "Anna", false}, {"user", "", false},
		{"src_ip", "2001:DB8:0::1", true}, {"src_ip", "[2001:db8::1]:80", true}, {"src_ip", "192.0.2.1", false}, {"src_ip", "none", false},
		{"indicator", "https://a.test/", true}, {"indicator", "ABCD", true}, {"indicator", "/tmp/x", true}, {"indicator", "/tmp", false}, {"indicator", "", false},
		{"technique", "T1110", true}, {"technique", "PUP", true}, {"technique", "T1111", false}, {"colour", "x", false},
	} {
		l := Label{Field: row.field, Value: row.value}
		if got := l.Right(alert); got != row.want {
			t.Errorf("%s %q: %v", row.field, row.value, got)
		}
		if row.want && l.Got(alert) == "" {
			t.Errorf("%s: nothing to show", row.field)
		}
	}
	if (Label{Field: "severity", Value: "8"}).Right(soar.Alert{Reported: "8.0"}) == false {
		t.Error("8 and 8.0 are the same number")
	}
}

func TestInstants(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, text := range []string{
		"2026-03-02T09:00:00Z", "2026-03-02T09:00:00", "2026-03-02 09:00:00", "2026-03-02 09:00:00Z", "2026-03-02T10:00:00+0100", "2026-03-02 09:00:00 UTC",
		"1772442000", "1772442000000", "1772442000000000", "1772442000000000000", "1772442000.0", "Mon, 02 Mar 2026 09:00:00 GMT",
	} {
		if got, ok := instant(text); !ok || !got.Equal(at) {
			t.Errorf("%s: %v %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "12", "123456789012", "soon", "99999999999999999999"} {
		if got, ok := instant(text); ok {
			t.Errorf("%s: %v", text, got)
		}
	}
}
