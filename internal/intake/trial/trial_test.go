package trial

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// past is a history in pages of two, newest first.
type past struct {
	alerts []soar.Alert
	filter soar.AlertFilter
}

func (h *past) Alerts(_ context.Context, _ soar.Principal, filter soar.AlertFilter) ([]soar.Alert, string, error) {
	h.filter = filter
	from := 0
	if filter.After != "" {
		if _, err := fmt.Sscan(filter.After, &from); err != nil {
			return nil, "", err
		}
	}
	to := min(from+2, from+filter.Limit, len(h.alerts))
	next := ""
	if to < len(h.alerts) {
		next = fmt.Sprint(to)
	}
	return h.alerts[from:to], next, nil
}

// alert is number n, n minutes after noon.
func alert(n int, address, incident string) soar.Alert {
	return soar.Alert{
		ID: fmt.Sprint(n), Source: "ids", Parsed: true, Title: "guessing", Severity: soar.SeverityHigh, Category: soar.CategoryBruteForce,
		SourceIP: address, Rule: soar.Rule{ID: "r1"}, Host: soar.Host{Name: "web-1"}, IncidentID: incident, ReceivedAt: noon().Add(time.Duration(n) * time.Minute), Count: 1,
	}
}

func analyst() soar.Principal { return soar.Principal{Roles: []soar.Role{soar.RoleAnalyst}} }

func try(t *testing.T, h *past, r Request) Result {
	t.Helper()
	active, faults := policy.Load("")
	if active == nil {
		t.Fatal(faults)
	}
	result, faults, err := New(active, h, noon).Correlation(t.Context(), analyst(), r)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	return result
}

func shown(r Result) []string {
	var out []string
	for _, g := range r.Groups {
		var ids []string
		for _, a := range g.Alerts {
			ids = append(ids, a.ID)
		}
		out = append(out, fmt.Sprintf("%s %s %s <- %s", g.Rule, g.Change, strings.Join(ids, ","), strings.Join(g.Incidents, ",")))
	}
	return out
}

const byHost = "version: \"2\"\nrules:\n  - id: by_host\n    key: [alert.host.name]\n    within: 10m\n"

func TestCorrelation(t *testing.T) {
	t.Parallel()
	quiet := alert(5, "192.0.2.5", "")
	quiet.Severity, quiet.Category, quiet.Host.Name, quiet.Rule.ID, quiet.Title = soar.SeverityInfo, "", "", "", "login"
	alerts := []soar.Alert{alert(30, "192.0.2.1", "A"), quiet, alert(3, "192.0.2.2", "B"), alert(2, "192.0.2.1", "A"), alert(1, "192.0.2.1", "A")}
	for _, row := range []struct {
		name    string
		rules   string
		change  func([]soar.Alert)
		want    []string
		changed int
	}{
		{"the active rules, as it happened", "", nil, []string{"guessing_from_one_address same 1,2,30 <- A", "guessing_from_one_address same 3 <- B"}, 0},
		{"a wider key and a shorter time", byHost, nil, []string{"by_host joined 1,2,3 <- A,B", "by_host split 30 <- A"}, 2},
		{"no rules that fit", "version: \"2\"\nrules:\n  - id: never\n    when: alert.title == \"x\"\n    key: [alert.title]\n    within: 1h\n", nil,
			[]string{" split 1 <- A", " split 2 <- A", " same 3 <- B", " split 30 <- A"}, 3},
		{"alerts that are in no incident", "", func(all []soar.Alert) { all[2].IncidentID = ""; all[4].IncidentID = "" },
			[]string{"guessing_from_one_address joined 1,2,30 <- A", "guessing_from_one_address opened 3 <- "}, 2},
	} {
		h := &past{alerts: append([]soar.Alert(nil), alerts...)}
		if row.change != nil {
			row.change(h.alerts)
		}
		request := Request{}
		if row.rules != "" {
			request.Rules = []byte(row.rules)
		}
		got := try(t, h, request)
		if diff := cmp.Diff(row.want, shown(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
		if got.Alerts != 5 || got.Events != 1 || got.Changed != row.changed || got.More {
			t.Errorf("%s: %+v", row.name, got)
		}
		if !h.filter.Since.Equal(noon().Add(-sinceDefault)) {
			t.Errorf("%s: looked at alerts since %s", row.name, h.filter.Since)
		}
	}
}

func TestLimitLeavesOutTheOldest(t *testing.T) {
	t.Parallel()
	h := &past{}
	for n := 9; n >= 1; n-- {
		h.alerts = append(h.alerts, alert(n, "192.0.2.1", "A"))
	}
	for limit, first := range map[int]string{1: "9", 3: "7", 8: "2", 9: "1", 100: "1"} {
		got := try(t, h, Request{Limit: limit})
		if got.Groups[0].Alerts[0].ID != first || got.More != (limit < 9) || got.Alerts != min(limit, 9) {
			t.Errorf("limit %d: %d alerts from %s, more %t", limit, got.Alerts, got.Groups[0].Alerts[0].ID, got.More)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	active, _ := policy.Load("")
	s := New(active, &past{}, noon)
	if _, _, err := s.Correlation(t.Context(), soar.Principal{Roles: []soar.Role{soar.RoleTool}}, Request{}); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("a tool: %v", err)
	}
	if _, _, err := s.Correlation(t.Context(), analyst(), Request{Since: noon(), Until: noon()}); soar.CodeOf(err) != soar.CodeInvalid {
		t.Errorf("no time: %v", err)
	}
	_, faults, err := s.Correlation(t.Context(), analyst(), Request{Rules: []byte("version: \"1\"\nrules:\n  - id: x\n    key: [alert.hst]\n    within: 1d\n")})
	if err != nil || len(faults) != 1 || faults[0].Position.String() != "correlation.yaml:4:17" && faults[0].Position.Line != 4 {
		t.Errorf("%v %v", err, faults)
	}
}
