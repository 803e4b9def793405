package intake

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const bruteForce = `{"id":"1","title":"sshd: brute force","severity":"high","host":{"name":"web-1"},"source_ip":"198.51.100.23","techniques":["T1110"]}`

func TestDispatchOpensAnIncident(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store, playbooks: plans{playbook("contain", `incident.category == "brute_force"`, 1)}})
	id := send(t, s, bruteForce)
	if err := s.Dispatch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if len(store.opened) != 1 {
		t.Fatalf("%d incidents", len(store.opened))
	}
	open := store.opened[0]
	want := soar.Incident{
		ID: incidentID(noon(), id+"/", idShortest), Title: "sshd: brute force", Status: soar.StatusAssessed, Severity: soar.SeverityHigh, Impact: soar.LevelHigh, Urgency: soar.LevelMedium,
		Category: soar.CategoryBruteForce, TLP: soar.TLPAmber, OpenedBy: soar.Actor{Kind: soar.ActorTool, ID: "generic"}, OpenedAt: noon(),
	}
	if diff := cmp.Diff(want, open.Input.Incident); diff != "" {
		t.Errorf("incident (-want +got):\n%s", diff)
	}
	if open.AlertID != id || !strings.HasPrefix(open.CorrelationKey, "guessing_from_one_address:") || !open.CorrelateSince.Equal(noon().Add(-24*time.Hour)) {
		t.Errorf("alert %s, key %s, since %v", open.AlertID, open.CorrelationKey, open.CorrelateSince)
	}
	input := open.Input
	if input.Policy.Name == "" || len(input.Policy.Clocks[soar.SeverityHigh]) != 3 || !input.Settings.AutoClose || input.Assessment.Criterion != "high" {
		t.Errorf("policy %+v, settings %+v, assessment %+v", input.Policy, input.Settings, input.Assessment)
	}
	if len(input.Alerts) != 1 || input.Alerts[0].IncidentID != want.ID || input.Alerts[0].Fields == nil {
		t.Errorf("alerts %+v", input.Alerts)
	}
	pins := []protocol.RunPin{{Playbook: "contain", Version: "1.0.0", Digest: "digest-contain", By: soar.System("trigger"), Reason: "the trigger fits the incident"}}
	if diff := cmp.Diff(pins, input.Runs); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

func TestFirstEntriesOfTheRecord(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	id := send(t, s, bruteForce)
	if err := s.Dispatch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	events := store.events[store.opened[0].Input.Incident.ID]
	if len(events) != 2 || events[0].Kind != protocol.EventIncidentOpened || events[1].Kind != protocol.EventIncidentAssessed {
		t.Fatalf("events %+v", events)
	}
	var opened struct {
		Alert  map[string]any `json:"alert"`
		Policy string         `json:"policy_sha256"`
	}
	if err := json.Unmarshal(events[0].Data, &opened); err != nil || opened.Alert["raw_sha256"] != store.alerts[id].RawSHA256 || opened.Policy != s.policy.Digest {
		t.Errorf("%v %+v", err, opened)
	}
	var judged soar.Assessment
	if err := json.Unmarshal(events[1].Data, &judged); err != nil || judged.Criterion != "high" || judged.By.Kind != soar.ActorSystem || judged.Reason == "" {
		t.Errorf("%v %+v", err, judged)
	}
	for _, event := range events {
		if _, err := event.Canonical(); err != nil {
			t.Error(err)
		}
	}
}

func TestDispatchTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"incident": bruteForce, "unreadable": "not json"} {
		store := newMemory()
		s := service(t, setup{store: store})
		id := send(t, s, body)
		for range 3 {
			if err := s.Dispatch(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if len(store.opened) != 1 || len(store.joined) != 0 {
			t.Errorf("%s: %d opened, %d joined", name, len(store.opened), len(store.joined))
		}
	}
}

func TestAnEventStaysAnEvent(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	id := send(t, s, `{"id":"7","title":"User login","severity":"low"}`)
	if err := s.Dispatch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	events := store.events[record.ChainSystem]
	if len(store.opened) != 0 || len(events) != 1 {
		t.Fatalf("%d opened, %d entries", len(store.opened), len(events))
	}
	if got := events[0]; got.Kind != protocol.EventAlertAssessed || !strings.Contains(got.Text, id) || !strings.Contains(string(got.Data), `"criterion":"default"`) {
		t.Errorf("entry %+v %s", got, got.Data)
	}
}

func TestAlertsThatBelongTogether(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	first := send(t, s, bruteForce)
	second := send(t, s, strings.NewReplacer(`"id":"1"`, `"id":"2"`, "web-1", "web-2", `"high"`, `"low"`).Replace(bruteForce))
	other := send(t, s, strings.NewReplacer(`"id":"1"`, `"id":"3"`, "198.51.100.23", "203.0.113.8").Replace(bruteForce))
	for _, id := range []string{first, second, other} {
		if err := s.Dispatch(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if len(store.opened) != 2 || len(store.joined) != 1 {
		t.Fatalf("%d opened, %d joined", len(store.opened), len(store.joined))
	}
	join := store.joined[0]
	if join.Alert.ID != second || store.alerts[second].IncidentID != store.alerts[first].IncidentID || store.alerts[other].IncidentID == store.alerts[first].IncidentID {
		t.Errorf("joined %+v", join)
	}
	if join.Alert.Fields != nil || join.By.ID != "generic" || !strings.Contains(join.Reason, "guessing_from_one_address") {
		t.Errorf("update %+v", join)
	}
}

func TestNothingJoinsAfterItsTime(t *testing.T) {
	t.Parallel()
	now := noon()
	store := newMemory()
	s := service(t, setup{store: store, now: func() time.Time { return now }})
	first := send(t, s, bruteForce)
	if err := s.Dispatch(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	now = now.Add(24*time.Hour + time.Second)
	second := send(t, s, strings.Replace(bruteForce, `"id":"1"`, `"id":"2"`, 1))
	if err := s.Dispatch(t.Context(), second); err != nil || len(store.opened) != 2 {
		t.Errorf("%v, %d opened", err, len(store.opened))
	}
}

func TestSentAgain(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, again    string
		end            bool
		opened, joined int
	}{
		{"the same", bruteForce, false, 1, 0},
		{"milder", strings.Replace(bruteForce, `"high"`, `"low"`, 1), false, 1, 0},
		{"worse than the incident", strings.Replace(bruteForce, `"high"`, `"critical"`, 1), false, 1, 1},
		{"after the incident has ended", bruteForce, true, 2, 0},
	}
	for _, row := range rows {
		store := newMemory()
		s := service(t, setup{store: store})
		id := send(t, s, bruteForce)
		if err := s.Dispatch(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		first := store.alerts[id].IncidentID
		if row.end {
			store.end(first)
		}
		if again := send(t, s, row.again); again != id {
			t.Fatalf("%s: another alert", row.name)
		}
		for range 2 {
			if err := s.Dispatch(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if len(store.opened) != row.opened || len(store.joined) != row.joined {
			t.Errorf("%s: %d opened, %d joined", row.name, len(store.opened), len(store.joined))
		}
		if now := store.alerts[id].IncidentID; row.end == (now == first) {
			t.Errorf("%s: before %s, now %s", row.name, first, now)
		}
	}
}

func TestIDIsTaken(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	id := send(t, s, bruteForce)
	for _, length := range []int{6, 8} {
		taken := incidentID(noon(), id+"/", length)
		store.incidents[taken] = soar.Incident{ID: taken, Status: soar.StatusAssessed}
	}
	if err := s.Dispatch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got := store.alerts[id].IncidentID; len(got) != len("INC-2026-")+10 {
		t.Errorf("incident %s", got)
	}
}

// Two dispatches of alerts that belong together, one between the other's look and
// its opening: one incident.
func TestTwoAtOnceOpenOne(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	first := send(t, s, bruteForce)
	second := send(t, s, strings.Replace(bruteForce, `"id":"1"`, `"id":"2"`, 1))
	raced := false
	store.before = func(method string) {
		if method == "IncidentOpen" && !raced {
			raced = true
			if err := s.Dispatch(t.Context(), second); err != nil {
				t.Error(err)
			}
		}
	}
	if err := s.Dispatch(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if len(store.opened) != 1 || len(store.joined) != 1 || store.alerts[first].IncidentID != store.alerts[second].IncidentID {
		t.Errorf("%d opened, %d joined", len(store.opened), len(store.joined))
	}
}

// The incident ends between the look and the joining: a new one is opened.
func TestIncidentEndsMeanwhile(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	first := send(t, s, bruteForce)
	if err := s.Dispatch(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := send(t, s, strings.Replace(bruteForce, `"id":"1"`, `"id":"2"`, 1))
	store.before = func(method string) {
		if method == "IncidentJoin" {
			store.end(store.opened[0].Input.Incident.ID)
		}
	}
	if err := s.Dispatch(t.Context(), second); err != nil || len(store.opened) != 2 {
		t.Errorf("%v, %d opened", err, len(store.opened))
	}
}

func TestDispatchErrors(t *testing.T) {
	t.Parallel()
	away := soar.Wrap(soar.CodeUnavailable, "fake", errors.New("connection refused"), "the database is away")
	for _, method := range []string{"AlertGet", "IncidentFindOpen", "IncidentOpen"} {
		store := newMemory()
		s := service(t, setup{store: store})
		id := send(t, s, bruteForce)
		store.fail[method] = away
		if err := s.Dispatch(t.Context(), id); soar.CodeOf(err) != soar.CodeUnavailable {
			t.Errorf("%s: %v", method, err)
		}
		store.fail = map[string]error{}
		if err := s.Dispatch(t.Context(), id); err != nil || len(store.opened) != 1 {
			t.Errorf("%s, again: %v, %d opened", method, err, len(store.opened))
		}
	}
	s := service(t, setup{store: newMemory()})
	if err := s.Dispatch(t.Context(), "ALR-NONE"); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("an alert that is not there: %v", err)
	}
	store := newMemory()
	s = service(t, setup{store: store})
	id := send(t, s, bruteForce)
	store.fail["IncidentOpen"] = conflict("again and again")
	if err := s.Dispatch(t.Context(), id); soar.CodeOf(err) != soar.CodeUnavailable {
		t.Errorf("endless conflicts must be tried again later: %v", err)
	}
	store = newMemory()
	s = service(t, setup{store: store})
	id = send(t, s, `{"title":"low","severity":"low"}`)
	store.fail["RecordAppend"] = away
	if err := s.Dispatch(t.Context(), id); soar.CodeOf(err) != soar.CodeUnavailable {
		t.Errorf("an event that could not be written down: %v", err)
	}
}

func TestHostileTitle(t *testing.T) {
	t.Parallel()
	store := newMemory()
	s := service(t, setup{store: store})
	id := send(t, s, `{"title":"a\u202eb\u001b[31m ${{ 1 }} `+strings.Repeat("x", 3000)+`","severity":"critical"}`)
	if err := s.Dispatch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	got := store.opened[0].Input.Incident.Title
	if len(got) > titleMost || strings.ContainsAny(got, "\u202e\x1b\n") || !strings.Contains(got, "${{ 1 }}") {
		t.Errorf("title %q", got)
	}
}
