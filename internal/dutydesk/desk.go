package dutydesk

import (
	"context"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// shower gives an incident to who needs to know of it, and refuses others.
type shower interface {
	Show(ctx context.Context, p soar.Principal, id string) (protocol.Detail, error)
}

// Desk answers about duties.
type Desk struct {
	incidents shower
	library   *duty.Library
}

// New makes the desk.
func New(incidents shower, library *duty.Library) *Desk { return &Desk{incidents, library} }

// Survey is what an incident owes or may owe. Packs is the SHA-256 of all packs that
// it was looked up in now.
type Survey struct {
	NotAdvice string
	Packs     string
	Items     []soar.DutyEntry
}

// List gives how every regime stands towards an incident.
func (d *Desk) List(ctx context.Context, p soar.Principal, incidentID string) (Survey, error) {
	detail, err := d.incidents.Show(ctx, p, incidentID)
	if err != nil {
		return Survey{}, err
	}
	return Survey{duty.NotAdvice, d.library.Digest, timeline.Survey(d.library, detail.Incident, detail.Objectives)}, nil
}

// Draft gives the draft of one notice, from what is known now.
func (d *Desk) Draft(ctx context.Context, p soar.Principal, incidentID, regime, stage string) (string, error) {
	const op = "dutydesk.Draft"
	detail, err := d.incidents.Show(ctx, p, incidentID)
	if err != nil {
		return "", err
	}
	text, some := timeline.Draft(d.library, detail.Incident, detail.Objectives, regime, stage)
	if !some {
		return "", soar.Errorf(soar.CodeNotFound, op, "there is no duty %s/%s", soar.Shorten(regime, 100), soar.Shorten(stage, 100))
	}
	return text, nil
}

// evidencePrefix is how ids of evidence begin.
const evidencePrefix = "EVD-"

// Prove refuses a proof that looks like the id of an evidence but is none of this
// incident: a slip of the pen would stand in the record as if something was there.
// Any other text is the reference that a recipient gave.
func (d *Desk) Prove(ctx context.Context, p soar.Principal, incidentID, proof string) error {
	if !strings.HasPrefix(strings.ToUpper(proof), evidencePrefix) {
		return nil
	}
	detail, err := d.incidents.Show(ctx, p, incidentID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(detail.Evidence, func(e soar.Evidence) bool { return e.ID == proof }) {
		return nil
	}
	return &soar.Error{Code: soar.CodeInvalid, Op: "dutydesk.Prove", Field: "proof", Message: "incident " + incidentID + " has no evidence " + soar.Shorten(proof, 60) +
		": give the id of one, as tocsin evidence list shows it, or the reference that the recipient gave"}
}
