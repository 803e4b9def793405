package mapping

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain": "plain", "a\x00b": "a\ufffdb", "\xff\xfe": "\ufffd", "tab\tline\n": "tab\tline\n", "dos\r\nline": "dos\nline",
		"\x1b[31mred": "\ufffd[31mred", "c1\u009b": "c1\ufffd", "ünïcödé ✓": "ünïcödé ✓",
	} {
		if got := clean(text); got != want || !utf8.ValidString(got) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := line("evil\u202ecod.exe\nsecond line\x00"); got != "evil cod.exe second line" {
		t.Errorf("line: %q", got)
	}
}

func TestCutNeverBreaksARune(t *testing.T) {
	t.Parallel()
	for limit := range 12 {
		got, shortened := cut("aüß✓z", limit)
		if !utf8.ValidString(got) || len(got) > limit || shortened != (limit < len("aüß✓z")) {
			t.Errorf("limit %d: %q %v", limit, got, shortened)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for value, want := range map[any]string{
		"192.0.2.1": "192.0.2.1", " 192.0.2.1 ": "192.0.2.1", "192.0.2.1:8080": "192.0.2.1", "[2001:db8::1]:443": "2001:db8::1", "2001:DB8:0:0::1": "2001:db8::1",
		"::ffff:192.0.2.1": "192.0.2.1", "fe80::1%eth0": "fe80::1", "": "", "web-1": "", "192.0.2.256": "", "192.0.2.1, 192.0.2.2": "", "-": "", 7: "",
	} {
		if got := address(value); got != want {
			t.Errorf("%v: got %q, want %q", value, got, want)
		}
	}
	if got := address([]any{"-", nil, "192.0.2.9"}); got != "192.0.2.9" {
		t.Errorf("of a list: %q", got)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", itemMost+1)
	got := texts([]any{"a", "a", " ", json.Number("7"), true, nil, []any{"deep"}, object{"value": "v"}, object{"other": "x"}, long})
	if diff := cmp.Diff([]string{"a", "7", "true", "v"}, got); diff != "" {
		t.Error(diff)
	}
	many := make([]any, 10_000)
	for i := range many {
		many[i] = json.Number(strings.Repeat("1", i%100+1))
	}
	if got := texts(many); len(got) != listMost {
		t.Errorf("%d items", len(got))
	}
}

func TestIndicatorForms(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("ab", 32)
	rows := []struct{ name, got, want string }{
		{"SHA-256 upper case", hashOf(strings.ToUpper(sha)), sha},
		{"SHA-256 with its name", hashOf("sha256:" + sha), sha},
		{"all zeros", hashOf(strings.Repeat("0", 64)), ""},
		{"31 digits", hashOf(strings.Repeat("a", 31)), ""},
		{"no digits", hashOf(strings.Repeat("g", 32)), ""},
		{"domain", domainOf("Login.Example.TEST."), "login.example.test"},
		{"punycode", domainOf("xn--bcher-kva.example"), "xn--bcher-kva.example"},
		{"one word is no domain", domainOf("localhost"), ""},
		{"an address is no domain", domainOf("192.0.2.1"), ""},
		{"a path is no domain", domainOf("example.test/x"), ""},
		{"technique", techniqueOf("T1110.001"), "T1110.001"},
		{"technique in a tag", techniqueOf("attack.t1110.001"), "T1110.001"},
		{"technique in words", techniqueOf("Brute Force (T1110)"), "T1110"},
		{"no technique", techniqueOf("XT1110"), ""},
		{"a tactic", techniqueOf("TA0006"), ""},
	}
	for _, row := range rows {
		if row.got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, row.got, row.want)
		}
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	deep := any("bottom")
	for range 20 {
		deep = object{"d": deep}
	}
	got := prune(object{
		"exact": json.Number("9007199254740991"), "inexact": json.Number("9007199254740993"), "fraction": json.Number("1.5"), "huge": json.Number("1e400"),
		"text": strings.Repeat("ü", 2000), "nothing": nil, "deep": deep, "nul\x00": "a\x00",
	}, limits{text: 10, items: 2, names: 100, depth: 3})
	want := object{
		"exact": int64(9007199254740991), "inexact": "9007199254740993", "fraction": 1.5, "huge": "1e400",
		"text": "üüüüü", "deep": object{"d": object{}}, "nul\ufffd": "a\ufffd",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if list := prune([]any{"a", "b", "c"}, limits{text: 1, items: 2, depth: 1}); len(list.([]any)) != 2 {
		t.Errorf("list %v", list)
	}
}

func TestFitKeepsWhatMattersMost(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\"<>&", 500) // every byte grows when it is escaped
	a := soar.Alert{Title: "title", Description: strings.Repeat("\"", textMost), Fields: object{}}
	for i := range 40 {
		a.Fields[strings.Repeat("k", i+1)] = long
		a.URLs = append(a.URLs, "https://example.test/"+long)
		a.Tags = append(a.Tags, long)
	}
	fit(&a)
	if n := size(a); n > alertMost {
		t.Errorf("still %d bytes", n)
	}
	if a.Title != "title" || len(a.URLs) == 0 || a.Description == "" {
		t.Errorf("too much was cut: %d urls, %d bytes of description", len(a.URLs), len(a.Description))
	}
	if diff := cmp.Diff([]string{"description", "fields", "tags", "urls"}, a.Truncated); diff != "" {
		t.Errorf("truncated: %s", diff)
	}
	quotes := strings.Repeat("\x01\"<", lineMost/3)
	worst := soar.Alert{Title: quotes, ExternalID: quotes, Rule: soar.Rule{ID: quotes, Name: quotes}, Host: soar.Host{Name: quotes, ID: quotes, OS: quotes}, User: soar.User{Name: quotes, Email: quotes, ID: quotes}, Description: strings.Repeat("<", textMost)}
	if fit(&worst); size(worst) > alertMost || worst.Title == "" {
		t.Errorf("the worst text takes %d bytes", size(worst))
	}
	small := soar.Alert{Title: "t", Fields: object{"a": 1}}
	if fit(&small); small.Truncated != nil || len(small.Fields) != 1 {
		t.Errorf("a small alert was cut: %+v", small)
	}
}
