package card

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Whatever an approval holds, every way to show it is within all limits of Slack.
func TestAnyApprovalIsWithinTheLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := anyApproval().Draw(t, "approval")
		i := incidentWith(anyText().Draw(t, "of the incident"))
		i.Severity, i.TLP = soar.Severity(anyText().Draw(t, "severity")), rapid.SampledFrom([]soar.TLP{"", soar.TLPAmber, soar.TLPRed}).Draw(t, "tlp")
		l, c := look(), ApprovalCard{Approval: a, Incident: i, Shared: rapid.Bool().Draw(t, "shared")}
		l.Now = anyTime().Draw(t, "now")
		ref := Ref{Approval: "APR-1", Channel: "C1", TS: "1.2"}
		home := HomePage{Person: soar.Person{ID: "x"}, Approvals: slices.Repeat([]ApprovalCard{c}, rapid.IntRange(0, 60).Draw(t, "mine"))}
		for name, err := range map[string]error{
			"card": Validate(l.Approval(c)), "approve": ValidateModal(l.Approve(c, ref)), "deny": ValidateModal(l.Deny(c, ref)),
			"ask": ValidateModal(l.Ask(c, ref)), "decide": ValidateModal(l.Decide(c, ref)), "home": ValidateHome(l.Home(home)),
			"incident": Validate(l.Incident(IncidentCard{Incident: i, Shared: c.Shared})),
		} {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

// A card that can be approved shows every target whole.
func TestWhatCanBeApprovedIsShownWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := anyApproval().Draw(t, "approval")
		a.Status, a.Decisions = soar.ApprovalPending, nil
		l := look()
		a.ExpiresAt = l.Now.Add(time.Hour)
		raw, err := json.Marshal(l.Approval(ApprovalCard{Approval: a}))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(raw), `"action_id":"`+Approve+`"`) {
			return
		}
		var texts []string
		for _, block := range l.Approval(ApprovalCard{Approval: a}).Blocks {
			if s, ok := block.(*slack.SectionBlock); ok {
				for _, field := range append(s.Fields, s.Text) {
					if field != nil {
						texts = append(texts, field.Text)
					}
				}
			}
		}
		all := strings.Join(texts, "\n")
		for _, action := range shownActions(a) {
			if !strings.Contains(all, Clean(action.Target)) || !strings.Contains(all, Clean(action.Action)) {
				t.Fatalf("the card can be approved and does not show %q on %q", action.Action, action.Target)
			}
		}
	})
}

func TestApprovalCardSaysHowItStands(t *testing.T) {
	t.Parallel()
	person := func(id string) soar.Actor { return soar.Actor{Kind: soar.ActorPerson, ID: id} }
	yes := soar.Decision{ApprovalID: "APR-0123456789", Digest: "5f70bf18", By: person("bo@lab.example"), Approve: true, Reason: "confirmed", At: noon(), Roles: []soar.Role{soar.RoleSOCLead}}
	also := yes
	also.By = person("di@lab.example")
	no := soar.Decision{ApprovalID: "APR-0123456789", Digest: "5f70bf18", By: person("cy@lab.example"), Roles: []soar.Role{soar.RoleSOCLead}, Reason: "production", At: noon()}
	rows := []struct {
		name   string
		change func(*soar.Approval)
		want   []string
		absent []string
	}{
		{"one of two", func(a *soar.Approval) { a.Decisions = []soar.Decision{yes} },
			[]string{"Approval needed: Isolate", "1 of 2  ▰▱", "by bo@lab.example: confirmed", Approve, Deny, Ask, "less than 30 minutes left", "(2026-11-28 12:25 UTC)", "it counts as denied", "*HIGH*", "TLP:AMBER"}, nil},
		{"two of two, not taken over yet", func(a *soar.Approval) { a.Decisions = []soar.Decision{yes, also} }, []string{"Approved: Isolate", "2 of 2  ▰▰"}, []string{Approve, Deny}},
		{"a role is missing", func(a *soar.Approval) {
			a.Needs, a.Decisions = []soar.Approver{{Role: soar.RoleCISO}}, []soar.Decision{yes, also}
		}, []string{"Approval needed", "a yes of ciso", Approve}, nil},
		{"denied", func(a *soar.Approval) { a.Status, a.Decisions = soar.ApprovalDenied, []soar.Decision{yes, no} },
			[]string{"Denied: Isolate", "*denied*", "by cy@lab.example: production"}, []string{Approve, Deny, Ask}},
		{"expired", func(a *soar.Approval) { a.Status = soar.ApprovalExpired }, []string{"Expired: Isolate", "The time ran out when nobody had decided"}, []string{Approve, Deny}},
		{"expired with one of two", func(a *soar.Approval) { a.Status, a.Decisions = soar.ApprovalExpired, []soar.Decision{yes} }, []string{"The time ran out when 1 of 2 had said yes"}, []string{Approve, Deny}},
		{"over by the clock", func(a *soar.Approval) { a.ExpiresAt = noon() }, []string{"The time is over"}, []string{Approve, Deny}},
		{"cancelled", func(a *soar.Approval) { a.Status = soar.ApprovalCancelled }, []string{"No longer needed"}, []string{Approve}},
		{"asked", func(a *soar.Approval) {
			a.Questions = []soar.Question{{ID: "q-1", AskedBy: person("bo@lab.example"), Text: "who owns it?", At: noon()}}
		}, []string{"bo@lab.example: who owns it?", "not answered yet", Answer}, nil},
		{"destroys", nil, []string{"*DESTROYS*", "*On what*", "host-1", "cannot be taken back"}, nil},
		{"undone by itself", func(a *soar.Approval) {
			a.Shown[0].Risk, a.Shown[0].Undo, a.Shown[0].ExpiresIn = soar.RiskChange, "edr.release", 8*time.Hour
		}, []string{"*changes*", "taken back by edr.release, by itself after 8 h"}, []string{"DESTROYS"}},
		{"too much", func(a *soar.Approval) { a.Shown[0].Target = strings.Repeat("x", 400) }, []string{"too much to show here whole", Deny}, []string{Approve}},
		{"nothing bound", func(a *soar.Approval) { a.Bound, a.Shown = nil, nil }, []string{"No actions are bound", Approve}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := approvalOf("host-1")
			if row.change != nil {
				row.change(&a)
			}
			i := incidentWith("Beaconing")
			holds(t, look().Approval(ApprovalCard{Approval: a, Incident: i}), row.want, row.absent)
		})
	}
}

