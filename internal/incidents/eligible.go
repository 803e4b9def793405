package incidents

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// represented gives the people who are away now and left their decisions to p.
func (s *Service) represented(ctx context.Context, p soar.Principal) ([]soar.Person, error) {
	if s.people == nil || p.Actor.Kind != soar.ActorPerson || p.Actor.ID == "" {
		return nil, nil
	}
	away, err := s.people.Represents(ctx, p.Actor.ID, s.now())
	if soar.CodeOf(err) == soar.CodeNotFound {
		return nil, nil
	}
	return away, err
}

// mayVote tells whether p may decide approvals at all, by roles of p's own or by those
// of somebody who is away. What p's token is narrowed to stays so.
func mayVote(op string, p soar.Principal, away []soar.Person) error {
	both := p
	both.Roles = slices.Clone(p.Roles)
	for _, person := range away {
		both.Roles = append(both.Roles, person.RoleNames()...)
	}
	return access.Require(both, access.ApprovalDecide, op)
}

// eligible fills in by what right the decision counts, or says why these people may
// not decide this approval.
func (s *Service) eligible(ctx context.Context, a soar.Approval, d soar.Decision, away []soar.Person) (soar.Decision, error) {
	const op = "incidents.Decide"
	if d.By.Kind != soar.ActorPerson || d.By.ID == "" {
		return d, soar.Errorf(soar.CodeDenied, op, "only a person decides approvals")
	}
	d, late, err := s.identify(ctx, a, d)
	if err != nil {
		return d, err
	}
	if a.Exclude, err = s.allExcluded(ctx, a); err != nil {
		return d, err
	}
	if quorum.Excludes(a, d) {
		return d, soar.Errorf(soar.CodeDenied, op, "you may not decide approval %s: who asked for it, or wrote its playbook, leaves it to somebody else", a.ID)
	}
	if !meant(a, d) {
		if d, err = onBehalf(a, d, away); err != nil {
			return d, err
		}
	}
	if !meant(a, d) {
		return d, soar.Errorf(soar.CodeDenied, op, "approval %s is for %s to decide%s", a.ID, names(slices.Concat(a.Approvers, a.Needs)), late)
	}
	d.Qualifications, err = s.qualified(ctx, a, d)
	return d, err
}

// meant tells whether the decision comes from one of those who are asked.
func meant(a soar.Approval, d soar.Decision) bool {
	return quorum.Among(a.Approvers, d) || quorum.Among(a.Needs, d)
}

// identify looks the person up: other names, and roles that were held when the
// question was put. late says which role was not.
func (s *Service) identify(ctx context.Context, a soar.Approval, d soar.Decision) (known soar.Decision, late string, err error) {
	if s.people == nil {
		return d, "", nil
	}
	const op = "incidents.Decide"
	person, err := s.people.Find(ctx, d.By.ID)
	switch {
	case soar.CodeOf(err) == soar.CodeNotFound:
		return d, "", soar.Errorf(soar.CodeDenied, op, "%s is not known here, and decides nothing", d.By.ID)
	case err != nil:
		return d, "", err
	case !person.Active:
		return d, "", soar.Errorf(soar.CodeDenied, op, "%s is not active, and decides nothing", d.By.ID)
	}
	d.AlsoKnownAs = appendName(nil, person.Email, d.By.ID)
	held := []soar.Role{}
	for _, role := range d.Roles {
		grant, known := grantOf(person, role)
		switch {
		case !known: // what no directory and no token in force says is not held
		case !grant.Since.After(askedAt(a, role)):
			held = append(held, role)
		case slices.ContainsFunc(slices.Concat(a.Approvers, a.Needs), func(who soar.Approver) bool { return who.Role == role }):
			late = "; you hold " + string(role) + " since " + clock(grant.Since) + " only, after it was asked for"
		}
	}
	d.Roles = held
	return d, late, nil
}

// grantOf gives since when a person holds a role. Who is known by tokens only may
// hold it by a token with scopes, too: what that may do was checked at the door.
func grantOf(person soar.Person, role soar.Role) (oldest soar.RoleGrant, known bool) {
	for _, grant := range slices.Concat(person.Roles, person.Narrowed) {
		if grant.Role == role && (!known || grant.Since.Before(oldest.Since)) {
			oldest, known = grant, true
		}
	}
	return oldest, known
}

