package cases

import (
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// leads is how many people may really decide.
const leads = 6

// cast puts the people on the stage: those who may, and for each reason somebody who
// may not.
func (g *generator) cast() {
	early, late, later := g.now.Add(-90*24*time.Hour), g.now.Add(-time.Minute), g.now.Add(90*24*time.Hour)
	for i := range leads {
		g.add(fmt.Sprintf("lead%d", i+1), "", early, soar.RoleSOCLead)
	}
	g.add("asker", "", early, soar.RoleSOCLead)
	g.add("asker2", "asker@lab.invalid", early, soar.RoleSOCLead) // a second account of asker
	g.add("twin1", "twins@lab.invalid", early, soar.RoleSOCLead)  // two accounts of one person
	g.add("twin2", "Twins@lab.invalid", early, soar.RoleSOCLead)
	g.add("chief", "", early, soar.RoleCISO)
	g.add("commander", "", early, soar.RoleIncidentCommander)
	g.add("promoted", "", late, soar.RoleSOCLead) // after all approvals were asked for
	g.add("analyst", "", early, soar.RoleAnalyst)
	g.add("deputy", "", early, soar.RoleAnalyst)    // of lead6, who is away
	g.add("standin", "", early, soar.RoleAnalyst)   // of asker, who is away
	g.add("formerly", "", early, soar.RoleAnalyst)  // of lead5, who is back
	g.add("untaught", "", early, soar.RoleSOCLead)  // never qualified
	g.add("lapsed", "", early, soar.RoleSOCLead)    // qualified until yesterday
	g.add("tomorrow", "", early, soar.RoleSOCLead)  // qualified from tomorrow
	g.add("withdrawn", "", early, soar.RoleSOCLead) // qualification was revoked
	g.add("gone", "", early, soar.RoleSOCLead)
	g.world.People[len(g.world.People)-1].Active = false
	for _, p := range g.world.People {
		q := soar.Qualification{
			ID: fmt.Sprintf("QUA-F%09d", len(g.world.Qualifications)), Person: p.ID, Class: "isolation", Source: "drill", Title: "Isolation drill",
			ValidFrom: early, ValidUntil: later, RecordedBy: soar.System("cases"), RecordedAt: early,
		}
		switch p.ID {
		case "untaught@lab.invalid":
			continue
		case "lapsed@lab.invalid":
			q.ValidUntil = g.now.Add(-24 * time.Hour)
		case "tomorrow@lab.invalid":
			q.ValidFrom = g.now.Add(24 * time.Hour)
		case "withdrawn@lab.invalid":
			q.RevokedAt = &late
		}
		g.world.Qualifications = append(g.world.Qualifications, q)
	}
	g.away("lead6", "deputy", later)
	g.away("asker", "standin", later)
	g.away("lead5", "formerly", late)
}

func (g *generator) add(name, mail string, since time.Time, role soar.Role) {
	p := soar.Person{ID: name + "@lab.invalid", Name: name, Email: mail, Active: true, UpdatedAt: since, Roles: []soar.RoleGrant{{Role: role, Since: since}}}
	if mail == "" {
		p.Email = p.ID
	}
	g.world.People = append(g.world.People, p)
}

func (g *generator) away(who, delegate string, until time.Time) {
	g.world.Absences = append(g.world.Absences, soar.Absence{
		ID: fmt.Sprintf("ABS-F%09d", len(g.world.Absences)), Person: who + "@lab.invalid", Delegate: delegate + "@lab.invalid",
		From: g.now.Add(-48 * time.Hour), Until: until, By: soar.System("cases"),
	})
}

// forgeries are all the ways in which an answer must not count.
func forgeries() []forgery {
	lead := soar.RoleSOCLead
	return []forgery{
		{"wrong role", "is for soc_lead to decide", func(s *scene) { s.sentBy("chief", soar.RoleCISO) }},
		{"wrong role that decides other things", "is for soc_lead to decide", func(s *scene) { s.sentBy("commander", soar.RoleIncidentCommander) }},
		{"no role that decides", "", func(s *scene) { s.sentBy("analyst", soar.RoleAnalyst) }},
		{"own request", "leaves it to somebody else", func(s *scene) { s.sentBy("asker", lead) }},
		{"own request, by a second account", "leaves it to somebody else", func(s *scene) { s.sentBy("asker2", lead) }},
		{"excluded", "leaves it to somebody else", func(s *scene) { s.a.Exclude = append(s.a.Exclude, s.c.By) }},
		{"excluded, in other letters", "leaves it to somebody else", func(s *scene) {
			s.a.Exclude = append(s.a.Exclude, person(" L"+s.c.By.ID[1:]))
		}},
		{"unqualified", "needs a qualification for isolation", func(s *scene) { s.sentBy("untaught", lead) }},
		{"qualification that has ended", "needs a qualification for isolation", func(s *scene) { s.sentBy("lapsed", lead) }},
		{"qualification that has not begun", "needs a qualification for isolation", func(s *scene) { s.sentBy("tomorrow", lead) }},
		{"qualification that was revoked", "needs a qualification for isolation", func(s *scene) { s.sentBy("withdrawn", lead) }},
		{"role got after the question", "after it was asked for", func(s *scene) { s.sentBy("promoted", lead) }},
		{"who has left", "", func(s *scene) { s.sentBy("gone", lead) }},
		{"who was never here", "", func(s *scene) { s.sentBy("stranger", lead) }},
		{"delegate of who asked", "leaves it to somebody else", func(s *scene) { s.sentBy("standin", soar.RoleAnalyst) }},
		{"delegate of who is back", "", func(s *scene) { s.sentBy("formerly", soar.RoleAnalyst) }},
		{"delegate of who has decided", "has decided already", func(s *scene) {
			s.a.Quorum = 2
			s.before("lead6@lab.invalid", true)
			s.sentBy("deputy", soar.RoleAnalyst)
		}},
		{"second account of who has decided", "has decided already", func(s *scene) {
			s.a.Quorum = 2
			s.before("twin1@lab.invalid", true)
			s.decisions[0].AlsoKnownAs = []string{"twins@lab.invalid"}
			s.sentBy("twin2", lead)
		}},
		{"second answer of one person", "has decided already", func(s *scene) {
			s.a.Quorum = 2
			s.before(s.c.By.ID, true)
		}},
		{"another digest", "not what you were shown", func(s *scene) { s.c.Digest = "0" + digest[1:] }},
		{"no digest", "", func(s *scene) { s.c.Approve, s.c.Digest = true, "" }},
		{"digest of what changed meanwhile", "not what you were shown", func(s *scene) { s.a.Digest = "f" + digest[1:] }},
		{"no reason", "say why", func(s *scene) { s.c.Reason = " \t" }},
		{"another approval's decision sent again", "", func(s *scene) {
			if n := len(s.world.Decisions); n > 0 {
				s.c.DecisionID = s.world.Decisions[s.random.IntN(n)].ID
				return
			}
			s.c.ApprovalID = "APR-0000000000"
		}},
		{"no such approval", "", func(s *scene) { s.c.ApprovalID = "APR-0000000000" }},
		{"after the end", "expired at", func(s *scene) { s.a.ExpiresAt = s.now.Add(-time.Second) }},
		{"expired", "expired at", func(s *scene) { s.a.ExpiresAt, s.a.Status = s.now.Add(-time.Minute), soar.ApprovalExpired }},
		{"cancelled", "is cancelled already", func(s *scene) { s.a.Status = soar.ApprovalCancelled }},
		{"after another's yes", "is approved already, by asked-first@lab.invalid", func(s *scene) { s.before("asked-first@lab.invalid", true) }},
		{"after another's no", "is denied already, by asked-first@lab.invalid", func(s *scene) { s.before("asked-first@lab.invalid", false) }},
		{"a tool", "", func(s *scene) { s.c.By.Kind = soar.ActorTool }},
		{"a playbook", "", func(s *scene) { s.c.By.Kind = soar.ActorPlaybook }},
		{"the product itself", "", func(s *scene) { s.c.By.Kind = soar.ActorSystem }},
		{"nobody is asked", "is for nobody to decide", func(s *scene) { s.a.Approvers = []soar.Approver{} }},
		{"a roster is told, it does not decide", "", func(s *scene) { s.a.Approvers = []soar.Approver{{Roster: "night"}} }},
	}
}
