package people_test

import (
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestPeopleWithTokensOnly(t *testing.T) {
	t.Parallel()
	o := open(t)
	tomorrow, yesterday := noon.Add(24*time.Hour), noon.Add(-24*time.Hour)
	lead, analyst := []soar.Role{soar.RoleSOCLead}, []soar.Role{soar.RoleAnalyst}
	o.token(t, soar.Token{ID: "t1", Roles: lead, CreatedAt: noon.Add(-time.Hour), ExpiresAt: &tomorrow}, "ada@lab.invalid")
	o.token(t, soar.Token{ID: "t2", Roles: append(analyst, soar.RoleSOCLead), CreatedAt: noon.Add(-3 * time.Hour)}, "ada@lab.invalid")
	o.token(t, soar.Token{ID: "t3", Roles: lead, CreatedAt: noon.Add(-time.Hour), ExpiresAt: &yesterday}, "gone")
	o.token(t, soar.Token{ID: "t4", Roles: lead, Scopes: []string{"incident:read"}, CreatedAt: yesterday}, "reader")

	ada, err := o.Find(t.Context(), "ada@lab.invalid")
	must(t, err)
	since := noon.Add(-3 * time.Hour)
	same(t, soar.Person{ID: "ada@lab.invalid", Name: "ada@lab.invalid", Email: "ada@lab.invalid", Active: true,
		Roles: []soar.RoleGrant{{Role: soar.RoleAnalyst, Since: since}, {Role: soar.RoleSOCLead, Since: since}}}, ada)
	gone, err := o.Find(t.Context(), "gone")
	must(t, err)
	same(t, soar.Person{ID: "gone", Name: "gone", Roles: []soar.RoleGrant{}}, gone)
	reader, err := o.Find(t.Context(), "reader")
	must(t, err)
	same(t, soar.Person{ID: "reader", Name: "reader", Active: true, Roles: []soar.RoleGrant{},
		Narrowed: []soar.RoleGrant{{Role: soar.RoleSOCLead, Since: yesterday}}}, reader)
	_, err = o.Find(t.Context(), "nobody")
	code(t, soar.CodeNotFound, err)

	holding, err := o.Holding(t.Context(), soar.RoleSOCLead)
	must(t, err)
	same(t, []string{"ada@lab.invalid"}, ids(holding))

	// A row in the directory has the last word.
	o.person(t, "ada@lab.invalid", soar.RoleAnalyst)
	holding, err = o.Holding(t.Context(), soar.RoleSOCLead)
	must(t, err)
	same(t, []string{}, ids(holding))
	holding, err = o.Holding(t.Context(), soar.RoleAnalyst)
	must(t, err)
	same(t, []string{"ada@lab.invalid"}, ids(holding))
}

func TestUnqualified(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.person(t, "ada", soar.RoleSOCLead)
	o.qualified(t, "QUA-1", "ada", "isolation", noon, noon.Add(time.Hour))
	o.qualified(t, "QUA-2", "other", "accounts", noon, noon.Add(time.Hour))
	must(t, o.keep.QualificationAdd(t.Context(), soar.Qualification{ID: "QUA-3", Person: "ada", Class: "accounts", ValidFrom: noon, ValidUntil: noon.Add(time.Hour)}, entry()))
	must(t, o.keep.QualificationRevoke(t.Context(), "QUA-3", noon.Add(30*time.Minute), entry()))
	isolate, disable := "edr.isolate_host", "ad.disable_account"
	for name, row := range map[string]struct {
		actions []string
		at      time.Time
		want    []string
	}{
		"nothing is bound":           {nil, noon, nil},
		"in no class":                {[]string{"mail.send", "edr.release_host"}, noon, nil},
		"the first instant":          {[]string{isolate}, noon, nil},
		"before":                     {[]string{isolate}, noon.Add(-time.Microsecond), []string{"isolation"}},
		"the last instant":           {[]string{isolate}, noon.Add(time.Hour - time.Microsecond), nil},
		"after":                      {[]string{isolate}, noon.Add(time.Hour), []string{"isolation"}},
		"one of two":                 {[]string{disable, isolate}, noon.Add(time.Hour - time.Microsecond), []string{"accounts"}},
		"revoked in the meantime":    {[]string{disable}, noon.Add(30 * time.Minute), []string{"accounts"}},
		"not yet revoked":            {[]string{disable}, noon.Add(29 * time.Minute), nil},
		"two actions of one class":   {[]string{isolate, "edr.isolate_group"}, noon.Add(2 * time.Hour), []string{"isolation"}},
		"all, in the policy's order": {[]string{disable, isolate}, noon.Add(2 * time.Hour), []string{"isolation", "accounts"}},
	} {
		got, err := o.Unqualified(t.Context(), "ada", row.actions, row.at)
		must(t, err)
		if len(got) != len(row.want) {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
			continue
		}
		for i := range got {
			if got[i] != row.want[i] {
				t.Errorf("%s: got %q, want %q", name, got, row.want)
			}
		}
	}
	got, err := o.Unqualified(t.Context(), "stranger", []string{isolate}, noon)
	must(t, err)
	same(t, []string{"isolation"}, got)
}

func TestRepresents(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.person(t, "ciso", soar.RoleCISO)
	o.person(t, "lead", soar.RoleSOCLead)
	o.person(t, "gone", soar.RoleSOCLead)
	o.person(t, "legal", soar.RoleLegal)
	o.person(t, "deputy", soar.RoleAnalyst)
	o.person(t, "admin", soar.RoleAdmin)
	until := noon.Add(time.Hour)
	o.away(t, "ABS-1", "ciso", "deputy", noon, until)
	o.away(t, "ABS-2", "ciso", "deputy", noon, until) // twice is once
	o.away(t, "ABS-3", "lead", "deputy", until, until.Add(time.Hour))
	o.away(t, "ABS-4", "gone", "deputy", noon, until)
	o.away(t, "ABS-5", "ciso", "admin", noon, until)  // who administers does not approve
	o.away(t, "ABS-6", "legal", "admin", noon, until) // but may sign for legal
	o.away(t, "ABS-7", "ciso", "nobody", noon, until)
	o.left(t, "gone")
	for name, row := range map[string]struct {
		who  string
		at   time.Time
		want []string
	}{
		"now":            {"deputy", noon, []string{"ciso"}},
		"later":          {"deputy", until, []string{"lead"}},
		"afterwards":     {"deputy", until.Add(time.Hour), []string{}},
		"an admin":       {"admin", noon, []string{"legal"}},
		"is not away":    {"ciso", noon, []string{}},
		"who is nowhere": {"stranger", noon, []string{}},
	} {
		got, err := o.Represents(t.Context(), row.who, row.at)
		must(t, err)
		if len(ids(got)) != len(row.want) {
			t.Errorf("%s: got %q, want %q", name, ids(got), row.want)
			continue
		}
		same(t, row.want, ids(got))
	}
	_, err := o.Represents(t.Context(), "nobody", noon)
	code(t, soar.CodeNotFound, err)
}
