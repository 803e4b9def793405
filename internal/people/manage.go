package people

import (
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what people write.
const (
	textMost    = 200 // bytes of an id, a name, an address, a title
	reasonLeast = 3   // characters
	reasonMost  = 2000
)

// idForm is an id that can be written anywhere as it stands.
var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+@-]{0,199}$`)

// Change is how a person shall stand in the directory.
type Change struct {
	ID     string // of the person
	Name   string
	Email  string // empty: none is known
	Zone   string // IANA; empty: UTC
	Roles  []soar.Role
	Active bool // false: has left; holds no role and no token
	Reason string
}

// People gives everybody as things stand now, sorted by id.
func (s *Service) People(ctx context.Context, p soar.Principal) ([]soar.Person, error) {
	if err := access.Require(p, access.PersonRead, "people.People"); err != nil {
		return nil, err
	}
	return s.everybody(ctx, s.now())
}

// Person gives one person; not_found when there is none.
func (s *Service) Person(ctx context.Context, p soar.Principal, id string) (soar.Person, error) {
	if err := access.Require(p, access.PersonRead, "people.Person"); err != nil {
		return soar.Person{}, err
	}
	return s.Find(ctx, id)
}

// Put writes a person into the directory, with a reason, and gives how he stands
// then. before is how he was seen, without an id when there was nobody: anything else
// is a conflict. Nobody gives himself a role, who administers does not approve, and
// the last administrator stays.
func (s *Service) Put(ctx context.Context, p soar.Principal, before soar.Person, change Change) (soar.Person, error) {
	const op = "people.Put"
	if err := access.Require(p, access.PersonManage, op); err != nil {
		return soar.Person{}, err
	}
	reason, err := cleanReason(op, change.Reason)
	if err != nil {
		return soar.Person{}, err
	}
	if err := change.check(op); err != nil {
		return soar.Person{}, err
	}
	added, removed := diff(before.RoleNames(), change.Roles)
	if change.ID == p.Actor.ID && len(added) > 0 {
		denied := soar.Errorf(soar.CodeDenied, op, "you may not give yourself the role %s: another administrator has to", added[0])
		return soar.Person{}, s.refuse(ctx, p, "give himself "+joined(added), denied)
	}
	if slices.Contains(removed, soar.RoleAdmin) {
		if err := s.notTheLast(ctx, op, change.ID); err != nil {
			return soar.Person{}, err
		}
	}
	after := change.person(before, s.now())
	event := record.Payload{
		At: after.UpdatedAt, Kind: protocol.EventPersonChanged, By: p.Actor,
		Text: soar.Shorten(fmt.Sprintf("Person %s %s by %s: %s", change.ID, whatChanged(before, after, added, removed), p.Actor.ID, reason), 500),
		Data: data(map[string]any{"before": before, "after": after, "reason": reason, "token": p.Token}),
	}
	saved, err := s.o.Store.Save(ctx, before.UpdatedAt, after, event)
	if err == nil {
		s.o.Forget()
	}
	return saved, err
}

func (c Change) person(before soar.Person, now time.Time) soar.Person {
	after := soar.Person{ID: c.ID, Name: c.Name, Email: c.Email, Zone: c.Zone, Active: c.Active, Roles: []soar.RoleGrant{}, UpdatedAt: now}
	for _, role := range c.Roles {
		since := now
		for _, held := range before.Roles {
			if held.Role == role {
				since = held.Since
			}
		}
		after.Roles = append(after.Roles, soar.RoleGrant{Role: role, Since: since})
	}
	return after
}

func (s *Service) notTheLast(ctx context.Context, op, id string) error {
	admins, err := s.Holding(ctx, soar.RoleAdmin)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(admins, func(a soar.Person) bool { return a.ID != id }) {
		return soar.Errorf(soar.CodeConflict, op, "%.80q is the last administrator: make another first", id)
	}
	return nil
}

func (c *Change) check(op string) error {
	c.Name, c.Email = strings.TrimSpace(c.Name), strings.TrimSpace(c.Email)
	switch {
	case !idForm.MatchString(c.ID):
		return invalid(op, "id", "the id of a person has letters, digits and . _ + @ -, at most %d", textMost)
	case c.Name == "" || len(c.Name) > textMost || soar.Shorten(c.Name, textMost) != c.Name:
		return invalid(op, "name", "a name of 1 to %d bytes without control characters is needed", textMost)
	case c.Email != "" && !isAddress(c.Email):
		return invalid(op, "email", "%.80q is not one bare mail address such as soc@lab.invalid", c.Email)
	case !c.Active && len(c.Roles) > 0:
		return invalid(op, "roles", "who has left holds no role")
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
		return invalid(op, "zone", "%.80q is not a time zone such as Europe/Zurich", c.Zone)
	}
	return c.checkRoles(op)
}

func (c *Change) checkRoles(op string) error {
	var known []string
	for _, role := range soar.Roles() {
		if role != soar.RoleTool {
			known = append(known, string(role))
		}
	}
	for _, role := range c.Roles {
		if !slices.Contains(known, string(role)) {
			hint := diag.DidYouMean(string(role), known)
			if hint == "" {
				hint = "roles of people: " + strings.Join(known, ", ")
			}
			return invalid(op, "roles", "%q is not a role of people; %s", soar.Shorten(string(role), 60), hint)
		}
	}
	slices.Sort(c.Roles)
	c.Roles = slices.Compact(c.Roles)
	if slices.Contains(c.Roles, soar.RoleAdmin) && slices.ContainsFunc(c.Roles, decides) {
		return invalid(op, "roles", "who administers does not approve: these are two people")
	}
	return nil
}

// isAddress takes what can stand in a header as it is.
func isAddress(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text && parsed.Name == "" && len(text) <= textMost && soar.Shorten(text, textMost) == text
}

// diff gives what is in after only, and what is in before only.
func diff(before, after []soar.Role) (added, removed []soar.Role) {
	in := func(list []soar.Role) func(soar.Role) bool {
		return func(r soar.Role) bool { return slices.Contains(list, r) }
	}
	return slices.DeleteFunc(slices.Clone(after), in(before)), slices.DeleteFunc(slices.Clone(before), in(after))
}

// whatChanged says it in few words.
func whatChanged(before, after soar.Person, added, removed []soar.Role) string {
	words := []string{"changed"}
	switch {
	case before.ID == "":
		words = []string{"added"}
	case before.Active && !after.Active:
		words = []string{"has left, all tokens revoked,"}
	case !before.Active && after.Active:
		words = []string{"is back"}
	}
	for _, role := range added {
		words = append(words, "+"+string(role))
	}
	for _, role := range removed {
		words = append(words, "-"+string(role))
	}
	return strings.Join(words, " ")
}

func joined(roles []soar.Role) string {
	words := make([]string, len(roles))
	for i, role := range roles {
		words[i] = string(role)
	}
	return strings.Join(words, ", ")
}

func cleanReason(op, reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if utf8.RuneCountInString(reason) < reasonLeast || len(reason) > reasonMost {
		return "", invalid(op, "reason", "say why, in %d characters to %d bytes: it goes into the record", reasonLeast, reasonMost)
	}
	return reason, nil
}
