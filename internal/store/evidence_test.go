package store_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func evidence(id string) soar.Evidence {
	return soar.Evidence{ID: id, IncidentID: incidentID, StepPath: "r1/collect", Name: "../../etc/passwd", MediaType: "text/plain", Bytes: 5, SHA256: strings.Repeat("ab", 32), Source: "web-1", Method: "edr.collect_evidence", Volatility: 1, CollectedBy: analyst, CollectedAt: at, TLP: soar.TLPAmber}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	first := soar.CustodyEntry{What: "collected", By: analyst, Why: "step", At: at}
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-1"), first, event("collected")))
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-1"), first, event("collected"))) // an activity's second attempt
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-2"), first, event("collected too")))
	must(t, s.CustodyAppend(t.Context(), soar.CustodyEntry{EvidenceID: "EVD-1", Seq: 77, What: "exported", By: lead, At: at}, event("exported")))

	same(t, []soar.Evidence{evidence("EVD-1"), evidence("EVD-2")}, get(s.EvidenceList(t.Context(), incidentID))(t))
	same(t, evidence("EVD-2"), get(s.EvidenceGet(t.Context(), "EVD-2"))(t))
	want := []soar.CustodyEntry{{EvidenceID: "EVD-1", Seq: 1, What: "collected", By: analyst, Why: "step", At: at}, {EvidenceID: "EVD-1", Seq: 2, What: "exported", By: lead, At: at}}
	same(t, want, get(s.CustodyList(t.Context(), "EVD-1"))(t))
	same(t, []string{"opened", "collected", "collected too", "exported"}, chain(t, s, incidentID))

	other := evidence("EVD-1")
	other.SHA256 = strings.Repeat("cd", 32)
	wantCode(t, s.EvidenceInsert(t.Context(), other, first, event("x")), soar.CodeConflict, "other contents")
	other.SHA256 = "short"
	wantCode(t, s.EvidenceInsert(t.Context(), other, first, event("x")), soar.CodeInvalid, "SHA-256")
	other = evidence("EVD-3")
	other.IncidentID = "nope"
	wantCode(t, s.EvidenceInsert(t.Context(), other, first, event("x")), soar.CodeNotFound, "refers")
	wantCode(t, s.CustodyAppend(t.Context(), soar.CustodyEntry{EvidenceID: "nope"}, event("x")), soar.CodeNotFound, "evidence")
	_, err := s.EvidenceGet(t.Context(), "nope")
	wantCode(t, err, soar.CodeNotFound, "evidence")
}

func TestCustodyAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	open(t, s, incidentID)
	must(t, s.EvidenceInsert(t.Context(), evidence("EVD-1"), soar.CustodyEntry{What: "collected"}, event("collected")))
	must(t, errors.Join(together(16, func(int) error {
		return s.CustodyAppend(t.Context(), soar.CustodyEntry{EvidenceID: "EVD-1", What: "verified"}, event("verified"))
	})...))
	for i, entry := range get(s.CustodyList(t.Context(), "EVD-1"))(t) {
		same(t, i+1, entry.Seq)
	}
	same(t, 18, len(chain(t, s, incidentID)))
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	digest, _, size, err := s.BlobPut(t.Context(), strings.NewReader("hello"), 100)
	must(t, err)
	same(t, int64(5), size)
	in := get(s.BlobOpen(t.Context(), digest))(t)
	defer in.Close()
	same(t, "hello", string(get(io.ReadAll(in))(t)))

	without := storetest.Open(t, storetest.URL(t), store.Options{})
	_, _, _, err = without.BlobPut(t.Context(), strings.NewReader("x"), 1)
	wantCode(t, err, soar.CodeUnavailable, "no folder")
	_, err = without.BlobOpen(t.Context(), digest)
	wantCode(t, err, soar.CodeUnavailable, "no folder")
}
