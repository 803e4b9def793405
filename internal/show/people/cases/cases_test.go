package cases_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/show/people/cases"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

// away is a Temporal that cannot be reached: what counts is what was committed.
type away struct{}

func (away) UpdateIncident(context.Context, string, string, string, json.RawMessage) (protocol.Reply, error) {
	return protocol.Reply{}, soar.Errorf(soar.CodeUnavailable, "temporal", "away")
}

// directory is the people of the cases, with the rules of internal/people.
type directory struct {
	world  cases.World
	policy *policy.Policy
}

func (d directory) Find(_ context.Context, id string) (soar.Person, error) {
	for _, p := range d.world.People {
		if p.ID == id {
			return p, nil
		}
	}
	return soar.Person{}, soar.Errorf(soar.CodeNotFound, "directory", "there is no person %s", id)
}

func (d directory) Unqualified(_ context.Context, id string, actions []string, at time.Time) (missing []string, err error) {
	for _, class := range d.policy.Demanded(actions) {
		held := false
		for _, q := range d.world.Qualifications {
			held = held || q.Person == id && q.Class == class && q.ValidAt(at)
		}
		if !held {
			missing = append(missing, class)
		}
	}
	return missing, nil
}

func (d directory) Represents(ctx context.Context, id string, at time.Time) (people []soar.Person, err error) {
	for _, absence := range d.world.Absences {
		if absence.Delegate == id && absence.Covers(at) {
			p, err := d.Find(ctx, absence.Person)
			if err != nil {
				return nil, err
			}
			people = append(people, p)
		}
	}
	return people, nil
}

// door is the use case itself.
type door struct{ *incidents.Service }

func (d door) Decide(ctx context.Context, c cases.Case) (bool, string, error) {
	_, err := d.Service.Decide(ctx, soar.Principal{Actor: c.By, Roles: c.Roles}, incidents.DecideRequest{
		ApprovalID: c.ApprovalID, DecisionID: c.DecisionID, Approve: c.Approve, Reason: c.Reason, Digest: c.Digest, Via: "api",
	})
	if code := soar.CodeOf(err); code == soar.CodeInternal || code == soar.CodeUnavailable {
		return false, "", err
	}
	return err == nil, soar.MessageOf(err), nil
}

func open(t *testing.T, world cases.World) (door, *store.Store) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "competence.yaml"), []byte(cases.Competence), 0o600); err != nil {
		t.Fatal(err)
	}
	rules, faults := policy.Load(dir)
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	s := storetest.New(t)
	for _, incident := range world.Incidents {
		event := record.Payload{At: incident.OpenedAt, Kind: protocol.EventIncidentOpened, By: incident.OpenedBy, Text: "opened"}
		if err := s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: incident}}, event); err != nil {
			t.Fatal(err)
		}
		batch := protocol.JournalBatch{IncidentID: incident.ID}
		for _, a := range world.Approvals {
			if a.IncidentID == incident.ID {
				batch.Approvals = append(batch.Approvals, a)
			}
		}
		if _, err := s.JournalWrite(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range world.Decisions {
		if _, _, err := s.DecisionInsert(t.Context(), d, record.Payload{At: d.At, Kind: protocol.EventCommand, By: d.By, Text: "before"}); err != nil {
			t.Fatal(err)
		}
	}
	service := incidents.New(incidents.Options{Store: s, Workflows: away{}, People: directory{world, rules}, Policy: rules, Logger: slog.New(slog.DiscardHandler)})
	return door{service}, s
}

// TestForgedAndOwnApprovals plays the cases through the use case: of those that are
// forged none is taken, each is told why, and the genuine ones are.
func TestForgedAndOwnApprovals(t *testing.T) {
	t.Parallel()
	world, all := cases.Generate(4, 525, time.Now())
	d, s := open(t, world)
	forged, genuine, kinds := 0, 0, map[string]int{}
	for _, c := range all {
		accepted, told, err := d.Decide(t.Context(), c)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if accepted != c.Accept || !strings.Contains(told, c.Told) || !accepted && told == "" {
			t.Errorf("%s: accepted %v, told %q; want %v with %q", c.Name, accepted, told, c.Accept, c.Told)
		}
		kinds[c.Kind]++
		if c.Accept {
			genuine++
		} else {
			forged++
		}
	}
	if forged < 500 || genuine < 50 || len(kinds) < 30 {
		t.Errorf("%d forged and %d genuine cases of %d kinds", forged, genuine, len(kinds))
	}
	for _, a := range world.Approvals {
		after, err := s.ApprovalGet(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, taken := range after.Decisions {
			if reason := quorum.WhyNot(after, taken); reason != quorum.Counts {
				t.Errorf("%s keeps a decision that does not count: %s", a.ID, reason)
			}
		}
	}
	again, twice := cases.Generate(4, 525, time.Now())
	if len(again.Approvals) != len(world.Approvals) || cmp.Diff(all, twice) != "" {
		t.Error("the same seed gives other cases")
	}
}

// TestShuffledAnswers sends answers double, reordered, stale and at once. Every
// approval has one outcome, and everybody who was told of one was told that one.
// TOCSIN_SHUFFLES=10000 plays as many as make show-people does.
func TestShuffledAnswers(t *testing.T) {
	t.Parallel()
	n := 200
	if text := os.Getenv("TOCSIN_SHUFFLES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	world, shuffles := cases.Shuffles(11, n, time.Now())
	d, s := open(t, world)
	var work sync.WaitGroup
	queue := make(chan cases.Shuffle)
	for range 4 {
		work.Go(func() {
			for shuffle := range queue {
				play(t, d, s, shuffle)
			}
		})
	}
	for _, shuffle := range shuffles {
		queue <- shuffle
	}
	close(queue)
	work.Wait()
}

// play sends the answers of one shuffle, those of one wave at once.
func play(t *testing.T, d door, s *store.Store, shuffle cases.Shuffle) {
	if _, err := shuffle.Play(t.Context(), d); err != nil {
		t.Error(err)
	}
	after, err := s.ApprovalGet(t.Context(), shuffle.ApprovalID)
	if err != nil {
		t.Error(err)
		return
	}
	if err := cases.OneOutcome(after); err != nil {
		t.Error(err)
	}
	if err := chained(t.Context(), s, after.IncidentID, rand.IntN(50)); err != nil { //nolint:gosec // which records are verified does not matter
		t.Error(err)
	}
}

// chained verifies the record of one incident now and then.
func chained(ctx context.Context, s *store.Store, incident string, luck int) error {
	if luck != 0 {
		return nil
	}
	entries, err := s.RecordList(ctx, incident, 0, 0)
	if err != nil {
		return err
	}
	if report := record.Verify(entries); !report.OK() {
		return fmt.Errorf("the record of %s does not verify: %+v", incident, report.Faults)
	}
	return nil
}
