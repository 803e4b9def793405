package notify

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// recipient is somebody to tell.
type recipient struct {
	person    soar.Person
	label     soar.TLP // strictest label that may be told in full
	standsFor []string // names of the absent people for whom
}

// recipients gives everybody whom a message is for, each once, sorted by id: named
// people, holders of roles, who is on call, members of the audience, and who stands
// in for one of them that is away.
func (s *Service) recipients(ctx context.Context, m protocol.Message) ([]*recipient, error) {
	found := map[string]*recipient{}
	for _, who := range m.To {
		people, err := s.resolve(ctx, who)
		if err != nil {
			return nil, err
		}
		gather(found, people, soar.TLPAmberStrict)
	}
	if m.Audience != "" {
		if err := s.audience(ctx, m, found); err != nil {
			return nil, err
		}
	}
	if err := s.delegates(ctx, found); err != nil {
		return nil, err
	}
	list := make([]*recipient, 0, len(found))
	for _, one := range found {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b *recipient) int { return strings.Compare(a.person.ID, b.person.ID) })
	return list, nil
}

// gather adds people; who is told for two reasons may read what either lets him.
func gather(found map[string]*recipient, people []soar.Person, label soar.TLP) {
	for _, person := range people {
		if person.UpdatedAt.IsZero() || person.Active { // who has left by the directory is told nothing
			one := found[person.ID]
			if one == nil {
				one = &recipient{person: person, label: label}
				found[person.ID] = one
			}
			if rank(label) > rank(one.label) {
				one.label = label
			}
		}
	}
}

func rank(label soar.TLP) int { return slices.Index(soar.TLPs(), label) }

func (s *Service) resolve(ctx context.Context, who soar.Approver) (people []soar.Person, err error) {
	var ids []string
	if who.Person != "" {
		ids = append(ids, who.Person)
	}
	if who.Role != "" {
		if people, err = s.o.People.Holding(ctx, who.Role); err != nil {
			return nil, err
		}
	}
	if who.Roster != "" {
		if s.o.OnCall == nil {
			return nil, soar.Errorf(soar.CodeInvalid, "notify.Deliver", "the roster %q is not known: there are no rosters", who.Roster)
		}
		onCall, err := s.o.OnCall(ctx, who.Roster, s.now())
		if err != nil && soar.CodeOf(err) != soar.CodeNotFound {
			return nil, err
		}
		if len(onCall) == 0 {
			// A gap, or a roster that was taken out of rosters.yaml: somebody must hear of it.
			s.o.Log.WarnContext(ctx, "nobody is on call by a roster, so the SOC's lead is told", "roster", who.Roster)
			return s.o.People.Holding(ctx, soar.RoleSOCLead)
		}
		ids = append(ids, onCall...)
	}
	for _, id := range ids {
		person, err := s.person(ctx, id)
		if err != nil {
			return nil, err
		}
		people = append(people, person)
	}
	return people, nil
}

// person gives a person of the directory, or one known by nothing but an id.
func (s *Service) person(ctx context.Context, id string) (soar.Person, error) {
	person, err := s.o.People.Find(ctx, id)
	if soar.CodeOf(err) == soar.CodeNotFound {
		return soar.Person{ID: id, Email: mailAddress(id)}, nil
	}
	return person, err
}

func mailAddress(id string) string {
	if strings.Contains(id, "@") {
		return id
	}
	return ""
}

func (s *Service) audience(ctx context.Context, m protocol.Message, found map[string]*recipient) error {
	audience := s.o.Policy.Audience(m.Audience)
	if audience == nil {
		return soar.Errorf(soar.CodeInvalid, "notify.Deliver", "message %s is for the audience %q, which audiences.yaml does not know", m.ID, m.Audience)
	}
	for _, address := range audience.Emails {
		person, err := s.person(ctx, address)
		if err != nil {
			return err
		}
		gather(found, []soar.Person{person}, audience.TLP)
	}
	for _, role := range audience.Roles {
		people, err := s.o.People.Holding(ctx, role)
		if err != nil {
			return err
		}
		gather(found, people, audience.TLP)
	}
	return nil
}

// delegates adds who stands in for those that are away. Those are told as well:
// away is not gone.
func (s *Service) delegates(ctx context.Context, found map[string]*recipient) error {
	if s.o.Away == nil || len(found) == 0 {
		return nil
	}
	now := s.now()
	absences, err := s.o.Away(ctx, now)
	if err != nil {
		return err
	}
	told := map[string]*recipient{}
	for id, one := range found {
		told[id] = one
	}
	for _, absence := range absences {
		away := told[absence.Person]
		if away == nil || absence.Delegate == "" || !absence.Covers(now) {
			continue
		}
		delegate, err := s.person(ctx, absence.Delegate)
		if err != nil {
			return err
		}
		gather(found, []soar.Person{delegate}, away.label)
		if one := found[delegate.ID]; one != nil && told[delegate.ID] == nil {
			one.standsFor = append(one.standsFor, nameOf(away.person))
		}
	}
	return nil
}

func nameOf(p soar.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return p.ID
}

func zoneOf(p soar.Person) *time.Location {
	if p.Zone == "" {
		return nil
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return nil // the directory refuses such zones; UTC says its name
	}
	return zone
}

// waysFor gives the ways of a recipient in order of fall-back.
func (r *round) waysFor(who *recipient) []string {
	if r.m.Way != "" {
		return []string{r.m.Way}
	}
	order := r.s.o.Policy.Notifications.Order
	for _, rule := range order {
		if r.fits(rule, who) {
			return rule.Ways
		}
	}
	return nil // not reached: the last rule fits everything
}

func (r *round) fits(rule policy.NotifyRule, who *recipient) bool {
	severity := soar.Severity("")
	if r.about.incident != nil {
		severity = r.about.incident.Severity
	}
	return within(rule.Kinds, r.m.Kind) && within(rule.Severities, severity) && within(rule.Audiences, r.m.Audience) && within(rule.People, who.person.ID) &&
		(len(rule.Roles) == 0 || slices.ContainsFunc(who.person.RoleNames(), func(role soar.Role) bool { return slices.Contains(rule.Roles, role) })) &&
		(rule.Urgent == nil || *rule.Urgent == r.urgent())
}

func within[T comparable](list []T, one T) bool { return len(list) == 0 || slices.Contains(list, one) }
