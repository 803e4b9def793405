package chatpost_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/chatpost"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

const (
	lease = time.Minute
	fresh = time.Hour
)

func TestRoomsBehindTheirIncidentAreClaimedOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	rooms := chatpost.New(s)
	open(t, s, "INC-2026-LOW000", soar.SeverityLow, time.Now())
	open(t, s, "INC-2026-CRIT00", soar.SeverityCritical, time.Now())
	open(t, s, "INC-2026-0LD000", soar.SeverityHigh, time.Now().Add(-48*time.Hour)) // nothing waits in it

	claimed := claim(t, rooms)
	if diff := cmp.Diff([]string{"INC-2026-CRIT00", "INC-2026-LOW000"}, slices.Sorted(slices.Values(ids(claimed)))); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
	if again := claim(t, rooms); len(again) != 0 {
		t.Errorf("claimed twice: %v", ids(again))
	}
	for _, room := range claimed {
		if room.HeadSeq == 0 || room.SeenSeq != 0 || room.Done {
			t.Errorf("got %+v", room)
		}
		room.SeenSeq = room.HeadSeq
		must(t, rooms.Settle(t.Context(), room))
	}
	if again := claim(t, rooms); len(again) != 0 {
		t.Errorf("up to date and claimed: %v", ids(again))
	}
	must(t, s.RecordAppend(t.Context(), "INC-2026-LOW000", record.Payload{At: time.Now(), Kind: protocol.EventNote, By: soar.System("test"), Text: "more"}))
	again := claim(t, rooms)
	if diff := cmp.Diff([]string{"INC-2026-LOW000"}, ids(again)); diff != "" || again[0].HeadSeq != again[0].SeenSeq+1 {
		t.Errorf("%s\ngot %+v", diff, again)
	}
}

func TestWhatWaitsGivesAnOldIncidentARoom(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, "INC-2026-0LD000", soar.SeverityHigh, time.Now().Add(-48*time.Hour))
	_, err := s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: "INC-2026-0LD000", Tasks: []soar.Task{{ID: "TSK-1", IncidentID: "INC-2026-0LD000", Status: soar.TaskOpen, CreatedAt: time.Now()}}})
	must(t, err)
	if got := claim(t, chatpost.New(s)); len(got) != 1 {
		t.Errorf("got %v", ids(got))
	}
}

func TestPostsAndPlacesAreKept(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	rooms := chatpost.New(s)
	const id = "INC-2026-0A1B2C"
	open(t, s, id, soar.SeverityHigh, time.Now())
	room := claim(t, rooms)[0]
	room.Channel, room.Invited, room.ToldSeq = "C1", []string{"U1", "U2"}, 3
	must(t, rooms.Save(t.Context(), room))
	must(t, rooms.Posted(t.Context(), id, soar.ChatPost{Key: "incident", Channel: "C1", TS: "1.1", Digest: "a"}))
	must(t, rooms.Posted(t.Context(), id, soar.ChatPost{Key: "incident", Channel: "C1", TS: "1.1", Digest: "b"}))
	must(t, rooms.Posted(t.Context(), id, soar.ChatPost{Key: "task/TSK-1", Channel: "C1", TS: "1.2", Digest: "c"}))
	must(t, rooms.Posted(t.Context(), id, soar.ChatPost{Key: "task/TSK-1", Channel: "C1", Digest: "c"})) // deleted there
	due := time.Now().Add(-time.Second)
	room.SeenSeq, room.NextAt = room.HeadSeq, &due
	must(t, rooms.Settle(t.Context(), room))

	got := claim(t, rooms)
	if len(got) != 1 { // due by its time
		t.Fatalf("got %v", ids(got))
	}
	if diff := cmp.Diff([]soar.ChatPost{{Key: "incident", Channel: "C1", TS: "1.1", Digest: "b"}}, got[0].Posts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got[0].Channel != "C1" || got[0].ToldSeq != 3 || len(got[0].Invited) != 2 {
		t.Errorf("got %+v", got[0])
	}
	channel, err := rooms.Channel(t.Context(), id)
	if err != nil || channel != "C1" {
		t.Errorf("got %q, %v", channel, err)
	}
	if channel, err := rooms.Channel(t.Context(), "INC-2026-N0NE00"); err != nil || channel != "" {
		t.Errorf("no room: %q, %v", channel, err)
	}
	must(t, rooms.Retry(t.Context(), id, time.Hour))
	if again := claim(t, rooms); len(again) != 0 {
		t.Errorf("claimed before its wait is over: %v", ids(again))
	}
	must(t, rooms.Retry(t.Context(), id, 0))
	if again := claim(t, rooms); len(again) != 1 || again[0].Failures != 2 {
		t.Errorf("got %+v", again)
	}
	room.Done = true
	must(t, rooms.Settle(t.Context(), room))
	if again := claim(t, rooms); len(again) != 0 {
		t.Errorf("done and claimed: %v", ids(again))
	}
}

func open(t *testing.T, s *store.Store, id string, severity soar.Severity, at time.Time) {
	t.Helper()
	incident := soar.Incident{ID: id, Title: "x", Status: soar.StatusAssessed, Severity: severity, OpenedAt: at, OpenedBy: soar.System("test")}
	event := record.Payload{At: at, Kind: protocol.EventIncidentOpened, By: soar.System("test"), Text: "opened"}
	must(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: incident}}, event))
}

func claim(t *testing.T, rooms chatpost.Rooms) []soar.ChatRoom {
	t.Helper()
	got, err := rooms.Claim(t.Context(), 10, lease, fresh)
	must(t, err)
	return got
}

func ids(rooms []soar.ChatRoom) []string {
	var out []string
	for _, room := range rooms {
		out = append(out, room.IncidentID)
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
