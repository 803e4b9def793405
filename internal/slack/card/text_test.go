package card

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew")

// hostile gives the strings of testdata/hostile.txt, and some that are no UTF-8.
func hostile(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("testdata/hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := []string{"\xff<!channel>", "<\xc3\x28@U012AB3CD>", "\xed\xa0\x80", "a\x80b"}
	for line := range strings.Lines(string(raw)) {
		text, err := strconv.Unquote(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, text)
	}
	return out
}

// ownMarks is all that may stand between < and >: what when() writes.
var ownMarks = regexp.MustCompile(`<!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>`)

// harmful says what in a card could call somebody, link or deceive; "" is nothing.
func harmful(t *testing.T, shown any) string {
	t.Helper()
	for _, text := range strs(t, shown, "") {
		left := strings.ToLower(ownMarks.ReplaceAllString(text, ""))
		for _, bad := range []string{"<", ">", "://", "\u202e", "\u200b", "\u2066", "\x00", "www.", "javascript:", "mailto:"} {
			if strings.Contains(left, bad) {
				return bad
			}
		}
	}
	return ""
}

// strs gives all text in a card; with a kind that of text objects of that type.
func strs(t *testing.T, shown any, kind string) (texts []string) {
	t.Helper()
	raw, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			if kind != "" && n["type"] == kind {
				texts = append(texts, fmt.Sprint(n["text"]))
			}
			for _, child := range n {
				walk(child)
			}
		case []any:
			for _, child := range n {
				walk(child)
			}
		case string:
			if kind == "" {
				texts = append(texts, n)
			}
		}
	}
	walk(tree)
	return texts
}

func TestCleanOfHostileTextIsAsWritten(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	all := hostile(t)
	for _, text := range all {
		fmt.Fprintf(&got, "%s\n    %s\n", strconv.QuoteToASCII(text), strconv.QuoteToASCII(Clean(text)))
	}
	if len(all) < 200 {
		t.Errorf("only %d hostile strings", len(all))
	}
	const golden = "testdata/hostile.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Wherever hostile text stands in a card, nothing of it reaches Slack as markup.
func TestHostileTextIsHarmlessEverywhere(t *testing.T) {
	t.Parallel()
	for _, text := range hostile(t) {
		for name, shown := range everything(text) {
			if bad := harmful(t, shown.view); bad != "" {
				t.Errorf("%s with %q lets %q through", name, text, bad)
			}
			if err := shown.valid(); err != nil {
				t.Errorf("%s with %q: %v", name, text, err)
			}
		}
	}
}

// Text of others never stands where marks are read: with other text, all mrkdwn of a
// card stays the same.
func TestMarksAreOurOwn(t *testing.T) {
	t.Parallel()
	want := everything("other words, no marks in it")
	for name, shown := range everything("other *words* :smile: _x_ `x`") {
		if diff := cmp.Diff(times(strs(t, want[name].view, slack.MarkdownType)), times(strs(t, shown.view, slack.MarkdownType))); diff != "" {
			t.Errorf("%s: -plain +marked:\n%s", name, diff)
		}
	}
}

func times(texts []string) map[string]int {
	out := map[string]int{}
	for _, text := range texts {
		out[text]++
	}
	return out
}

func TestCleanIsStableAndOneLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		got := Clean(text)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\t<>\x00") {
			t.Fatalf("Clean(%q) = %q", text, got)
		}
		limit := rapid.IntRange(1, 50).Draw(t, "limit")
		if short, whole := cut(got, limit); units(short) > limit || whole != (units(got) <= limit) {
			t.Fatalf("cut(%q, %d) = %q, %v", got, limit, short, whole)
		}
	})
}

// shown is a card with its check.
type shown struct {
	view  any
	valid func() error
}

func ofMessage(m Message) shown { return shown{m, func() error { return Validate(m) }} }
func ofModal(m slack.ModalViewRequest) shown {
	return shown{m, func() error { return ValidateModal(m) }}
}
func ofHome(h slack.HomeTabViewRequest) shown {
	return shown{h, func() error { return ValidateHome(h) }}
}

// everything is every card there is, with the text wherever text can stand.
func everything(text string) map[string]shown {
	l := look()
	a, i := approvalWith(text), incidentWith(text)
	card, task := ApprovalCard{Approval: a, Incident: i}, TaskCard{Task: taskWith(text), Incident: i}
	ended := card
	ended.Approval.Status = soar.ApprovalDenied
	done := task
	done.Task.Status, done.Task.CompletedBy, done.Task.CompletedAt = soar.TaskDone, &soar.Actor{Kind: soar.ActorPerson, ID: text}, &l.Now
	many := card
	for range 30 {
		many.Approval.Shown, many.Approval.Bound = append(many.Approval.Shown, a.Shown[0]), append(many.Approval.Bound, a.Bound[0])
	}
	red := card
	red.Shared, red.Incident.TLP = true, soar.TLPRed
	entry := record.Payload{At: l.Now, Text: text}
	return map[string]shown{
		"approval": ofMessage(l.Approval(card)), "approval ended": ofMessage(l.Approval(ended)), "approval of many": ofMessage(l.Approval(many)),
		"approval quiet": ofMessage(l.Approval(red)),
		"task":           ofMessage(l.Task(task)), "task done": ofMessage(l.Task(done)),
		"incident": ofMessage(l.Incident(IncidentCard{Incident: i})), "timeline": ofMessage(l.Timeline(text, []record.Payload{entry, entry})),
		"topic":     ofMessage(Message{Text: Topic(i), Blocks: []slack.Block{note(mark("x"))}}),
		"incidents": ofMessage(l.Incidents([]soar.Incident{i, i}, true)), "approvals": ofMessage(l.Approvals(slices.Repeat([]ApprovalCard{card}, 25), false)),
		"tasks": ofMessage(l.Tasks([]TaskCard{task}, true)), "on call": ofMessage(l.OnCall([]OnDuty{{text, []soar.Person{{ID: text, Name: text}}}})),
		"say": ofMessage(l.Say(text)), "letter": ofMessage(l.Letter(text, text, Ref{Approval: "APR-1"})), "help": ofMessage(l.Help()),
		"approve": ofModal(l.Approve(card, Ref{})), "deny": ofModal(l.Deny(card, Ref{})), "ask": ofModal(l.Ask(card, Ref{})), "decide": ofModal(l.Decide(card, Ref{})),
		"decide ended": ofModal(l.Decide(ended, Ref{})), "answer": ofModal(l.Answer(card, a.Questions[0], Ref{})),
		"complete": ofModal(l.Complete(task, Ref{})), "report": ofModal(l.Report()), "told": ofModal(l.Told(text, text)),
		"home": ofHome(l.Home(HomePage{Person: soar.Person{ID: text + "x"}, Approvals: []ApprovalCard{card}, Tasks: []TaskCard{task}, More: true})),
	}
}
