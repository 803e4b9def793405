package timeline_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func request(t *testing.T, facts map[string]any) timeline.Request {
	t.Helper()
	library, faults := packs.Load("")
	if library == nil {
		t.Fatal(faults)
	}
	spec := calendar.Weekdays("weekdays", "Europe/Berlin")
	raw, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return timeline.Request{
		Incident: soar.Incident{Status: soar.StatusReported, Severity: soar.SeverityHigh, OpenedAt: time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC), Facts: facts},
		Policy: protocol.ObjectivePolicy{Name: "p", Version: "1", Calendars: map[string]json.RawMessage{"weekdays": raw}, Rules: []protocol.ObjectiveRule{
			{ID: "contain", Objective: "contain", Within: 12 * time.Hour, WarnAt: []float64{0.5}, Calendar: "weekdays"},
		}},
		Library: library, Certain: true,
	}
}

func lines(t *testing.T, r timeline.Request) []string {
	t.Helper()
	answer, err := timeline.Compute(r)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range answer.Moments {
		lines = append(lines, fmt.Sprintf("%s %s %s", m.At.Format("2006-01-02 15:04 MST"), m.What, m.Clock))
	}
	return lines
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	r := request(t, map[string]any{"personal_data_breach": true, "jurisdictions": []any{"eu"}, "high_risk": true, "processor": false})
	want := []string{
		"2026-11-21 00:00 CET warning contain",
		"2026-11-22 05:00 UTC warning eu-gdpr-33 notification",
		"2026-11-23 02:36 UTC warning eu-gdpr-33 notification",
		"2026-11-23 06:00 CET due contain",
		"2026-11-23 17:00 UTC due eu-gdpr-33 notification",
	}
	if diff := cmp.Diff(want, lines(t, r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	answer, _ := timeline.Compute(r)
	if len(answer.Quiet) != 1 || answer.Quiet[0].Clock != "eu-gdpr-34 communication" || answer.Quiet[0].State != "no_fixed_term" {
		t.Errorf("quiet: %+v", answer.Quiet)
	}
	r.Certain, r.Incident.Facts = false, nil
	answer, _ = timeline.Compute(r)
	if len(answer.Moments) < 100 {
		t.Errorf("%d moments although nothing is known", len(answer.Moments))
	}
	for _, m := range answer.Moments {
		if strings.Contains(m.Clock, "circia") || strings.Contains(m.Clock, "omnibus") || strings.Contains(m.Clock, "csr") {
			t.Errorf("a proposal has a clock: %+v", m)
		}
		if strings.Contains(m.Clock, " ") && (m.If == "" || m.Source == "" || m.To == "") {
			t.Errorf("a duty does not say on what it depends, whom it tells or where it stands: %+v", m)
		}
	}
}

func TestWhatCannotBeReadIsTold(t *testing.T) {
	t.Parallel()
	r := request(t, map[string]any{"personal_data_breach": "perhaps", "aware": "soon", "jurisdictions": "eu"})
	r.Policy.Rules[0].Calendar = "moon"
	answer, err := timeline.Compute(r)
	if err != nil || len(answer.Faults) != 3 {
		t.Errorf("%v %q", err, answer.Faults)
	}
	if len(answer.Moments) != 2 || !answer.Moments[1].At.Equal(r.Incident.OpenedAt.Add(12*time.Hour)) {
		t.Errorf("an objective whose calendar is not there runs without rest: %+v", answer.Moments)
	}
}

// TestPlay: worked out by hand for a clock of 10 hours that warns at half of it.
func TestPlay(t *testing.T) {
	t.Parallel()
	open := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	at := func(hours int) time.Time { return open.Add(time.Duration(hours) * time.Hour) }
	waiting := func(is bool) map[string]any { return map[string]any{"waiting": is} }
	breach := map[string]any{"personal_data_breach": true, "jurisdictions": []any{"eu"}, "processor": false}
	for name, row := range map[string]struct {
		changes []timeline.Change
		want    []string
	}{
		"nobody says anything": {nil, []string{"2026-11-20T13:00:00Z warning contain", "2026-11-20T18:00:00Z due contain"}},
		"met":                  {[]timeline.Change{{At: at(6), Status: soar.StatusContained}}, []string{"2026-11-20T13:00:00Z warning contain"}},
		"rests for three hours": {[]timeline.Change{{At: at(2), Facts: waiting(true)}, {At: at(5), Facts: waiting(false)}},
			[]string{"2026-11-20T16:00:00Z warning contain", "2026-11-20T21:00:00Z due contain"}},
		"worse, and over at once": {[]timeline.Change{{At: at(3), Severity: soar.SeverityCritical}}, []string{"2026-11-20T11:00:00Z due contain"}},
		"changes come unsorted": {[]timeline.Change{{At: at(5), Facts: waiting(false)}, {At: at(2), Facts: waiting(true)}},
			[]string{"2026-11-20T16:00:00Z warning contain", "2026-11-20T21:00:00Z due contain"}},
		"a duty opens and is sent": {[]timeline.Change{{At: at(6), Status: soar.StatusContained, Facts: breach}, {At: at(40), Sent: "eu-gdpr-33/notification"}},
			[]string{"2026-11-20T13:00:00Z warning contain", "2026-11-21T20:00:00Z warning eu-gdpr-33/notification"}},
		"a duty opens and is waived": {[]timeline.Change{{At: at(1), Status: soar.StatusContained, Facts: breach}, {At: at(2), Waived: "eu-gdpr-33"}}, nil},
		"a duty is declared late": {[]timeline.Change{{At: at(80), Facts: breach}},
			[]string{"2026-11-20T13:00:00Z warning contain", "2026-11-20T18:00:00Z due contain", "2026-11-23T16:00:00Z due eu-gdpr-33/notification"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request(t, nil)
			r.Incident.OpenedAt = open
			r.Policy.Rules = []protocol.ObjectiveRule{
				{ID: "high", Objective: "contain", Severities: []soar.Severity{soar.SeverityHigh}, Within: 10 * time.Hour, WarnAt: []float64{0.5}, Pause: "incident.facts.waiting ?? false"},
				{ID: "critical", Objective: "contain", Severities: []soar.Severity{soar.SeverityCritical}, Within: time.Hour, WarnAt: []float64{0.5}},
			}
			answer, err := timeline.Play(r, row.changes, at(100))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range answer.Moments {
				got = append(got, m.String())
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
