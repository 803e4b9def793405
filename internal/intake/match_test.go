package intake

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	const phishing, high = `incident.category == "phishing"`, `incident.severity in ["high", "critical"]`
	rows := []struct {
		name      string
		playbooks plans
		already   []string
		want      []string
	}{
		{"none", nil, nil, nil},
		{"one fits", plans{playbook("a", phishing, 1), playbook("b", `incident.category == "spam"`, 9)}, nil, []string{"a"}},
		{"the highest priority starts", plans{playbook("a", phishing, 1), playbook("b", high, 5), playbook("c", "true", 0)}, nil, []string{"b"}},
		{"ties start together, by name", plans{playbook("z", phishing, 5), playbook("m", high, 5), playbook("a", "true", 1)}, nil, []string{"m", "z"}},
		{"priority below zero", plans{playbook("a", phishing, -5), playbook("b", high, -7)}, nil, []string{"a"}},
		{"what ran already is left out first", plans{playbook("a", phishing, 1), playbook("b", high, 5)}, []string{"b"}, []string{"a"}},
		{"without a trigger nothing starts", plans{playbook("a", "", 9)}, nil, nil},
		{"a trigger that fails keeps no other", plans{playbook("a", `alert.fields.x > 1`, 9), playbook("b", phishing, 1)}, nil, []string{"b"}},
		{"a trigger that gives no truth", plans{playbook("a", `incident.title`, 9), playbook("b", phishing, 1)}, nil, []string{"b"}},
		{"a trigger that does not compile", plans{playbook("a", `incident.`, 9)}, nil, nil},
		{"the alert is read too", plans{playbook("a", `alert.host.name == "web-1" and len(alert.urls) == 1`, 9)}, nil, []string{"a"}},
		{"the policy and the time", plans{playbook("a", `not ("contain_host" in policy.preauthorised) and now startsWith "2026-03-02"`, 9)}, nil, []string{"a"}},
	}
	request := protocol.MatchRequest{
		Incident: soar.Incident{ID: "INC-1", Category: soar.CategoryPhishing, Severity: soar.SeverityHigh, Title: "t"},
		Alert:    soar.Alert{Host: soar.Host{Name: "web-1"}, URLs: []string{"https://example.test"}},
	}
	for _, row := range rows {
		request.Already = row.already
		result, err := service(t, setup{store: newMemory(), playbooks: row.playbooks}).Match(t.Context(), request)
		var got []string
		for _, pin := range result.Runs {
			got = append(got, pin.Playbook)
			if pin.Version != "1.0.0" || pin.Digest != "digest-"+pin.Playbook || pin.By.Kind != soar.ActorSystem {
				t.Errorf("%s: pin %+v", row.name, pin)
			}
		}
		if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", row.name, err, diff)
		}
	}
}

func TestFailingTriggerIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := service(t, setup{store: newMemory(), playbooks: plans{playbook("broken", `alert.fields.x > 1`, 9)}, log: slog.New(slog.NewTextHandler(&log, nil))})
	if _, err := s.Match(t.Context(), protocol.MatchRequest{Incident: soar.Incident{ID: "INC-9"}}); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "playbook=broken") || !strings.Contains(text, "incident=INC-9") {
		t.Errorf("log: %s", text)
	}
}

func TestAlertTextIsNotEvaluated(t *testing.T) {
	t.Parallel()
	s := service(t, setup{store: newMemory(), playbooks: plans{playbook("a", `alert.title == "x"`, 1)}})
	result, err := s.Match(t.Context(), protocol.MatchRequest{Alert: soar.Alert{Title: `" or true or "`, Fields: map[string]any{"x": "${{ true }}"}}})
	if err != nil || len(result.Runs) != 0 {
		t.Errorf("%v %+v", err, result)
	}
}