func approvalOf(target string) soar.Approval {
	a := approvalWith("x")
	a.Title, a.Decisions, a.Questions, a.Needs, a.Exclude = "Isolate", nil, nil, nil, nil
	a.Shown[0].Target, a.Shown[0].Title, a.Shown[0].Undo = target, "Wipe the host", ""
	return a
}

// holds checks which texts are in a card as JSON.
func holds(t *testing.T, shown any, want, absent []string) {
	t.Helper()
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(shown); err != nil {
		t.Fatal(err)
	}
	for _, part := range want {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is missing in %s", part, out.String())
		}
	}
	for _, part := range absent {
		if strings.Contains(out.String(), part) {
			t.Errorf("%q is in %s", part, out.String())
		}
	}
}

func TestRedIncidentsShowTheirIDAlone(t *testing.T) {
	t.Parallel()
	l, i := look(), incidentWith("evil-host")
	i.TLP = soar.TLPRed
	a, task := approvalWith("evil-host"), taskWith("evil-host")
	for name, shown := range map[string]Message{
		"approval": l.Approval(ApprovalCard{a, i, true}), "task": l.Task(TaskCard{task, i, true}), "incident": l.Incident(IncidentCard{Incident: i, Shared: true}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holds(t, shown, []string{"INC-2026-0A1B2C", "TLP:RED"}, []string{"evil"})
		})
	}
	holds(t, l.Approval(ApprovalCard{a, i, false}), []string{"evil-host"}, nil) // a direct message to who needs to know
}

func TestPhraseNamesWhatIsDestroyed(t *testing.T) {
	t.Parallel()
	one, two, long := approvalOf("host-1"), approvalOf("host-1"), approvalOf(strings.Repeat("x", 200))
	other := two.Shown[0]
	other.Target = "host-2"
	two.Shown, two.Bound = append(two.Shown, other), append(two.Bound, two.Bound[0])
	mild := approvalOf("host-1")
	mild.Shown[0].Risk = soar.RiskChange
	rows := []struct {
		name string
		a    soar.Approval
		want string
	}{{"one", one, "host-1"}, {"several", two, one.ID}, {"cannot be typed", long, one.ID}, {"marks in it", approvalOf("a\u202eb"), one.ID}, {"nothing destroyed", mild, ""}}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := Phrase(row.a); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			modal := look().Approve(ApprovalCard{Approval: row.a}, Ref{})
			asks := slices.ContainsFunc(modal.Blocks.BlockSet, func(b slack.Block) bool { return b.ID() == InTarget })
			if asks != (row.want != "") {
				t.Errorf("the modal asks: %v", asks)
			}
		})
	}
}

