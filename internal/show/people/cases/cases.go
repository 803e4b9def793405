package cases

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Case is one answer to one approval, and what must come of it.
type Case struct {
	Name       string
	Kind       string     // of the forgery; "genuine" is none
	By         soar.Actor // who sends it, as the door knows the sender
	Roles      []soar.Role
	ApprovalID string
	DecisionID string
	Approve    bool
	Digest     string
	Reason     string
	Accept     bool
	Told       string // must stand in what the sender is told; empty: anything
}

// Door is one way in. told is what the sender reads; err is a door that does not
// work, never a refusal.
type Door interface {
	Decide(ctx context.Context, c Case) (accepted bool, told string, err error)
}

// World is what must be there before the cases are played, and in the order of the
// fields. Times are relative to the now that it was generated for.
type World struct {
	People         []soar.Person
	Qualifications []soar.Qualification
	Absences       []soar.Absence
	Incidents      []soar.Incident
	Approvals      []soar.Approval
	Decisions      []soar.Decision // committed before
}

// Competence is the competence.yaml that the cases are about.
const Competence = `version: "1"
classes:
  - {name: isolation, title: Take a computer off the network, actions: [edr.isolate_*]}
`

// Genuine is the kind of the cases that must be taken: a door that takes nothing
// would else look safe.
const Genuine = "genuine"

const digest = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

// Generate gives at least n forged cases, and one genuine for about every ten. The
// same seed gives the same cases. now is when they are played, to the minute.
func Generate(seed uint64, n int, now time.Time) (World, []Case) {
	g := &generator{random: rand.New(rand.NewPCG(seed, 1)), now: now.UTC().Truncate(time.Microsecond)} //nolint:gosec // the same cases again are wanted
	g.cast()
	var all []Case
	forgeries := forgeries()
	for i := 0; i < n || i%len(forgeries) != 0; i++ {
		all = append(all, g.play(forgeries[i%len(forgeries)]))
		if i%10 == 0 {
			all = append(all, g.play(forgery{kind: Genuine, do: func(*scene) {}}))
		}
	}
	return g.world, all
}

type generator struct {
	random *rand.Rand
	now    time.Time
	count  int
	world  World
}

// scene is one case with its approval, while they are made.
type scene struct {
	*generator
	c         *Case
	a         *soar.Approval
	decisions []soar.Decision
}

type forgery struct {
	kind string
	told string
	do   func(*scene)
}

// play makes one case with an approval of its own.
func (g *generator) play(f forgery) Case {
	g.count++
	if g.count%20 == 1 {
		g.world.Incidents = append(g.world.Incidents, soar.Incident{
			ID: fmt.Sprintf("INC-2026-F%05d", len(g.world.Incidents)), Title: "Forged cases", Status: soar.StatusAssessed, Severity: soar.SeverityHigh,
			Category: soar.CategoryBruteForce, TLP: soar.TLPAmber, OpenedBy: soar.System("intake"), OpenedAt: g.now.Add(-2 * time.Hour),
		})
	}
	sender := fmt.Sprintf("lead%d@lab.invalid", 1+g.random.IntN(leads))
	a := g.approval()
	c := Case{
		Name: fmt.Sprintf("%s %d", f.kind, g.count), Kind: f.kind, By: person(sender), Roles: []soar.Role{soar.RoleSOCLead},
		ApprovalID: a.ID, DecisionID: fmt.Sprintf("forged-decision-%d", g.count), Approve: g.random.IntN(4) > 0, Digest: digest,
		Reason: "the evidence shows it", Accept: f.kind == Genuine, Told: f.told,
	}
	s := &scene{generator: g, c: &c, a: &a}
	f.do(s)
	g.world.Approvals = append(g.world.Approvals, a)
	g.world.Decisions = append(g.world.Decisions, s.decisions...)
	return c
}

func (g *generator) approval() soar.Approval {
	return soar.Approval{
		ID: fmt.Sprintf("APR-F%09d", g.count), IncidentID: g.world.Incidents[len(g.world.Incidents)-1].ID, StepPath: fmt.Sprintf("r1/ask%d", g.count),
		Title: "Isolate web-1?", Status: soar.ApprovalPending, Approvers: []soar.Approver{{Role: soar.RoleSOCLead}}, Quorum: 1,
		Exclude: []soar.Actor{person("asker@lab.invalid")}, Digest: digest, OnExpire: "deny",
		Bound:       []soar.BoundAction{{StepPath: "r1/isolate", Action: "edr.isolate_host", Args: map[string]any{"host": "web-1"}}},
		RequestedBy: soar.Actor{Kind: soar.ActorPlaybook, ID: "guarded"}, RequestedAt: g.now.Add(-time.Hour), ExpiresAt: g.now.Add(12 * time.Hour),
	}
}

// before commits somebody's answer beforehand.
func (s *scene) before(by string, yes bool) {
	s.decisions = append(s.decisions, soar.Decision{
		ID: fmt.Sprintf("before-%d-%d", s.count, len(s.decisions)), ApprovalID: s.a.ID, IncidentID: s.a.IncidentID, Approve: yes, By: person(by),
		Roles: []soar.Role{soar.RoleSOCLead}, Reason: "decided before", Digest: s.a.Digest, Via: "api", At: s.now.Add(-time.Minute),
	})
}

func (s *scene) sentBy(name string, roles ...soar.Role) {
	s.c.By, s.c.Roles = person(name+"@lab.invalid"), roles
}

func person(id string) soar.Actor { return soar.Actor{Kind: soar.ActorPerson, ID: id} }
