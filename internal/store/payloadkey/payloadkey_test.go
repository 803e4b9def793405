package payloadkey_test

import (
	"testing"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/payloadkey"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestPayloadKeysAreKeptAndRetired(t *testing.T) {
	t.Parallel()
	kept := payloadkey.New(storetest.New(t))
	must(t, kept.Add(t.Context(), "first", []byte{1}))
	must(t, kept.Add(t.Context(), "second", []byte{2}))
	must(t, kept.Add(t.Context(), "first", []byte{9})) // known: its canary stays
	must(t, kept.Retire(t.Context(), "first"))
	keys, err := kept.List(t.Context())
	must(t, err)
	if len(keys) != 2 || keys[0].ID != "first" || keys[0].Canary[0] != 1 || keys[0].RetiredAt == nil || keys[0].FirstUsed.IsZero() ||
		keys[1].ID != "second" || keys[1].RetiredAt != nil {
		t.Errorf("got %+v", keys)
	}
	must(t, kept.Add(t.Context(), "first", []byte{9})) // in use again
	keys, err = kept.List(t.Context())
	must(t, err)
	if keys[0].RetiredAt != nil || keys[0].Canary[0] != 1 {
		t.Errorf("got %+v", keys[0])
	}
	if err := kept.Retire(t.Context(), "none"); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("an unknown key: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
