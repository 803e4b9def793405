package store_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func ledgerEntry(key string) soar.LedgerEntry {
	return soar.LedgerEntry{Key: key, IncidentID: incidentID, StepPath: "r1/isolate", Action: "edr.isolate_host", Risk: soar.RiskChange, Target: "web-1", Args: map[string]any{"host": "web-1"}, State: soar.LedgerIntent}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	entry, created, err := s.LedgerBegin(t.Context(), ledgerEntry("k1"), event("intent"))
	must(t, err)
	same(t, true, created)
	if diff := cmp.Diff(ledgerEntry("k1"), entry, cmpopts.IgnoreFields(soar.LedgerEntry{}, "CreatedAt", "UpdatedAt")); diff != "" || time.Since(entry.CreatedAt) > time.Hour {
		t.Error(diff, entry.CreatedAt)
	}
	move := func(to soar.LedgerState, change soar.LedgerChange, from ...soar.LedgerState) (soar.LedgerEntry, error) {
		e := event(string(to))
		return s.LedgerMove(t.Context(), "k1", from, to, change, &e)
	}
	sent := get(move(soar.LedgerSent, soar.LedgerChange{Attempt: true}, soar.LedgerIntent))(t)
	same(t, 1, sent.Attempts)
	unknown := get(move(soar.LedgerUnknown, soar.LedgerChange{Error: "no answer\x00"}, soar.LedgerSent))(t)
	same(t, "no answer\uFFFD", unknown.Error)
	done := get(move(soar.LedgerReconciled, soar.LedgerChange{Output: map[string]any{"isolated": true}}, soar.LedgerSent, soar.LedgerUnknown))(t)
	same(t, map[string]any{"isolated": true}, done.Output)
	same(t, "", done.Error)
	kept := get(s.LedgerMove(t.Context(), "k1", []soar.LedgerState{soar.LedgerReconciled}, soar.LedgerCompensated, soar.LedgerChange{}, nil))(t)
	same(t, done.Output, kept.Output)
	same(t, []string{"opened", "intent", "sent", "unknown", "reconciled"}, chain(t, s, incidentID))

	again, created, err := s.LedgerBegin(t.Context(), ledgerEntry("k1"), event("intent"))
	must(t, err)
	same(t, false, created)
	same(t, kept, again)
	same(t, kept, get(s.LedgerGet(t.Context(), "k1"))(t))
	same(t, []soar.LedgerEntry{kept}, get(s.LedgerList(t.Context(), incidentID))(t))
}

func TestLedgerRefuses(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	_, _, err := s.LedgerBegin(t.Context(), ledgerEntry(""), event("intent"))
	wantCode(t, err, soar.CodeInvalid, "key")
	foreign := ledgerEntry("k9")
	foreign.IncidentID = "nope"
	_, _, err = s.LedgerBegin(t.Context(), foreign, event("intent"))
	wantCode(t, err, soar.CodeNotFound, "refers")
	_, _, err = s.LedgerBegin(t.Context(), ledgerEntry("k1"), record.Payload{})
	wantCode(t, err, soar.CodeInvalid, "recorded")
	_, err = s.LedgerGet(t.Context(), "k1")
	wantCode(t, err, soar.CodeNotFound, "ledger entry") // intent and its record entry: both or none

	get2(s.LedgerBegin(t.Context(), ledgerEntry("k1"), event("intent")))(t)
	intent, sent := []soar.LedgerState{soar.LedgerIntent}, []soar.LedgerState{soar.LedgerSent}
	_, err = s.LedgerMove(t.Context(), "k1", sent, soar.LedgerConfirmed, soar.LedgerChange{}, nil)
	wantCode(t, err, soar.CodeConflict, "is intent")
	_, err = s.LedgerMove(t.Context(), "k1", intent, soar.LedgerUnknown, soar.LedgerChange{}, nil)
	wantCode(t, err, soar.CodeInvalid, "cannot become unknown")
	_, err = s.LedgerMove(t.Context(), "k1", intent, "mystery", soar.LedgerChange{}, nil)
	wantCode(t, err, soar.CodeInvalid, "cannot become")
	_, err = s.LedgerMove(t.Context(), "nope", intent, soar.LedgerSent, soar.LedgerChange{}, nil)
	wantCode(t, err, soar.CodeNotFound, "ledger entry")
}

