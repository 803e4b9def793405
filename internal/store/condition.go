package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

// andSpan leaves what lies in a span of time: from the first moment on, before the
// last.
func andSpan(l *postgres.List, since, until *time.Time) {
	if since != nil {
		l.And(l.At+" >= $", since.UTC())
	}
	if until != nil {
		l.And(l.At+" < $", until.UTC())
	}
}

// andPart leaves rows whose expression contains a text, whatever its case. strpos
// takes the text as it is; LIKE would read % and _ in it.
func andPart(l *postgres.List, text, expression string) {
	if text != "" {
		l.And("strpos(lower("+expression+"), lower($)) > 0", postgres.Clean(text))
	}
}

// andAny leaves rows one of whose expressions is the text, whatever its case.
func andAny(l *postgres.List, text string, expressions ...string) {
	if text != "" {
		l.And("lower($) IN (lower("+strings.Join(expressions, "), lower(")+"))", postgres.Clean(text))
	}
}

// arrayOf gives a JSON expression as an array, an empty one for anything else.
func arrayOf(expression string) string {
	return fmt.Sprintf("CASE json_typeof(%[1]s) WHEN 'array' THEN %[1]s ELSE '[]' END", expression)
}

// entriesOf gives somebody as soar.Approver and soar.Holding name him: a person counts
// before a role, as internal/incidents decides it.
func entriesOf(p soar.Principal) []string {
	entries := []string{"person:" + postgres.Clean(p.Actor.ID), "claimed:" + postgres.Clean(p.Actor.ID)}
	for _, role := range p.Roles {
		entries = append(entries, "role:"+postgres.Clean(string(role)))
	}
	return entries
}

// side is one right by which somebody may decide: his own, or that of who is away.
type side struct {
	Entries []string `json:"entries"` // of soar.Approver, as entriesOf writes them
	Names   []string `json:"names"`   // none of which may be excluded
}

// decidable is the condition that an approval is for one of the sides of sidesOf.
func decidable() string {
	asked := arrayOf("doc->'approvers'") + ") a UNION ALL SELECT n FROM json_array_elements(" + arrayOf("doc->'needs'")
	return "EXISTS (SELECT FROM json_array_elements($::json) side WHERE EXISTS (SELECT FROM (SELECT a AS who FROM json_array_elements(" + asked + ") n) asked WHERE " +
		"coalesce('person:' || nullif(who->>'person', ''), 'role:' || nullif(who->>'role', '')) IN (SELECT json_array_elements_text(side->'entries'))) " +
		"AND NOT EXISTS (SELECT FROM json_array_elements(" + arrayOf("doc->'exclude'") + ") who WHERE concat(who->>'kind', ':', who->>'id') IN (SELECT json_array_elements_text(side->'names'))))"
}

func sidesOf(f soar.ApprovalFilter) []side {
	me := postgres.Clean(f.Mine.Actor.String())
	sides := []side{{Entries: entriesOf(*f.Mine), Names: []string{me}}}
	for _, person := range f.Away {
		as := soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: person.ID}, Roles: person.RoleNames()}
		sides = append(sides, side{Entries: entriesOf(as), Names: []string{me, postgres.Clean(as.Actor.String()), "person:" + postgres.Clean(person.Email)}})
	}
	return sides
}
