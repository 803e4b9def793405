package incidents

import (
	"context"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestEvidenceOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	item, body, err := w.EvidenceOpen(t.Context(), analyst(), "EVD-INC-amber")
	if err != nil {
		t.Fatal(err)
	}
	want := []soar.CustodyEntry{{EvidenceID: "EVD-INC-amber", What: "exported", By: analyst().Actor, Why: "downloaded", SHA256: "sha of INC-amber", At: noon()}}
	if diff := cmp.Diff(want, w.store.custody); diff != "" {
		t.Errorf("before a byte was read (-want +got)\n%s", diff)
	}
	got, err := io.ReadAll(body)
	if err != nil || string(got) != "bytes" || item.ID != "EVD-INC-amber" {
		t.Errorf("got %q of %s %v", got, item.ID, err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"evidence.exported: Evidence EVD-INC-amber: memory was downloaded"}, w.entries("INC-amber")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, custody, err := w.Evidence(t.Context(), analyst(), "EVD-INC-amber")
	if err != nil || len(custody) != 1 {
		t.Errorf("got %+v %v", custody, err)
	}
}

func TestChangedEvidenceIsWrittenDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.blobs["sha of INC-amber"] = "changed"
	ctx, cancel := context.WithCancel(t.Context())
	_, body, err := w.EvidenceOpen(ctx, analyst(), "EVD-INC-amber")
	if err != nil {
		t.Fatal(err)
	}
	cancel() // the reader goes away at that moment
	for range 2 {
		if _, err := io.ReadAll(body); soar.CodeOf(err) != soar.CodeConflict {
			t.Errorf("got %v", err)
		}
	}
	if len(w.store.custody) != 2 || w.store.custody[1].What != "verified" || w.store.custody[1].SHA256 != "" || w.store.custody[1].By.Kind != soar.ActorSystem {
		t.Errorf("custody %+v", w.store.custody)
	}
	if entries := w.entries("INC-amber"); len(entries) != 2 || entries[1] != "evidence.changed: Evidence EVD-INC-amber: memory does not have its digest any more" {
		t.Errorf("record %v", entries)
	}
}

func TestNoBytesWithoutCustody(t *testing.T) {
	t.Parallel()
	away := soar.Errorf(soar.CodeUnavailable, "memory", "away")
	w := newWorld(t)
	w.store.fail["CustodyAppend"] = away
	if _, body, err := w.EvidenceOpen(t.Context(), analyst(), "EVD-INC-amber"); body != nil || soar.CodeOf(err) != soar.CodeUnavailable {
		t.Errorf("got %v %v", body, err)
	}
	for code, fail := range map[soar.Code]error{soar.CodeUnavailable: away, soar.CodeInternal: missing("blob", "x")} {
		w = newWorld(t)
		w.store.fail["BlobOpen"] = fail
		if _, _, err := w.EvidenceOpen(t.Context(), analyst(), "EVD-INC-amber"); soar.CodeOf(err) != code || len(w.store.custody) > 0 {
			t.Errorf("got %v, want %s; custody %v", err, code, w.store.custody)
		}
	}
}

func TestEvidenceMayBeStricterThanItsIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	item := w.store.evidence["EVD-INC-amber"]
	item.TLP = soar.TLPRed
	w.store.evidence["EVD-INC-amber"] = item
	if _, _, err := w.Evidence(t.Context(), analyst(), "EVD-INC-amber"); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("an analyst: %v", err)
	}
	for _, p := range []soar.Principal{lead(), person("owner", soar.RoleAnalyst)} {
		if _, _, err := w.Evidence(t.Context(), p, "EVD-INC-amber"); err != nil {
			t.Errorf("%s: %v", p.Actor.ID, err)
		}
	}
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.SetFreeze(t.Context(), lead(), true, "edr.isolate_host", " The EDR lies ")
	want := soar.Freeze{On: true, Scope: "edr.isolate_host", Reason: "The EDR lies", By: lead().Actor, At: noon()}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	shown, err := w.Freeze(t.Context(), person("m", soar.RoleManager))
	if diff := cmp.Diff(want, shown); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if _, err := w.SetFreeze(t.Context(), lead(), false, "", "It is mended"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetFreeze(t.Context(), lead(), true, "", "Everything lies"); err != nil {
		t.Fatal(err)
	}
	texts := []string{"freeze.set: Froze edr.isolate_host: The EDR lies", "freeze.set: Took the freeze back: It is mended", "freeze.set: Froze everything: Everything lies"}
	if diff := cmp.Diff(texts, w.entries(record.ChainSystem)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFreezeRefused(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name          string
		p             soar.Principal
		scope, reason string
		code          soar.Code
		field         string
	}{
		{"an analyst", analyst(), "", "because", soar.CodeDenied, ""},
		{"no reason", lead(), "", " ", soar.CodeInvalid, "reason"},
		{"a scope of three parts", lead(), "edr.isolate.host", "because", soar.CodeInvalid, "scope"},
		{"a pattern", lead(), "edr.*", "because", soar.CodeInvalid, "scope"},
	}
	for _, row := range rows {
		w := newWorld(t)
		_, err := w.SetFreeze(t.Context(), row.p, true, row.scope, row.reason)
		if soar.CodeOf(err) != row.code || fieldOf(err) != row.field || w.store.freeze.On {
			t.Errorf("%s: %v in field %q", row.name, err, fieldOf(err))
		}
	}
	w := newWorld(t)
	if _, err := w.Freeze(t.Context(), person("r", soar.RoleReporter)); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("a reporter: %v", err)
	}
	w.store.fail["FreezeSet"] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
	if _, err := w.SetFreeze(t.Context(), lead(), true, "", "because"); soar.CodeOf(err) != soar.CodeUnavailable {
		t.Errorf("got %v", err)
	}
}
