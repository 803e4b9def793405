package workflows_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/mock"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// What Temporal's UI shows is made of text that attackers may have written.
func TestDetailsAreHarmless(t *testing.T) {
	t.Parallel()
	evil := "![x](https://evil.invalid/p.png) | <script>alert(1)</script>\n# head `code` www.evil.invalid \u202egpj.exe"
	p := playbook("one",
		approval("ask", plan.Approval{Title: val("incident.title"), ExpiresIn: 100 * time.Hour}),
	)
	w := newWorld(t, p)
	input := incident(p)
	input.Incident.Title = evil
	var details string
	var names []string
	w.acts = append(w.acts, &act2{at: time.Hour, special: func(env *testsuite.TestWorkflowEnvironment) {
		metadata := metadataOf(t, env)
		details = metadata.GetCurrentDetails()
		for _, update := range metadata.GetDefinition().GetUpdateDefinitions() {
			if update.GetDescription() == "" {
				t.Errorf("update %s has no description", update.GetName())
			}
			names = append(names, update.GetName())
		}
	}})
	w.run(input).ended(soar.StatusClosed)
	if !strings.Contains(details, approvalID("r1/ask", 0)[4:]) {
		t.Fatalf("the approval is not on the board:\n%s", details)
	}
	for _, bad := range []string{`(^|[^\\])[!\[\]()<>` + "`" + `]`, "https://", "\u202e", "\n#"} {
		if regexp.MustCompile(bad).MatchString(details) {
			t.Errorf("the board shows %q:\n%s", bad, details)
		}
	}
	for _, line := range strings.Split(details, "\n") {
		bars := strings.Count(line, "|") - strings.Count(line, `\|`)
		if strings.HasPrefix(line, "|") && strings.Contains(line, "APR") && bars != 5 {
			t.Errorf("a cell broke its row: %s", line)
		}
	}
	if len(names) != 23 {
		t.Errorf("%d updates are described: %v", len(names), names)
	}
}

// metadataOf gives what Temporal's UI asks a workflow for.
func metadataOf(t *testing.T, env *testsuite.TestWorkflowEnvironment) *sdkpb.WorkflowMetadata {
	t.Helper()
	var metadata sdkpb.WorkflowMetadata
	value, err := env.QueryWorkflow("__temporal_workflow_metadata")
	if err == nil {
		err = value.Get(&metadata)
	}
	if err != nil {
		t.Error(err)
	}
	return &metadata
}

// The board says what needs somebody first: what is late, then what is due next.
func TestTheBoardPutsWhatIsLateFirst(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 30 * time.Hour}))
	w := newWorld(t, p)
	input := incident(p)
	rule := func(name string, within time.Duration, more func(*protocol.ObjectiveRule)) protocol.ObjectiveRule {
		r := protocol.ObjectiveRule{ID: "r_" + name, Objective: name, Within: within}
		if more != nil {
			more(&r)
		}
		return r
	}
	input.Policy = protocol.ObjectivePolicy{Name: "o", Version: "1", Rules: []protocol.ObjectiveRule{
		rule("close", 48*time.Hour, nil),
		rule("triage", 3*time.Hour, func(r *protocol.ObjectiveRule) { r.Stop = "incident.facts.sorted ?? false" }),
		rule("acknowledge", time.Hour, nil),
		rule("recover", 12*time.Hour, func(r *protocol.ObjectiveRule) { r.Pause = "true" }),
		rule("contain", 8*time.Hour, func(r *protocol.ObjectiveRule) { r.WarnAt = []float64{0.5} }),
	}}
	board := func(after time.Duration) *string {
		var text string
		w.acts = append(w.acts, &act2{at: after, special: func(env *testsuite.TestWorkflowEnvironment) {
			details := metadataOf(t, env).GetCurrentDetails()
			_, text, _ = strings.Cut(details, "Next due")
		}})
		return &text
	}
	first := board(5 * time.Hour)
	w.at(6*time.Hour, protocol.UpdateAcknowledge, protocol.Control{Command: by("ana")})
	second := board(7 * time.Hour)
	w.run(input).ended(soar.StatusClosed)
	head := "\n\n| Clock | State | Due |\n| --- | --- | --- |\n"
	want := ": **contain**, 2026-01-02 16:00 UTC" + head + "| acknowledge | BREACHED | 2026-01-02 09:00 UTC |\n| triage | BREACHED | 2026-01-02 11:00 UTC |\n" +
		"| contain | WARNING | 2026-01-02 16:00 UTC |\n| close | running | 2026-01-04 08:00 UTC |\n| recover | paused | 2026-01-02 20:00 UTC |\n\n"
	if diff := cmp.Diff(want, *first); diff != "" {
		t.Errorf("the board (-want +got):\n%s", diff)
	}
	if !strings.HasSuffix(*second, "| recover | paused | 2026-01-02 20:00 UTC |\n| acknowledge | met late by 5h0m | 2026-01-02 09:00 UTC |\n\n") {
		t.Errorf("what was met does not come last:\n%s", *second)
	}
}

func TestSearchAttributes(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 30 * time.Hour}))
	w := newWorld(t, p)
	input := incident(p)
	input.Policy = protocol.ObjectivePolicy{Name: "o", Version: "1", Clocks: map[soar.Severity][]protocol.ObjectiveClock{
		soar.SeverityHigh:     {{Name: "acknowledge", Within: time.Hour}, {Name: "resolve", Within: 24 * time.Hour, WarnAt: 0.5}},
		soar.SeverityCritical: {{Name: "resolve", Within: 8 * time.Hour}},
	}}
	keyword := temporal.NewSearchAttributeKeyKeyword
	last := map[string]string{}
	var deadlines []string
	var stood [][]string
	w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.OnUpsertTypedSearchAttributes(mock.MatchedBy(func(told temporal.SearchAttributes) bool {
			for _, name := range []string{protocol.SearchSeverity, protocol.SearchStatus, protocol.SearchOwner, protocol.SearchObjectiveState} {
				if value, ok := told.GetKeyword(keyword(name)); ok {
					last[name] = value
				}
			}
			if clocks, ok := told.GetKeywordList(temporal.NewSearchAttributeKeyKeywordList(protocol.SearchClockStates)); ok {
				stood = append(stood, clocks)
			}
			if at, ok := told.GetTime(temporal.NewSearchAttributeKeyTime(protocol.SearchNextDeadline)); ok {
				if text := at.Format("2 15:04"); len(deadlines) == 0 || deadlines[len(deadlines)-1] != text {
					deadlines = append(deadlines, text)
				}
			}
			return true
		})).Return(nil)
	}
	w.at(30*time.Minute, protocol.UpdateAcknowledge, protocol.Control{Command: by("ana")})
	w.at(2*time.Hour, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Severity: soar.SeverityCritical, Owner: "ana"})
	w.run(input).ended(soar.StatusClosed)
	want := map[string]string{
		protocol.SearchSeverity: "critical", protocol.SearchStatus: "closed", protocol.SearchOwner: "ana", protocol.SearchObjectiveState: "breached",
	}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("attributes at the end (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"2 09:00", "3 08:00", "2 16:00"}, deadlines); diff != "" {
		t.Errorf("deadlines (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{"running"}, {"met", "running"}, {"breached", "met"}, {"met", "met_late"}}, slices.CompactFunc(stood, slices.Equal)); diff != "" {
		t.Errorf("how the clocks stood (-want +got):\n%s", diff)
	}
}
