package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

// drain dispatches what waits in the outbox from several workers until nothing does.
func drain(t *testing.T, s *Service, claim func(context.Context) ([]soar.OutboxItem, error), done func(context.Context, int64) error) {
	t.Helper()
	for {
		items, err := claim(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			return
		}
		group, ctx := errgroup.WithContext(t.Context())
		group.SetLimit(8)
		for _, item := range items {
			group.Go(func() error {
				var order soar.AlertDispatch
				if err := json.Unmarshal(item.Payload, &order); err != nil {
					return err
				}
				if err := s.Dispatch(ctx, order.AlertID); err != nil {
					return err
				}
				return done(ctx, item.ID)
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// A storm of alerts of one attack, dispatched side by side, is one incident; the
// other attack in it is another.
func TestStormIsOneIncident(t *testing.T) {
	t.Parallel()
	store := storetest.New(t)
	s := New(Options{Store: store, Playbooks: plans{playbook("contain", `incident.category == "brute_force"`, 1)}, Policy: service(t, setup{store: newMemory()}).policy,
		Sources: service(t, setup{store: newMemory()}).sources})
	senders, ctx := errgroup.WithContext(t.Context())
	senders.SetLimit(8)
	for i := range 60 {
		senders.Go(func() error {
			address := "198.51.100.23"
			if i%10 == 0 {
				address = "203.0.113.8"
			}
			body := fmt.Sprintf(`{"id":"%d","title":"sshd: brute force","severity":"high","host":{"name":"web-%d"},"source_ip":%q,"techniques":["T1110"]}`, i/2, i%7, address)
			_, err := s.Accept(ctx, tool("generic"), "generic", "application/json", []byte(body))
			return err
		})
	}
	if err := senders.Wait(); err != nil {
		t.Fatal(err)
	}
	drain(t, s, func(ctx context.Context) ([]soar.OutboxItem, error) {
		return store.OutboxClaim(ctx, []string{soar.OutboxAlertDispatch}, 30, time.Minute)
	}, store.OutboxDone)
	incidents, _, err := store.IncidentList(t.Context(), soar.IncidentFilter{})
	if err != nil || len(incidents) != 2 {
		t.Fatalf("%v, %d incidents", err, len(incidents))
	}
	alerts, _, err := store.AlertList(t.Context(), soar.AlertFilter{Page: soar.Page{Limit: soar.PageMost}})
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, alert := range alerts {
		sent += alert.Count
		if alert.IncidentID == "" {
			t.Errorf("alert %s belongs to no incident", alert.ID)
		}
	}
	if sent != 60 {
		t.Errorf("%d alerts are counted, 60 were sent", sent)
	}
	starts, err := store.OutboxClaim(t.Context(), []string{soar.OutboxIncidentStart}, 10, time.Minute)
	if err != nil || len(starts) != 2 {
		t.Fatalf("%v, %d starts", err, len(starts))
	}
	var input protocol.IncidentInput
	if err := json.Unmarshal(starts[0].Payload, &input); err != nil || len(input.Runs) != 1 || input.Runs[0].Playbook != "contain" || len(input.Alerts) != 1 {
		t.Errorf("%v %+v", err, input)
	}
	entries, err := store.RecordList(t.Context(), input.Incident.ID, 0, 10)
	if err != nil || len(entries) < 2 {
		t.Fatalf("%v, %d entries", err, len(entries))
	}
	if report := record.Verify(entries); !report.OK() {
		t.Errorf("the record does not verify: %+v", report.Faults)
	}
}

// Whatever is sent, the database takes it, and it comes back as it was.
func TestHostileBodiesAreStored(t *testing.T) {
	t.Parallel()
	store := storetest.New(t)
	with := service(t, setup{store: newMemory()})
	s := New(Options{Store: store, Playbooks: plans{}, Policy: with.policy, Sources: with.sources})
	for name, body := range map[string]string{
		"NUL":             `{"title":"a\u0000b","host":{"name":"\u0000x"},"k\u0000":["\u0000"],"severity":"high"}`,
		"raw NUL":         "{\"title\":\"a\x00\"}",
		"bad UTF-8":       "{\"title\":\"\xff\xfe\",\"severity\":\"high\"}",
		"lone surrogates": `{"title":"\ud800","severity":"critical"}`,
		"no JSON":         "\x00\xff\xfe<xml/>",
		"huge numbers":    `{"title":"t","severity":"high","n":1e999,"m":99999999999999999999}`,
		"deep":            strings.Repeat(`{"a":`, 9_999) + "1" + strings.Repeat("}", 9_999),
		"one megabyte":    `{"title":"t","severity":"high","x":"` + strings.Repeat("x", 1<<20-100) + `"}`,
		"far times":       `{"title":"t","severity":"high","occurred_at":"9999-12-31T23:59:59Z"}`,
		"quotes":          `{"title":"'; DROP TABLE alerts; --","severity":"high","host":{"name":"'\"\\"}}`,
	} {
		receipts, err := s.Accept(t.Context(), tool("generic"), "generic", "application/json", []byte(body))
		if err != nil || len(receipts) != 1 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if raw, err := store.AlertRaw(t.Context(), receipts[0].AlertID); err != nil || string(raw) != body {
			t.Errorf("%s: %v, %d bytes came back of %d", name, err, len(raw), len(body))
		}
		if err := s.Dispatch(t.Context(), receipts[0].AlertID); err != nil {
			t.Errorf("%s: dispatch: %v", name, err)
		}
		alert, err := store.AlertGet(t.Context(), receipts[0].AlertID)
		if err != nil || alert.IncidentID == "" && name != "raw NUL" {
			t.Errorf("%s: %v, incident %q", name, err, alert.IncidentID)
		}
	}
}
