package e2e

import (
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// A duty from its facts to its proof: declared, opened, confirmed, drafted, sent, and
// all of it in a record that verifies.
func TestADutyFromFactsToProof(t *testing.T) {
	t.Parallel()
	p := start(t)
	commander := p.person(t, access.TokenRequest{Name: "ic", Person: "ic@lab.invalid", Roles: []soar.Role{soar.RoleIncidentCommander}})
	incident := p.incidentOf(t, p.send(t, phishing("duty-1")))
	p.detail(t, incident, "a playbook runs", func(d protocol.Detail) bool { return len(d.Runs) > 0 })
	if got := p.standing(t, incident, "eu-gdpr-33"); got.Standing != soar.DutyMayApply || !strings.Contains(strings.Join(got.Missing, " "), "personal_data_breach") {
		t.Errorf("before anybody declared anything: %+v", got)
	}
	order := func(command client.Command) error {
		_, err := commander.Command(t.Context(), incident, client.NewKey(), command)
		return err
	}
	facts := map[string]any{"personal_data_breach": true, "processor": false, "high_risk": false, "jurisdictions": []any{"eu"}, "affected": 1200}
	if err := order(gen.DeclareCommand{Facts: facts}); err != nil {
		t.Fatal(err)
	}
	const name = "eu-gdpr-33/notification"
	p.detail(t, incident, "the duty opens", func(d protocol.Detail) bool { return hasDuty(d, name) != nil })
	why, proof := "customer data were read", "EVD-0000000000"
	if err := order(gen.DutyCommand{Duty: "eu-gdpr-33", Do: "confirm", Reason: &why}); err != nil {
		t.Fatal(err)
	}
	draft, err := p.lead.DutyDraft(t.Context(), incident, "eu-gdpr-33", "notification")
	if err != nil || !strings.Contains(draft.Draft, "People, about: 1200") || !strings.Contains(draft.Draft, "to be filled: ") {
		t.Errorf("%v\n%+v", err, draft)
	}
	if err := order(gen.DutyCommand{Duty: name, Do: "sent", Proof: &proof}); err == nil || !strings.Contains(err.Error(), "has no evidence "+proof) {
		t.Errorf("a proof that is not there: %v", err)
	}
	proof = "portal receipt 4711"
	if err := order(gen.DutyCommand{Duty: name, Do: "sent", Proof: &proof}); err != nil {
		t.Fatal(err)
	}
	d := p.detail(t, incident, "the notice is sent", func(d protocol.Detail) bool { o := hasDuty(d, name); return o != nil && o.MetAt != nil })
	if o := hasDuty(d, name); o.Breached || o.Duty.Proof != proof || o.Duty.Confirmed == nil || len(o.Duty.Packs) != 64 {
		t.Errorf("%+v", o.Duty)
	}
	payloads := p.verify(t, incident)
	for _, kind := range []string{protocol.EventDutyOpened, protocol.EventDutyDecided, protocol.EventDutySent} {
		if len(ofKind(payloads, kind)) == 0 {
			t.Errorf("the record has no %s", kind)
		}
	}
	if got := p.standing(t, incident, name); got.Standing != soar.DutySent || got.Proof != proof {
		t.Errorf("at last: %+v", got)
	}
}

func hasDuty(d protocol.Detail, name string) *soar.Objective {
	for i := range d.Objectives {
		if d.Objectives[i].Name == name {
			return &d.Objectives[i]
		}
	}
	return nil
}

// standing gives one line of what an incident owes.
func (p *product) standing(t *testing.T, incident, name string) soar.DutyEntry {
	t.Helper()
	list, err := p.lead.Duties(t.Context(), incident)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range list.Items {
		if entry.Duty == name {
			return entry
		}
	}
	t.Fatalf("%s is not among %d duties", name, len(list.Items))
	return soar.DutyEntry{}
}
