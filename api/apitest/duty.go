package apitest

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/dutydesk"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// dutyFake has one duty of each standing.
type dutyFake struct{ *Fake }

// List gives them.
func (f dutyFake) List(ctx context.Context, _ soar.Principal, incidentID string) (dutydesk.Survey, error) {
	if err := f.begin(ctx, "List", "%s", incidentID); err != nil || incidentID != IncidentID {
		return dutydesk.Survey{}, or(err, notFound("incident"))
	}
	law := "Regulation (EU) 2016/679, Article 33"
	return dutydesk.Survey{NotAdvice: duty.NotAdvice, Packs: strings.Repeat("a", 64), Items: []soar.DutyEntry{
		{Duty: "eu-gdpr-33/notification", Title: "GDPR Article 33", To: "the authority", Standing: soar.DutyOpen, State: soar.DutyRunning, Why: "72 hours after aware", DueAt: Start.AddDate(0, 0, 1).UTC(), Source: law, Verification: "primary", Pack: "eu 1"},
		{Duty: "us-sec-8k-105", Title: "Form 8-K", Standing: soar.DutyMayApply, Missing: []string{"material", "jurisdictions"}, Why: "if material", Source: "17 CFR 249.308", Verification: "secondary", Pack: "us 1"},
		{Duty: "sg-pdpa", Title: "PDPA", Standing: soar.DutyNotApplicable, Why: "not among the jurisdictions", Source: "PDPA\x1b[2J", Verification: "memory", Pack: "asia 1"},
	}}, nil
}

// Draft gives one.
func (f dutyFake) Draft(ctx context.Context, _ soar.Principal, incidentID, regime, stage string) (string, error) {
	if err := f.begin(ctx, "Draft", "%s %s %s", incidentID, regime, stage); err != nil || incidentID != IncidentID || regime != "eu-gdpr-33" || stage != "notification" {
		return "", or(err, notFound("duty"))
	}
	return "To: the authority\nWhat is known:\n- a \x1b[2J b\n" + duty.NotAdvice, nil
}

// Prove refuses what looks like an evidence and is not EvidenceID.
func (f dutyFake) Prove(ctx context.Context, _ soar.Principal, incidentID, proof string) error {
	if err := f.begin(ctx, "Prove", "%s %s", incidentID, proof); err != nil {
		return err
	}
	if strings.HasPrefix(proof, "EVD-") && proof != EvidenceID {
		return &soar.Error{Code: soar.CodeInvalid, Op: "Prove", Field: "proof", Message: "no evidence " + proof}
	}
	return nil
}
