package incidents

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func keeperOfEvidence() soar.Principal {
	return person("custodian", soar.RoleEvidenceCustodian)
}

func custodyStep(action string) CustodyRequest {
	return CustodyRequest{EvidenceID: "EVD-INC-amber", Action: action, Reason: "for the court", RequestID: "c-" + action}
}

func TestCustody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	transfer := custodyStep("transfer")
	transfer.To = " laboratory "
	for _, request := range []CustodyRequest{transfer, custodyStep("seal"), custodyStep("hold"), custodyStep("verify"), custodyStep("unseal"), custodyStep("release_hold")} {
		if _, _, err := w.Custody(t.Context(), keeperOfEvidence(), request); err != nil {
			t.Fatalf("%s: %v", request.Action, err)
		}
	}
	_, custody, err := w.Custody(t.Context(), keeperOfEvidence(), transfer) // sent again
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range custody {
		got = append(got, entry.What+": "+entry.Why)
	}
	want := []string{
		"transferred: to laboratory: for the court", "sealed: for the court", "held: for the court",
		"verified: for the court (the bytes have their digest)", "unsealed: for the court", "hold_released: for the court",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("custody (-want +got)\n%s", diff)
	}
	entries := w.entries("INC-amber")
	if len(entries) != len(want) || entries[1] != "evidence.custody: Evidence EVD-INC-amber sealed by custodian@lab.invalid: for the court" {
		t.Errorf("record %q", entries)
	}
}

func TestCustodyRefused(t *testing.T) {
	t.Parallel()
	other, short, nobody := custodyStep("verify"), custodyStep("seal"), custodyStep("transfer")
	other.EvidenceID, short.Reason = "EVD-nothing", "x"
	toNobody := custodyStep("seal")
	toNobody.To = "somebody"
	for name, row := range map[string]struct {
		p       soar.Principal
		request CustodyRequest
		code    soar.Code
		field   string
	}{
		"an analyst":            {analyst(), custodyStep("seal"), soar.CodeDenied, ""},
		"not there":             {keeperOfEvidence(), other, soar.CodeNotFound, ""},
		"no reason":             {keeperOfEvidence(), short, soar.CodeInvalid, "reason"},
		"to nobody":             {keeperOfEvidence(), nobody, soar.CodeInvalid, "to"},
		"sealed to somebody":    {keeperOfEvidence(), toNobody, soar.CodeInvalid, "to"},
		"no such step":          {keeperOfEvidence(), custodyStep("burn"), soar.CodeInvalid, "action"},
		"opened and not sealed": {keeperOfEvidence(), custodyStep("unseal"), soar.CodeConflict, ""},
		"released and not held": {keeperOfEvidence(), custodyStep("release_hold"), soar.CodeConflict, ""},
		"who runs the machine":  {soar.Principal{Actor: analyst().Actor, Roles: []soar.Role{soar.RoleAdmin}}, custodyStep("seal"), soar.CodeDenied, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, _, err := w.Custody(t.Context(), row.p, row.request)
			if soar.CodeOf(err) != row.code || (row.field != "" && fieldOf(err) != row.field) {
				t.Errorf("got %v", err)
			}
			if len(w.store.custody) != 0 {
				t.Errorf("written all the same: %+v", w.store.custody)
			}
		})
	}
}

// TestSealedEvidenceStays: what is sealed leaves with who manages evidence only,
// and who tried stands in the record.
func TestSealedEvidenceStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, _, err := w.Custody(t.Context(), keeperOfEvidence(), custodyStep("seal")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Custody(t.Context(), keeperOfEvidence(), CustodyRequest{EvidenceID: "EVD-INC-amber", Action: "seal", Reason: "again", RequestID: "c-2"}); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("sealed twice: %v", err)
	}
	if _, _, err := w.EvidenceOpen(t.Context(), analyst(), "EVD-INC-amber"); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("an analyst took it out: %v", err)
	}
	entries := w.entries("INC-amber")
	if last := entries[len(entries)-1]; !strings.HasPrefix(last, "command.refused: analyst@lab.invalid tried to download evidence EVD-INC-amber") {
		t.Errorf("record %q", entries)
	}
	_, body, err := w.EvidenceOpen(t.Context(), keeperOfEvidence(), "EVD-INC-amber")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); err != nil || string(got) != "bytes" {
		t.Errorf("got %q %v", got, err)
	}
}

// TestVerifyFindsChangedBytes: that the bytes are not what they were is written
// down, without their digest.
func TestVerifyFindsChangedBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.blobs["sha of INC-amber"] = "changed"
	_, custody, err := w.Custody(t.Context(), keeperOfEvidence(), custodyStep("verify"))
	if err != nil || len(custody) != 1 || custody[0].SHA256 != "" || !strings.Contains(custody[0].Why, "do NOT have their digest") {
		t.Errorf("got %+v %v", custody, err)
	}
}
