package notice_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/notice"
	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
)

func shipped(t *testing.T) *duty.Library {
	t.Helper()
	library, faults := packs.Load("")
	if library == nil {
		t.Fatal(faults)
	}
	return library
}

func drafted(t *testing.T, library *duty.Library, regime, stage string, incident notice.Incident) string {
	t.Helper()
	r := library.Regime(regime)
	outcome, _ := library.Outcome(r, duty.Incident{OpenedAt: incident.OpenedAt, Declared: incident.Facts}, false)
	return notice.Draft(library, r, r.Stage(stage), *outcome.Due(stage), incident)
}

func incident(facts map[string]any) notice.Incident {
	return notice.Incident{ID: "INC-2026-0A1B2C", Title: "Mailbox read", OpenedAt: time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC), Facts: facts}
}

func TestFamilies(t *testing.T) {
	t.Parallel()
	library, got := shipped(t), map[string]string{}
	for _, name := range []string{"eu-gdpr-33/notification", "eu-gdpr-34/communication", "eu-nis2-23/early_warning", "eu-nis2-23/notification", "eu-nis2-23/final",
		"eu-dora-major/initial", "eu-dora-major/intermediate", "eu-dora-major/final", "us-sec-8k-105/filing", "us-bank-36h/regulator", "us-nydfs-500-17/notice", "sg-pdpa/individuals"} {
		regime, stage, _ := strings.Cut(name, "/")
		r := library.Regime(regime)
		got[name] = notice.Family(r, r.Stage(stage))
	}
	want := map[string]string{
		"eu-gdpr-33/notification": "breach_authority", "eu-gdpr-34/communication": "breach_people", "sg-pdpa/individuals": "breach_people",
		"eu-nis2-23/early_warning": "early_warning", "eu-nis2-23/notification": "incident_notification", "eu-nis2-23/final": "final_report",
		"eu-dora-major/initial": "early_warning", "eu-dora-major/intermediate": "incident_notification", "eu-dora-major/final": "final_report",
		"us-sec-8k-105/filing": "sec_8k", "us-bank-36h/regulator": "sector", "us-nydfs-500-17/notice": "sector",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Every stage of every regime has a draft without a field that was not filled, and
// templates name facts of the vocabulary only.
func TestEveryStageHasADraft(t *testing.T) {
	t.Parallel()
	library, used := shipped(t), map[string]int{}
	facts := regexp.MustCompile(`\{fact:([a-z_]+)\}`)
	for i := range library.Regimes {
		regime := &library.Regimes[i]
		for n := range regime.Stages {
			stage := &regime.Stages[n]
			family := notice.Family(regime, stage)
			used[family]++
			for _, found := range facts.FindAllStringSubmatch(notice.Template(library, regime, stage), -1) {
				if _, known := library.Fact(found[1]); !known {
					t.Errorf("%s: there is no fact %s", family, found[1])
				}
			}
			draft := drafted(t, library, regime.ID, stage.ID, incident(nil))
			if strings.ContainsAny(draft, "{}") || !strings.HasSuffix(draft, duty.NotAdvice) || !strings.Contains(draft, regime.Source) || !strings.Contains(draft, "to be filled: ") {
				t.Errorf("%s/%s:\n%s", regime.ID, stage.ID, draft)
			}
		}
	}
	for _, family := range notice.Families() {
		if used[family] == 0 {
			t.Errorf("no stage is of family %s", family)
		}
	}
}

func TestADraftSaysWhatIsKnownAndWhatIsNot(t *testing.T) {
	t.Parallel()
	draft := drafted(t, shipped(t), "eu-gdpr-33", "notification", incident(map[string]any{
		"personal_data_breach": true, "affected": 1200.0, "jurisdictions": []any{"eu"}, "aware": "2026-11-20T18:30:00Z",
	}))
	for _, want := range []string{"To: the competent supervisory authority", "To be sent: by 2026-11-23 18:30 UTC", "People, about: 1200", "Known since: 2026-11-20T18:30:00Z",
		"Kinds of data: to be filled: ", "High risk to people: to be filled: the breach is likely to put people at high risk", "- personal_data_breach: true"} {
		if !strings.Contains(draft, want) {
			t.Errorf("%q is not in\n%s", want, draft)
		}
	}
	assumed := drafted(t, shipped(t), "eu-gdpr-33", "notification", incident(map[string]any{"personal_data_breach": true}))
	if !strings.Contains(assumed, "Known since: 2026-11-20T17:00:00Z (the opening of the incident; nobody declared the moment)") {
		t.Errorf("a moment that nobody declared looks declared:\n%s", assumed)
	}
}

// What an attacker wrote stays one line of text: it adds no line, fills no field and
// is not taken for a template.
func TestADraftTakesNothingFromAnAttacker(t *testing.T) {
	t.Parallel()
	evil := incident(map[string]any{"note": "x\nTo: evil@lab.invalid\n{incident}", "b\nTo": "{facts}", "entity": "\u202egnorw {to}"})
	evil.Title = "a\r\nTo: evil@lab.invalid {fill:send money} \x1b[31m " + strings.Repeat("long ", 200)
	draft := drafted(t, shipped(t), "eu-nis2-23", "final", evil)
	for _, bad := range []string{"\nTo: evil", "\r", "\x1b", "\u202e", "to be filled: send money"} {
		if strings.Contains(draft, bad) {
			t.Errorf("%q is in\n%s", bad, draft)
		}
	}
	for _, want := range []string{"{fill:send money}", "- note: x To: evil@lab.invalid {incident}", "- b To: {facts}"} {
		if !strings.Contains(draft, want) {
			t.Errorf("%q is not in\n%s", want, draft)
		}
	}
	many := map[string]any{}
	for i := range 300 {
		many[strings.Repeat("n", 1+i)] = strings.Repeat("v", 150)
	}
	long := drafted(t, shipped(t), "eu-nis2-23", "final", incident(many))
	if len(long) > 4000 || !strings.Contains(long, "more was declared than fits here") || !strings.HasSuffix(long, duty.NotAdvice) {
		t.Errorf("%d bytes:\n%s", len(long), long)
	}
}

func TestTheSiteHasTheLastWord(t *testing.T) {
	t.Parallel()
	library := shipped(t)
	library.Site.Notices = map[string]string{"final_report": "Ours for {incident}", "eu-nis2-23/notification": "This one: {fact:affected}"}
	for stage, want := range map[string]string{"final": "Ours for INC-2026-0A1B2C", "notification": "This one: to be filled: ", "early_warning": "Early warning"} {
		if draft := drafted(t, library, "eu-nis2-23", stage, incident(nil)); !strings.Contains(draft, want) {
			t.Errorf("%s: %q is not in\n%s", stage, want, draft)
		}
	}
}
