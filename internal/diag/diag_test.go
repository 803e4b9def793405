package diag_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

var update = flag.Bool("update", false, "write golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-file +code):\n%s", file, diff)
	}
}

const source = "name: phishing\n" +
	"steps:\n" +
	"\t- acton: 日本 edr.isolat\n" +
	"- long: " + "word word word word word word word word word word word word word word word word word word word word word word word HERE word word word word\n" +
	"- bad: caf\xe9 then\n" +
	"- turned: a\u202eb\n"

// list has one fault of every sort that rendering treats differently.
func list() diag.List {
	at := func(line, column int) diag.Position {
		return diag.Position{File: "book.yaml", Line: line, Column: column}
	}
	return diag.List{
		{Position: at(3, 4), Length: 5, Level: diag.Error, Rule: "unknown_key", Message: `a step has no key "acton"`, Hint: `did you mean "action"?`},
		{Position: at(3, 14), Length: 10, Level: diag.Error, Rule: "unknown_action", Message: "no such action"},
		{Position: at(4, 124), Length: 4, Level: diag.Warning, Rule: "unreachable", Message: "this never runs"},
		{Position: at(5, 11), Length: 1, Level: diag.Error, Rule: "encoding", Message: "byte 0xe9 is not UTF-8"},
		{Position: at(6, 12), Length: 1, Level: diag.Error, Rule: "encoding", Message: "a character that cannot be seen"},
		{Position: at(1, 15), Length: 1, Level: diag.Warning, Rule: "end", Message: "behind the end of the line", Hint: "write more"},
		{Position: at(99, 1), Length: 1, Level: diag.Error, Rule: "gone", Message: "behind the end of the file", Hint: "write more"},
		{Position: diag.Position{File: "book.yaml"}, Level: diag.Error, Rule: "limit", Message: "the file is too large", Hint: "split it"},
		{Position: diag.Position{File: "evil\x1b[31m.yaml", Line: 1, Column: 1}, Level: diag.Error, Rule: "evil", Message: "says\n\x1b[2Jnothing \u202e", Hint: "a\rb"},
	}
}

func sources(file string) ([]byte, bool) { return []byte(source), file == "book.yaml" }

func TestText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := diag.WriteText(&out, list(), sources); err != nil {
		t.Fatal(err)
	}
	golden(t, "list.txt", out.Bytes())
	plain := strings.ReplaceAll(out.String(), "\n", "")
	if i := strings.IndexFunc(plain, diag.Hidden); i >= 0 {
		t.Errorf("a hidden character stands in the text at byte %d: %q", i, plain[max(0, i-20):i+1])
	}
	if !utf8.ValidString(out.String()) {
		t.Error("the text is not UTF-8")
	}
}

