package store_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// TestAsServiceRole: the grants of tocsin_app are enough for the whole service,
// which TestRoles shows to be refused everything else.
func TestAsServiceRole(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(storetest.URL(t))
	must(t, err)
	query := u.Query()
	query.Set("role", "tocsin_app")
	u.RawQuery = query.Encode()
	s := storetest.Open(t, u.String(), store.Options{})

	get2(s.AlertInsert(t.Context(), alert(1), nil))(t)
	get2(s.AlertInsert(t.Context(), alert(1), []byte("again")))(t)
	pending(t, s, "APR-1")
	must(t, s.IncidentJoin(t.Context(), incidentID, "ALR-0001", protocol.AddAlert{Command: protocol.Command{ID: "join"}}))
	get(s.JournalWrite(t.Context(), protocol.JournalBatch{IncidentID: incidentID, Events: events(1, 2), Tasks: []soar.Task{task("TSK-1")}, Messages: []protocol.Message{{ID: "m"}}}))(t)
	get2(s.DecisionInsert(t.Context(), decision("d1", "APR-1", lead), event("approved")))(t)
	must(t, s.TaskComplete(t.Context(), "TSK-1", protocol.CompleteTask{Command: protocol.Command{ID: "c1"}}, event("done")))
	must(t, s.CommandInsert(t.Context(), incidentID, protocol.UpdateNote, "c2", protocol.Note{}, event("note")))
	get2(s.LedgerBegin(t.Context(), ledgerEntry("k1"), event("intent")))(t)
	get(s.LedgerMove(t.Context(), "k1", []soar.LedgerState{soar.LedgerIntent}, soar.LedgerSent, soar.LedgerChange{}, nil))(t)
	withCustody(t, s)
	must(t, s.CustodyAppend(t.Context(), soar.CustodyEntry{EvidenceID: "EVD-1", What: "verified"}, event("verified")))
	must(t, s.FreezeSet(t.Context(), soar.Freeze{On: true}, event("freeze")))
	must(t, s.ProtectedReplace(t.Context(), nil, []soar.Protected{{Class: "host", Pattern: "x"}}, event("list")))
	get(s.PlaybookInsert(t.Context(), version("a", "1", "d1"), event("publish")))(t)
	must(t, s.PlaybookActivate(t.Context(), "a", "d1", event("activate")))
	must(t, s.PlaybookDisable(t.Context(), "a", event("disable")))
	must(t, s.TokenInsert(t.Context(), soar.Token{ID: "t", Hash: []byte{1}}, event("token")))
	must(t, s.TokenTouch(t.Context(), "t"))
	must(t, s.TokenRevoke(t.Context(), "t", event("revoked")))
	items(t, s, soar.OutboxAlertDispatch, soar.OutboxIncidentStart, soar.OutboxIncidentUpdate, soar.OutboxNotify)
	get(s.Purge(t.Context(), -time.Minute))(t)
	get(s.IncidentDetail(t.Context(), incidentID))(t)
	chain(t, s, incidentID)
	chain(t, s, "system")
}
