package chat_test

import (
	"crypto/sha256"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/chat"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err error, code soar.Code) {
	t.Helper()
	if soar.CodeOf(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestANonceIsTakenOnceByAllProcesses(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	processes := []chat.Chat{chat.New(storetest.Open(t, url, store.Options{})), chat.New(storetest.Open(t, url, store.Options{}))}
	var work sync.WaitGroup
	var mu sync.Mutex
	got := map[soar.Code]int{}
	for i := range 64 {
		work.Go(func() {
			hashes := [][]byte{hash("event"), hash("bytes")}
			if i%3 == 0 { // in another order, which must not end in a deadlock
				hashes[0], hashes[1] = hashes[1], hashes[0]
			}
			err := processes[i%2].NonceTake(t.Context(), hashes...)
			mu.Lock()
			defer mu.Unlock()
			got[soar.CodeOf(err)]++
		})
	}
	work.Wait()
	if diff := cmp.Diff(map[soar.Code]int{"": 1, soar.CodeConflict: 63}, got); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	wants(t, chat.New(storetest.Open(t, url, store.Options{})).NonceTake(t.Context(), hash("event")), soar.CodeConflict) // a process that started anew
}

func TestNoncesAreTakenTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	c := chat.New(storetest.New(t))
	must(t, c.NonceTake(t.Context(), hash("a")))
	wants(t, c.NonceTake(t.Context(), hash("a"), hash("b")), soar.CodeConflict)
	must(t, c.NonceTake(t.Context(), hash("b"))) // was not taken with it
}

func TestOnlyOldNoncesAndCodesAreForgotten(t *testing.T) {
	t.Parallel()
	c := chat.New(storetest.New(t))
	must(t, c.NonceTake(t.Context(), hash("a")))
	now := time.Now().UTC()
	must(t, c.CodeAdd(t.Context(), hash("long over"), soar.SlackCode{Team: "T1", User: "U1", MadeAt: now.Add(-3 * time.Hour), ExpiresAt: now.Add(-2 * time.Hour)}))
	must(t, c.CodeAdd(t.Context(), hash("good"), soar.SlackCode{Team: "T1", User: "U2", MadeAt: now, ExpiresAt: now.Add(time.Hour)}))
	must(t, c.Purge(t.Context(), time.Hour))
	wants(t, c.NonceTake(t.Context(), hash("a")), soar.CodeConflict)
	must(t, c.Purge(t.Context(), 0))
	must(t, c.NonceTake(t.Context(), hash("a")))
	_, err := c.Claim(t.Context(), hash("long over"), "p1", soar.System("test"), now.Add(-150*time.Minute), told) // at a time when it was good
	wants(t, err, soar.CodeNotFound)
	_, err = c.Claim(t.Context(), hash("good"), "p2", soar.System("test"), now, told)
	must(t, err)
}

func told(i soar.SlackIdentity) record.Payload {
	return record.Payload{At: noon, Kind: protocol.EventSlackLinked, By: soar.System("test"), Text: i.Person + " is " + i.User}
}

// chain gives the texts of the system's record.
func chain(t *testing.T, s *store.Store) string {
	t.Helper()
	entries, err := s.RecordList(t.Context(), record.ChainSystem, 0, 100)
	must(t, err)
	var texts []string
	for _, entry := range entries {
		payload, err := record.ParsePayload(entry.Payload)
		must(t, err)
		texts = append(texts, payload.Text)
	}
	return strings.Join(texts, "\n")
}

func TestWhoIsWho(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	c := chat.New(s)
	by := soar.Actor{Kind: soar.ActorPerson, ID: "ana"}
	code := func(text, user string) {
		t.Helper()
		must(t, c.CodeAdd(t.Context(), hash(text), soar.SlackCode{Team: "T1", User: user, MadeAt: noon, ExpiresAt: noon.Add(10 * time.Minute)}))
	}
	claim := func(text, person string, after time.Duration) (soar.SlackIdentity, error) {
		return c.Claim(t.Context(), hash(text), person, by, noon.Add(after), told)
	}
	code("first", "U1")
	code("second", "U1") // an older code of the same user is good no more
	_, err := claim("first", "ana", 0)
	wants(t, err, soar.CodeNotFound)
	_, err = claim("second", "ana", 10*time.Minute) // to the instant
	wants(t, err, soar.CodeNotFound)
	linked, err := claim("second", "ana", time.Minute)
	must(t, err)
	want := soar.SlackIdentity{Team: "T1", User: "U1", Person: "ana", LinkedAt: noon.Add(time.Minute), LinkedBy: by}
	if diff := cmp.Diff(want, linked); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	_, err = claim("second", "bob", time.Minute) // once
	wants(t, err, soar.CodeNotFound)

	// One user is one person, one person is one user of a workspace; the code stays good.
	code("third", "U2")
	_, err = claim("third", "ana", time.Minute)
	wants(t, err, soar.CodeConflict)
	_, err = claim("third", "bob", time.Minute)
	must(t, err)
	code("fourth", "U1")
	_, err = claim("fourth", "cleo", time.Minute)
	wants(t, err, soar.CodeConflict)

	found, err := c.Identity(t.Context(), "T1", "U1")
	must(t, err)
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	_, err = c.Identity(t.Context(), "T2", "U1") // of another workspace
	wants(t, err, soar.CodeNotFound)
	all, err := c.Identities(t.Context(), "")
	must(t, err)
	bobs, err := c.Identities(t.Context(), "bob")
	must(t, err)
	if len(all) != 2 || all[0].Person != "ana" || all[1].Person != "bob" || len(bobs) != 1 || bobs[0].User != "U2" {
		t.Errorf("got %+v, %+v", all, bobs)
	}

	event := record.Payload{At: noon, Kind: protocol.EventSlackUnlinked, By: by, Text: "ana is U1 no more"}
	must(t, c.Unlink(t.Context(), "T1", "U1", noon.Add(time.Hour), event))
	wants(t, c.Unlink(t.Context(), "T1", "U1", noon.Add(time.Hour), event), soar.CodeNotFound)
	_, err = c.Identity(t.Context(), "T1", "U1")
	wants(t, err, soar.CodeNotFound)
	_, err = claim("fourth", "cleo", 2*time.Minute) // the user is free again
	must(t, err)
	if got := chain(t, s); got != "ana is U1\nbob is U2\nana is U1 no more\ncleo is U1" {
		t.Errorf("the record has %q", got)
	}
}

func TestARefusalStandsInTheRecord(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	must(t, chat.New(s).Note(t.Context(), record.Payload{At: noon, Kind: protocol.EventSlackRefused, By: soar.System("slack"), Text: "refused"}))
	if got := chain(t, s); got != "refused" {
		t.Errorf("the record has %q", got)
	}
}

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	c := chat.New(s)
	s.Close()
	for name, err := range map[string]error{
		"nonce": c.NonceTake(t.Context(), hash("a")), "purge": c.Purge(t.Context(), 0),
		"unlink": c.Unlink(t.Context(), "T1", "U1", noon, record.Payload{At: noon, Kind: protocol.EventSlackUnlinked, By: soar.System("x"), Text: "x"}),
	} {
		if code := soar.CodeOf(err); code != soar.CodeUnavailable && code != soar.CodeInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
}