func TestTextWithoutSources(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := diag.WriteText(&out, list()[:1], nil); err != nil {
		t.Fatal(err)
	}
	want := "book.yaml:3:4: error: a step has no key \"acton\" [unknown_key]\n      = did you mean \"action\"?\n"
	if out.String() != want {
		t.Errorf("WriteText = %q, want %q", out.String(), want)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := diag.WriteJSON(&out, list()); err != nil {
		t.Fatal(err)
	}
	golden(t, "list.json", out.Bytes())
	var back struct {
		Diagnostics      diag.List
		Errors, Warnings int
	}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list(), back.Diagnostics); diff != "" || back.Errors != 7 || back.Warnings != 2 {
		t.Errorf("read back: %d errors, %d warnings, (-want +got):\n%s", back.Errors, back.Warnings, diff)
	}
	out.Reset()
	if err := diag.WriteJSON(&out, nil); err != nil || !strings.Contains(out.String(), `"diagnostics": []`) {
		t.Errorf("WriteJSON(nil) = %s, %v; want an empty list", out.String(), err)
	}
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	tool := diag.Tool{Name: "tocsin", Version: "1.2.3", URL: "https://example.invalid", Rules: []diag.ToolRule{
		{Name: "encoding", Summary: "The file is UTF-8.", URL: "https://example.invalid/RULES.md#encoding"},
	}}
	var out bytes.Buffer
	if err := diag.WriteSARIF(&out, list(), tool); err != nil {
		t.Fatal(err)
	}
	golden(t, "list.sarif", out.Bytes())
	var log struct {
		Version string
		Runs    []struct {
			ColumnKind string
			Tool       struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           *struct{ StartLine, StartColumn, EndColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || run.ColumnKind != "unicodeCodePoints" || len(run.Results) != len(list()) {
		t.Fatalf("version %q, columns in %q, %d results", log.Version, run.ColumnKind, len(run.Results))
	}
	for i, result := range run.Results {
		if run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID || result.RuleID != list()[i].Rule {
			t.Errorf("result %d is of rule %q, its index names %q", i, result.RuleID, run.Tool.Driver.Rules[result.RuleIndex].ID)
		}
		region := result.Locations[0].PhysicalLocation.Region
		if whole := list()[i].Line == 0; whole != (region == nil) {
			t.Errorf("result %d: region is %v", i, region)
		}
		if region != nil && region.EndColumn <= region.StartColumn {
			t.Errorf("result %d: region %+v is empty", i, *region)
		}
	}
	if uri := run.Results[8].Locations[0].PhysicalLocation.ArtifactLocation.URI; strings.ContainsAny(uri, "\x1b[ ") {
		t.Errorf("URI %q is not escaped", uri)
	}
}

func TestSortAndSummary(t *testing.T) {
	t.Parallel()
	faults := list()
	faults.Sort()
	var places []string
	for _, d := range faults {
		places = append(places, d.Position.String())
	}
	want := []string{"book.yaml", "book.yaml:1:15", "book.yaml:3:4", "book.yaml:3:14", "book.yaml:4:124", "book.yaml:5:11", "book.yaml:6:12", "book.yaml:99:1", "evil\x1b[31m.yaml:1:1"}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	for _, row := range []struct {
		list diag.List
		want string
	}{{nil, "no faults"}, {list()[:1], "1 error"}, {list()[:3], "2 errors, 1 warning"}, {list()[2:3], "1 warning"}} {
		if got := row.list.Summary(); got != row.want {
			t.Errorf("Summary of %d = %q, want %q", len(row.list), got, row.want)
		}
	}
	if !faults.HasErrors() || (diag.List{{Level: diag.Warning}}).HasErrors() {
		t.Error("HasErrors tells warnings and errors wrongly")
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	known := []string{"action", "approval", "when", "with", "for_each"}
	for wrong, want := range map[string]string{
		"acton": "action", "ACTION": "action", "wehn": "when", "wiht": "with", "for_eech": "for_each", "x": "", "": "", "completely": "",
		strings.Repeat("a", 100): "", "approvals": "approval",
	} {
		if got := diag.Closest(wrong, known); got != want {
			t.Errorf("Closest(%q) = %q, want %q", wrong, got, want)
		}
	}
	if got := diag.DidYouMean("acton", known); got != `did you mean "action"?` {
		t.Errorf("DidYouMean = %q", got)
	}
	for _, row := range []struct {
		words []string
		want  string
	}{{nil, ""}, {[]string{"a"}, "a"}, {[]string{"a", "b"}, "a or b"}, {[]string{"a", "b", "c"}, "a, b or c"}} {
		if got := diag.OneOf(row.words); got != row.want {
			t.Errorf("OneOf(%v) = %q, want %q", row.words, got, row.want)
		}
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain 日本 \\n": "plain 日本 \\n", "a\nb\r\tc": `a\nb\r\tc`, "\x1b[0m": `\u001b[0m`, "a\u202eb": `a\u202eb`, "\xff": `\xff`,
		"\U000e0041": `\U000e0041`, "\ufffd": "\ufffd", "zero\u200bwidth": `zero\u200bwidth`,
	} {
		if got := diag.Escape(text); got != want {
			t.Errorf("Escape(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(source, 3, 4, 5)
	f.Add("\xff\u202e", 1, 99, -1)
	f.Fuzz(func(t *testing.T, text string, line, column, length int) {
		d := diag.Diagnostic{Position: diag.Position{File: "f", Line: line, Column: column}, Length: length, Level: diag.Error, Rule: "r", Message: text, Hint: text}
		var out bytes.Buffer
		if err := diag.WriteText(&out, diag.List{d}, func(string) ([]byte, bool) { return []byte(text), true }); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(strings.ReplaceAll(out.String(), "\n", ""), diag.Hidden) || !utf8.Valid(out.Bytes()) {
			t.Fatalf("the rendering of %q shows what cannot be seen: %q", text, out.String())
		}
	})
}
