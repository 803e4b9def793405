package dutydesk_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/dutydesk"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// one holds one incident, and shows it to Ada only.
type one struct{ detail protocol.Detail }

func (o *one) Show(_ context.Context, p soar.Principal, id string) (protocol.Detail, error) {
	if p.Actor.ID != "ada" || id != o.detail.Incident.ID {
		return protocol.Detail{}, soar.Errorf(soar.CodeNotFound, "one.Show", "there is no incident %s", id)
	}
	return o.detail, nil
}

func ada() soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "ada"}}
}

func desk(t *testing.T, facts map[string]any) (*dutydesk.Desk, *one) {
	t.Helper()
	library, faults := packs.Load("")
	if library == nil {
		t.Fatal(faults)
	}
	opened := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	o := &one{protocol.Detail{Incident: soar.Incident{ID: "INC-1", Title: "Mailbox read", OpenedAt: opened, Facts: facts}, Evidence: []soar.Evidence{{ID: "EVD-0123456789"}}}}
	if len(facts) > 0 {
		for _, stage := range timeline.Duties(library)(protocol.DutyQuery{OpenedAt: opened, Facts: facts}).Stages {
			o.detail.Objectives = append(o.detail.Objectives, stage.Objective)
		}
	}
	return dutydesk.New(o, library), o
}

func find(t *testing.T, s dutydesk.Survey, name string) soar.DutyEntry {
	t.Helper()
	for _, entry := range s.Items {
		if entry.Duty == name {
			return entry
		}
	}
	t.Fatalf("%s is not among %d entries", name, len(s.Items))
	return soar.DutyEntry{}
}

func TestSurvey(t *testing.T) {
	t.Parallel()
	d, o := desk(t, map[string]any{"personal_data_breach": true, "jurisdictions": []any{"eu", "us"}, "processor": false, "high_risk": true})
	waived := soar.DutyDecision{By: ada().Actor, Reason: "encrypted"}
	for i := range o.detail.Objectives {
		if o.detail.Objectives[i].Name == "eu-gdpr-34/communication" {
			o.detail.Objectives[i].Duty.Waived = &waived
		}
	}
	s, err := d.List(t.Context(), ada(), "INC-1")
	if err != nil || s.NotAdvice == "" || len(s.Packs) != 64 {
		t.Fatalf("%v %+v", err, s)
	}
	gdpr := find(t, s, "eu-gdpr-33/notification")
	if gdpr.Standing != soar.DutyOpen || !gdpr.DueAt.Equal(time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)) || gdpr.Packs != s.Packs || gdpr.To == "" {
		t.Errorf("GDPR 33: %+v", gdpr)
	}
	if people := find(t, s, "eu-gdpr-34/communication"); people.Standing != soar.DutyWaivedBy || people.Why != "waived by person:ada: encrypted" {
		t.Errorf("GDPR 34: %+v", people)
	}
	sec := find(t, s, "us-sec-8k-105")
	if diff := cmp.Diff([]string{"material"}, sec.Missing); diff != "" || sec.Standing != soar.DutyMayApply {
		t.Errorf("8-K: %+v\n%s", sec, diff)
	}
	if sg := find(t, s, "sg-pdpa"); sg.Standing != soar.DutyNotApplicable || sg.Why != "not among the jurisdictions" {
		t.Errorf("Singapore: %+v", sg)
	}
	if s.Items[0].Standing != soar.DutyOpen || s.Items[len(s.Items)-1].Standing != soar.DutyNotApplicable {
		t.Error("what needs somebody does not come first")
	}
	if _, err := d.List(t.Context(), soar.Principal{}, "INC-1"); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("who needs not to know: %v", err)
	}
}

func TestNothingIsKnown(t *testing.T) {
	t.Parallel()
	d, _ := desk(t, nil)
	s, err := d.List(t.Context(), ada(), "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	if gdpr := find(t, s, "eu-gdpr-33"); gdpr.Standing != soar.DutyMayApply || !strings.Contains(strings.Join(gdpr.Missing, " "), "personal_data_breach") || !strings.HasSuffix(strings.Join(gdpr.Missing, " "), "jurisdictions") || gdpr.DueAt.IsZero() {
		t.Errorf("GDPR 33: %+v", gdpr)
	}
	if circia := find(t, s, "us-circia"); circia.Standing != soar.DutyNotApplicable || circia.Why != "proposed" {
		t.Errorf("CIRCIA: %+v", circia)
	}
}

func TestDraftAndProof(t *testing.T) {
	t.Parallel()
	d, _ := desk(t, map[string]any{"personal_data_breach": true})
	text, err := d.Draft(t.Context(), ada(), "INC-1", "eu-gdpr-33", "notification")
	if err != nil || !strings.Contains(text, "To: the competent supervisory authority") || !strings.Contains(text, "Mailbox read") {
		t.Errorf("%v\n%s", err, text)
	}
	for name, err := range map[string]error{
		"no such stage":   second(d.Draft(t.Context(), ada(), "INC-1", "eu-gdpr-33", "moon")),
		"no such regime":  second(d.Draft(t.Context(), ada(), "INC-1", "moon", "notification")),
		"not hers":        second(d.Draft(t.Context(), soar.Principal{}, "INC-1", "eu-gdpr-33", "notification")),
		"proof elsewhere": d.Prove(t.Context(), soar.Principal{}, "INC-1", "EVD-0123456789"),
	} {
		if soar.CodeOf(err) != soar.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	for proof, good := range map[string]bool{"EVD-0123456789": true, "portal receipt 4711": true, "EVD-9999999999": false, "evd-0123456789": false} {
		err := d.Prove(t.Context(), ada(), "INC-1", proof)
		var refused *soar.Error
		if good != (err == nil) || !good && (!errors.As(err, &refused) || refused.Field != "proof") {
			t.Errorf("%s: %v", proof, err)
		}
	}
}

func second(_ string, err error) error { return err }
