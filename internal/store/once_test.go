package store_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/once"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func freezeUnder(ctx context.Context, s *store.Store, key once.Key) error {
	event := record.Payload{At: time.Now().UTC(), Kind: "freeze.changed", By: soar.System("test"), Text: "frozen"}
	return s.FreezeSet(once.With(ctx, key), soar.Freeze{On: true}, event)
}

func chainLength(t *testing.T, s *store.Store) int {
	t.Helper()
	entries, err := s.RecordList(t.Context(), record.ChainSystem, 0, 100)
	must(t, err)
	return len(entries)
}

// TestOneOfManyWithAKeyActs sends one key from eight sides at once.
func TestOneOfManyWithAKeyActs(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	key := once.Key{ID: "k", Digest: []byte{1}}
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = freezeUnder(t.Context(), s, key) })
	}
	all.Wait()
	well := 0
	for _, err := range errs {
		switch {
		case err == nil:
			well++
		case soar.CodeOf(err) != soar.CodeConflict:
			t.Errorf("the others are told %v", err)
		}
	}
	if n := chainLength(t, s); well != 1 || n != 1 {
		t.Errorf("%d went well, the chain has %d entries", well, n)
	}
}

// TestTheKeyGoesWithTheChange: what is rolled back has taken no key.
func TestTheKeyGoesWithTheChange(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	ctx := once.With(t.Context(), once.Key{ID: "k", Digest: []byte{1}})
	if err := s.OutboxUnpark(ctx, 17, record.Payload{}); soar.CodeOf(err) != soar.CodeNotFound {
		t.Fatal(err)
	}
	if done, err := s.OnceFind(t.Context(), "k"); done != nil || err != nil {
		t.Errorf("%+v %v", done, err)
	}
	must(t, freezeUnder(t.Context(), s, once.Key{ID: "k", Digest: []byte{1}}))
	done, err := s.OnceFind(t.Context(), "k")
	must(t, err)
	if diff := cmp.Diff(&once.Done{Digest: []byte{1}, Recent: true}, done); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnswersAreKept(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	key := once.Key{ID: "k", Digest: []byte{1}}
	token := soar.Token{ID: "tok1", Name: "x", Hash: []byte{7}, Actor: soar.System("x"), CreatedAt: time.Now()}
	must(t, s.TokenInsert(once.With(t.Context(), key), token, record.Payload{At: time.Now().UTC(), Kind: "token.created", By: soar.System("test"), Text: "made"}))
	first := once.Answer{Status: 200, MediaType: "application/json", ETag: `"a"`, Body: []byte("{}")}
	must(t, s.OnceAnswer(t.Context(), key, first))
	must(t, s.OnceAnswer(t.Context(), key, once.Answer{Status: 500}))                                        // the first stays
	must(t, s.OnceAnswer(t.Context(), once.Key{ID: "k", Digest: []byte{2}}, once.Answer{Status: 500}))       // another request
	must(t, s.OnceAnswer(t.Context(), once.Key{ID: "nothing", Digest: []byte{3}}, once.Answer{Status: 204})) // nothing had to be changed
	for id, want := range map[string]*once.Done{
		"k":       {Digest: []byte{1}, Made: "token tok1", Recent: true, Answer: &first},
		"nothing": {Digest: []byte{3}, Recent: true, Answer: &once.Answer{Status: 204, Body: []byte{}}},
		"none":    nil,
	} {
		got, err := s.OnceFind(t.Context(), id)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", id, diff)
		}
	}
}

func TestKeysExpire(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.Open(t, url, store.Options{})
	for i := range 3 {
		must(t, freezeUnder(t.Context(), s, once.Key{ID: strconv.Itoa(i), Digest: []byte{1}}))
	}
	must(t, raw(t, url, `UPDATE idempotency_keys SET expires_at = now() - interval '1 second' WHERE id <> '2'`))
	if done, err := s.OnceFind(t.Context(), "0"); done != nil || err != nil {
		t.Errorf("%+v %v", done, err)
	}
	must(t, freezeUnder(t.Context(), s, once.Key{ID: "0", Digest: []byte{9}})) // free again
	_, err := s.Purge(t.Context(), time.Hour)
	must(t, err)
	var left int
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	must(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM idempotency_keys`).Scan(&left))
	if done, err := s.OnceFind(t.Context(), "2"); done == nil || err != nil || left != 2 {
		t.Errorf("%d keys are left, one of them is %+v, %v", left, done, err)
	}
}
