package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/notify/letter"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Kinds of messages that this package makes.
const (
	kindSummary = "summary"
	kindTest    = "test"

	kindAcknowledged = "acknowledged" // to a service that keeps alerts: somebody is at work
	kindResolved     = "resolved"     // it is over
)

// minimal tells whether the label lets only id, severity and a link out.
func (s *Service) minimal(tlp, reader soar.TLP, way string) bool {
	if tlp == "" {
		return false
	}
	most := soar.TLPAmber
	if known := s.o.Policy.Notifications.Way(way); known != nil {
		most = known.TLP
	}
	return tlp == soar.TLPRed || rank(tlp) > min(rank(most), rank(reader))
}

// compose writes the message for one recipient and one way, and notes in the row
// which template it was written with.
func (r *round) compose(ctx context.Context, who *recipient, row *soar.Notice) (Delivery, error) {
	minimal := r.s.minimal(r.about.tlp, who.label, row.Way)
	facts := r.facts(who, row, minimal)
	if row.Person != "" && r.about.approval != nil && asking(r.m.Kind) {
		facts.Link = r.s.link(ctx, r.about.approval.ID, who.person.ID)
	}
	label := r.about.tlp
	if r.m.Kind == kindSummary {
		items, strictest, err := r.items(ctx, who, row.Way)
		if err != nil {
			return Delivery{}, err
		}
		facts.Items, facts.Body, label = items, "", strictest
		facts.Subject, facts.Label = fmt.Sprintf("%d messages", len(items)), letter.Label(strictest)
	}
	written, err := r.s.o.Letters.Write(r.m.Template, facts)
	if err != nil {
		return Delivery{}, soar.Wrap(soar.CodeInvalid, "notify.compose", err, "message %s cannot be written", r.m.ID)
	}
	row.Template = written.Template
	d := Delivery{
		Key: row.Key, Message: r.m, Incident: r.about.incident, Approval: r.about.approval, Task: r.about.task, TLP: label, Minimal: minimal, Urgent: r.urgent(),
		Subject: written.Subject, Text: written.Text, HTML: written.HTML, Link: facts.Link, Template: written.Template, At: r.s.now(),
	}
	if r.s.follows(row.Way) && asking(r.m.Kind) && row.IncidentID != "" {
		page, err := r.s.o.Ledger.PageOf(ctx, row.Way, row.IncidentID, row.About)
		if err != nil {
			return Delivery{}, err
		}
		d.Reopen = page == soar.PageAcknowledged
	}
	if row.Person != "" {
		d.Person, d.Address = who.person, r.s.o.Policy.Notifications.Addresses[who.person.ID][row.Way]
	}
	return d, nil
}

// facts are what the templates get: what the label holds back is not among them.
func (r *round) facts(who *recipient, row *soar.Notice, minimal bool) letter.Facts {
	var zone *time.Location
	if row.Person != "" {
		zone = zoneOf(who.person)
	}
	facts := letter.Facts{
		Kind: r.m.Kind, Lead: letter.Lead(r.m.Kind), Label: letter.Label(r.about.tlp), Minimal: minimal, Urgent: r.urgent(),
		Incident: letter.OfIncident(r.about.incident, minimal), Task: letter.OfTask(r.about.task, zone, minimal),
		Commands: commands(r.m.IncidentID, r.m.About, asking(r.m.Kind)),
	}
	if facts.Incident == nil && r.m.IncidentID != "" {
		facts.Incident = &letter.Incident{ID: letter.Line(r.m.IncidentID)}
	}
	if asking(r.m.Kind) {
		facts.Approval = letter.OfApproval(r.about.approval, zone, minimal)
	}
	if row.Person != "" {
		for _, name := range who.standsFor {
			facts.StandsFor = append(facts.StandsFor, letter.Line(name))
		}
	}
	if !minimal {
		facts.Subject, facts.Body = letter.Line(r.m.Subject), letter.Body(r.m.Body)
		if facts.Approval != nil && len(r.about.approval.Shown) > 0 {
			facts.Body = "" // the approval says it better
		}
	}
	return facts
}

// commands are what to type.
func commands(incident, about string, asks bool) (list []string) {
	about = letter.Line(about)
	switch {
	case len(about) > 4 && about[:4] == "APR-":
		list = append(list, "tocsin approval show "+about)
		if asks {
			list = append(list, "tocsin approve "+about+" --reason '...'", "tocsin deny "+about+" --reason '...'")
		}
	case len(about) > 4 && about[:4] == "TSK-":
		list = append(list, "tocsin task show "+about)
	case incident != "":
		list = append(list, "tocsin incident show "+letter.Line(incident))
	}
	return list
}

// link gives a one-time link to the approval page, or nothing: who cannot have one
// still has the command line.
func (s *Service) link(ctx context.Context, approvalID, personID string) string {
	if s.o.Links == nil {
		return ""
	}
	url, err := s.o.Links(ctx, approvalID, personID)
	if err != nil {
		s.o.Log.WarnContext(ctx, "a message goes without a link to its approval", "approval", approvalID, "error", err)
		return ""
	}
	return url
}

// items tells of each message of a summary by its own label; what is over is left
// out. strictest is the label of the whole.
func (r *round) items(ctx context.Context, who *recipient, way string) (items []letter.Item, strictest soar.TLP, err error) {
	held, err := r.s.o.Ledger.Summarised(ctx, r.m.ID)
	if err != nil {
		return nil, "", err
	}
	strictest, r.dropped = "", nil
	for _, one := range held {
		single := &round{s: r.s, m: messageOf(one)}
		if single.about, err = r.s.look(ctx, single.m); err != nil {
			return nil, "", err
		}
		if single.about.over != "" {
			one.Problem = single.about.over
			r.dropped = append(r.dropped, one)
			continue
		}
		if rank(single.about.tlp) > rank(strictest) {
			strictest = single.about.tlp
		}
		items = append(items, single.item(ctx, who, way, len(held) <= fullItems))
	}
	return items, strictest, nil
}

// fullItems is up to how many messages of a summary are told in full.
const fullItems = 5

func (r *round) item(ctx context.Context, who *recipient, way string, full bool) letter.Item {
	label := who.label
	if audience := r.s.o.Policy.Audience(r.m.Audience); audience != nil {
		label = audience.TLP
	}
	item := letter.Item{Lead: letter.Lead(r.m.Kind), Incident: letter.Line(r.m.IncidentID), Label: letter.Label(r.about.tlp)}
	if r.about.incident != nil {
		item.Severity = string(r.about.incident.Severity)
	}
	if typed := commands(r.m.IncidentID, r.m.About, false); len(typed) > 0 {
		item.Command = typed[0]
	}
	if r.about.approval != nil && asking(r.m.Kind) {
		item.Link = r.s.link(ctx, r.about.approval.ID, who.person.ID)
	}
	if !r.s.minimal(r.about.tlp, label, way) {
		item.Subject = letter.Line(r.m.Subject)
		if full {
			item.Body = letter.Body(r.m.Body)
		}
	}
	return item
}