// TestLedgerFence: an attempt that was thought dead and comes back is told so.
func TestLedgerFence(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	get2(s.LedgerBegin(t.Context(), ledgerEntry("k1"), event("intent")))(t)
	states := []soar.LedgerState{soar.LedgerIntent, soar.LedgerSent}
	send := func(fence int) (soar.LedgerEntry, error) {
		return s.LedgerMove(t.Context(), "k1", states, soar.LedgerSent, soar.LedgerChange{Attempt: true, Fence: &fence}, nil)
	}
	same(t, 1, get(send(0))(t).Attempts)
	_, err := send(0)
	wantCode(t, err, soar.CodeConflict, "taken over")
	same(t, 2, get(send(1))(t).Attempts)
}

// TestLedgerAtOnce: of 32 that begin one key one has created it, and of 32 that
// move it to sent one may send.
func TestLedgerAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	var winners atomic.Int32
	must(t, errors.Join(together(32, func(int) error {
		_, created, err := s.LedgerBegin(t.Context(), ledgerEntry("k1"), event("intent"))
		if created {
			winners.Add(1)
		}
		return err
	})...))
	same(t, int32(1), winners.Load())
	sent := 0
	for _, err := range together(32, func(int) error {
		e := event("sent")
		_, err := s.LedgerMove(t.Context(), "k1", []soar.LedgerState{soar.LedgerIntent}, soar.LedgerSent, soar.LedgerChange{Attempt: true}, &e)
		return err
	}) {
		if err == nil {
			sent++
			continue
		}
		wantCode(t, err, soar.CodeConflict, "is sent")
	}
	same(t, 1, sent)
	same(t, []string{"opened", "intent", "sent"}, chain(t, s, incidentID))
}

func TestLedgerCount(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	open(t, s, "INC-2026-000002")
	begin := func(key, incident, action string) {
		e := ledgerEntry(key)
		e.IncidentID, e.Action = incident, action
		get2(s.LedgerBegin(t.Context(), e, event("intent")))(t)
	}
	begin("a", incidentID, "edr.isolate_host")
	begin("b", incidentID, "edr2.isolate_host")
	begin("c", "INC-2026-000002", "edr.isolate_host")
	begin("d", incidentID, "edr.release_host")
	begin("e", incidentID, "edr.isolate_host")
	get(s.LedgerMove(t.Context(), "e", []soar.LedgerState{soar.LedgerIntent}, soar.LedgerFailed, soar.LedgerChange{}, nil))(t)
	inIncident, recent, err := s.LedgerCount(t.Context(), incidentID, "isolate_host", time.Hour)
	must(t, err)
	same(t, [2]int{2, 3}, [2]int{inIncident, recent})
	inIncident, recent, err = s.LedgerCount(t.Context(), incidentID, "isolate_host", 0)
	must(t, err)
	same(t, [2]int{2, 0}, [2]int{inIncident, recent})
}

func TestGuardTables(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	same(t, soar.Freeze{}, get(s.FreezeGet(t.Context()))(t))
	freeze := soar.Freeze{On: true, Scope: "edr", Reason: "test", By: lead, At: at}
	must(t, s.FreezeSet(t.Context(), freeze, event("freeze")))
	same(t, freeze, get(s.FreezeGet(t.Context()))(t))
	must(t, s.FreezeSet(t.Context(), soar.Freeze{By: lead, At: at}, event("thaw")))
	same(t, false, get(s.FreezeGet(t.Context()))(t).On)

	same(t, []soar.Protected{}, get(s.ProtectedList(t.Context()))(t))
	list := []soar.Protected{{Class: "host", Pattern: "dc-*", Reason: "domain"}, {Class: "user", Pattern: "break-glass", Reason: "last way in"}}
	must(t, s.ProtectedReplace(t.Context(), nil, list, event("list")))
	same(t, list, get(s.ProtectedList(t.Context()))(t))
	must(t, s.ProtectedReplace(t.Context(), list, list[:1], event("shorter")))
	same(t, list[:1], get(s.ProtectedList(t.Context()))(t))
	wantCode(t, s.ProtectedReplace(t.Context(), list, list, event("stale")), soar.CodeConflict, "changed in the meantime")
	wantCode(t, s.ProtectedReplace(t.Context(), list[:1], []soar.Protected{list[0], list[0]}, event("doubled")), soar.CodeConflict, "")
	same(t, list[:1], get(s.ProtectedList(t.Context()))(t))
	same(t, []string{"freeze", "thaw", "list", "shorter"}, chain(t, s, "system"))
}