// askedAt gives the moment until which a role must have been got to count: the
// request, or that at which the role was let in later.
func askedAt(a soar.Approval, role soar.Role) time.Time {
	at := time.Time{}
	for _, who := range slices.Concat(a.Approvers, a.Needs) {
		if who.Role != role {
			continue
		}
		since := who.Since
		if since.IsZero() {
			since = a.RequestedAt
		}
		if at.IsZero() || since.Before(at) {
			at = since
		}
	}
	if at.IsZero() {
		return a.RequestedAt
	}
	return at
}

// allExcluded adds the other names of who is excluded, and who published the
// playbook when its authors are.
func (s *Service) allExcluded(ctx context.Context, a soar.Approval) ([]soar.Actor, error) {
	excluded := slices.Clone(a.Exclude)
	if a.NoAuthors && a.PlaybookDigest != "" && s.versions != nil {
		version, err := s.versions.PlaybookByDigest(ctx, a.PlaybookDigest)
		if err != nil {
			return nil, soar.Wrap(soar.CodeInternal, "incidents.Decide", err, "who published the playbook of approval %s cannot be told, so nobody can decide it now", a.ID)
		}
		excluded = append(excluded, version.PublishedBy)
	}
	if s.people == nil {
		return excluded, nil
	}
	for _, who := range slices.Clone(excluded) {
		if who.Kind != soar.ActorPerson {
			continue
		}
		person, err := s.people.Find(ctx, who.ID)
		switch {
		case soar.CodeOf(err) == soar.CodeNotFound: // no more names than this one
		case err != nil:
			return nil, err
		case person.Email != "":
			excluded = append(excluded, soar.Actor{Kind: soar.ActorPerson, ID: person.Email})
		}
	}
	return excluded, nil
}

// onBehalf finds somebody who is away, is asked, and left it to the decider. Of
// several the first who has not decided: the delegate is one person, however many
// are represented.
func onBehalf(a soar.Approval, d soar.Decision, away []soar.Person) (soar.Decision, error) {
	var barred string
	for _, person := range away {
		as := d
		as.OnBehalfOf, as.RepresentedRoles = person.ID, heldThen(a, person)
		as.AlsoKnownAs = appendName(slices.Clone(d.AlsoKnownAs), person.Email, person.ID)
		done := slices.ContainsFunc(a.Decisions, func(before soar.Decision) bool { return quorum.SamePerson(before, as) })
		switch {
		case !meant(a, as):
		case quorum.Excludes(a, as):
			barred = person.ID
		case !done:
			return as, nil
		default:
			d = as // the store will say who decided when
		}
	}
	if barred != "" && d.OnBehalfOf == "" {
		return d, soar.Errorf(soar.CodeDenied, "incidents.Decide",
			"you may not decide approval %s for %s, who asked for it or wrote its playbook and leaves it to somebody else", a.ID, barred)
	}
	return d, nil
}

// heldThen gives the roles that count of somebody who is away.
func heldThen(a soar.Approval, person soar.Person) []soar.Role {
	var roles []soar.Role
	for _, grant := range person.Roles {
		if !grant.Since.After(askedAt(a, grant.Role)) {
			roles = append(roles, grant.Role)
		}
	}
	return roles
}

// qualified gives the classes of the bound actions that the person must be qualified
// for, and is at this moment, whatever was the case when it was asked.
func (s *Service) qualified(ctx context.Context, a soar.Approval, d soar.Decision) ([]string, error) {
	if s.people == nil || len(a.Bound) == 0 {
		return nil, nil
	}
	var actions []string
	for _, bound := range a.Bound {
		if !slices.Contains(actions, bound.Action) {
			actions = append(actions, bound.Action)
		}
	}
	missing, err := s.people.Unqualified(ctx, d.By.ID, actions, d.At)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, soar.Errorf(soar.CodeDenied, "incidents.Decide",
			"approval %s needs a qualification for %s, and you have none that is valid at %s", a.ID, strings.Join(missing, " and "), clock(d.At))
	}
	return s.policy.Demanded(actions), nil
}

func appendName(list []string, name, known string) []string {
	if name == "" || name == known || slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}