func TestSeverityIsSaidInWords(t *testing.T) {
	t.Parallel()
	seen := map[own]bool{}
	for _, s := range append(soar.Severities(), "", "odd") {
		word := strings.Map(func(r rune) rune {
			if r == '■' || r == '□' {
				return -1
			}
			return r
		}, string(severity(s)))
		if _, after, found := strings.Cut(word, " *"); !found || strings.TrimSpace(after) == "" {
			t.Errorf("%s has no word: %q", s, word)
		}
		seen[severity(s)] = true
	}
	if len(seen) != len(soar.Severities())+1 {
		t.Errorf("severities share words: %v", seen)
	}
}

func TestTimelineShowsTheLastLines(t *testing.T) {
	t.Parallel()
	var entries []record.Payload
	for n := range 500 {
		entries = append(entries, record.Payload{At: noon().Add(time.Duration(n) * time.Second), Text: fmt.Sprintf("entry %d %s", n, strings.Repeat("𐍈", 100))})
	}
	got := look().Timeline("INC-2026-0A1B2C", entries)
	if err := Validate(got); err != nil {
		t.Fatal(err)
	}
	holds(t, got, []string{"entry 499 ", "entry 480 ", "entries before these are in the record: `tocsin incident show INC-2026-0A1B2C`"}, []string{"entry 100 "})
	holds(t, look().Timeline("INC-2026-0A1B2C", entries[:3]), []string{"12:00:00  entry 0", "12:00:02  entry 2"}, []string{"before these"})
}

func TestRefComesBackAsItWent(t *testing.T) {
	t.Parallel()
	want := Ref{Approval: "APR-0123456789", Question: "qst-1", Incident: "INC-2026-0A1B2C", Digest: strings.Repeat("5f", 32), Channel: "C012AB3CD", TS: "1700000000.000100"}
	if got, err := ParseRef(want.String()); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "APR-1", "{", `{"a":"<x>"}`, `{"a":1}`, `{"a":"` + strings.Repeat("x", 121) + `"}`, strings.Repeat(" ", 2000) + "{}"} {
		if _, err := ParseRef(bad); soar.CodeOf(err) != soar.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestValidateFindsWhatSlackRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4000)
	text := func(s string) *slack.TextBlockObject { return object(s) }
	rows := map[string][]slack.Block{
		"nothing":          nil,
		"51 blocks":        slices.Repeat([]slack.Block{section(text("x"))}, 51),
		"long header":      {slack.NewHeaderBlock(text(long))},
		"mrkdwn header":    {slack.NewHeaderBlock(mark("x"))},
		"long section":     {section(text(long))},
		"empty section":    {slack.NewSectionBlock(nil, nil, nil)},
		"11 fields":        {slack.NewSectionBlock(nil, slices.Repeat([]*slack.TextBlockObject{text("x")}, 11), nil)},
		"long field":       {slack.NewSectionBlock(nil, []*slack.TextBlockObject{text(long)}, nil)},
		"empty context":    {slack.NewContextBlock("")},
		"long button":      {buttons(button("a", long, Ref{}, ""))},
		"same action":      {buttons(button("a", "x", Ref{}, ""), button("a", "x", Ref{}, ""))},
		"no buttons":       {buttons()},
		"input in message": {input("a", text("x"), line(5), "")},
		"too long in all":  slices.Repeat([]slack.Block{section(text(long[:2900]))}, 5),
		"same block":       {slack.NewContextBlock("a", mark("x")), slack.NewContextBlock("a", mark("x"))},
		"another block":    {slack.NewImageBlock("https://lab.example/x.png", "x", "", nil)},
	}
	for name, blocks := range rows {
		if err := Validate(Message{Text: "x", Blocks: blocks}); err == nil {
			t.Errorf("%s is let through", name)
		}
	}
	if err := Validate(Message{Blocks: []slack.Block{section(text("x"))}}); err == nil {
		t.Error("a message without text is let through")
	}
	good := look().Report()
	for name, change := range map[string]func(*slack.ModalViewRequest){
		"title": func(m *slack.ModalViewRequest) { m.Title = text(long) }, "no title": func(m *slack.ModalViewRequest) { m.Title = nil },
		"submit": func(m *slack.ModalViewRequest) { m.Submit = nil }, "metadata": func(m *slack.ModalViewRequest) { m.PrivateMetadata = long },
		"callback": func(m *slack.ModalViewRequest) { m.CallbackID = "" },
	} {
		bad := good
		change(&bad)
		if ValidateModal(bad) == nil || ValidateModal(good) != nil {
			t.Errorf("%s: %v, %v", name, ValidateModal(bad), ValidateModal(good))
		}
	}
}
