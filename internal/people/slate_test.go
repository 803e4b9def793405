package people_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// lines writes a slate for comparison.
func lines(s soar.Slate) []string {
	var out []string
	for _, class := range s.Classes {
		head := class.Class
		if class.Alarm {
			head += " ALARM"
		}
		out = append(out, head)
		for _, role := range class.Roles {
			for _, one := range role.Able {
				line := string(role.Role) + ": " + one.Person
				if one.For != "" {
					line += " for " + one.For
				}
				if one.Soon {
					line += " soon"
				}
				out = append(out, line)
			}
			for _, one := range role.Unable {
				out = append(out, string(role.Role)+": not "+one.Person+": "+one.Why)
			}
		}
	}
	return out
}

func TestWhoMayApprove(t *testing.T) {
	t.Parallel()
	o := open(t)
	year := noon.AddDate(1, 0, 0)
	o.person(t, "ada", soar.RoleSOCLead)
	o.person(t, "bob", soar.RoleSOCLead)
	o.person(t, "cio", soar.RoleCISO)
	o.person(t, "dee", soar.RoleAnalyst)
	o.person(t, "old", soar.RoleSOCLead)
	o.left(t, "old")
	o.token(t, soar.Token{ID: "t1", Roles: []soar.Role{soar.RoleIncidentCommander}, CreatedAt: noon}, "tom")
	o.qualified(t, "QUA-1", "ada", "isolation", noon, year)
	o.qualified(t, "QUA-2", "bob", "isolation", noon, noon.Add(20*24*time.Hour))
	o.qualified(t, "QUA-3", "dee", "isolation", noon, year)
	o.qualified(t, "QUA-4", "cio", "isolation", noon.AddDate(-2, 0, 0), noon.Add(-time.Hour))
	o.away(t, "ABS-1", "ada", "dee", noon.Add(24*time.Hour), noon.Add(48*time.Hour))
	for name, row := range map[string]struct {
		class string
		at    time.Time
		want  []string
	}{
		"now": {"", noon, []string{
			"", "soc_lead: ada", "soc_lead: bob", "incident_commander: tom", "ciso: cio",
			"isolation", "soc_lead: ada", "soc_lead: bob soon", "incident_commander: not tom: not qualified", "ciso: not cio: qualification ended 2026-03-02 11:00 UTC",
			"accounts ALARM", "soc_lead: not ada: not qualified", "soc_lead: not bob: not qualified", "incident_commander: not tom: not qualified", "ciso: not cio: not qualified",
		}},
		"while one is away": {"isolation", noon.Add(25 * time.Hour), []string{
			"isolation", "soc_lead: dee for ada", "soc_lead: bob soon", "soc_lead: not ada: away until 2026-03-04 12:00 UTC", "incident_commander: not tom: not qualified",
			"ciso: not cio: qualification ended 2026-03-02 11:00 UTC",
		}},
		"later": {"isolation", noon.Add(21 * 24 * time.Hour), []string{
			"isolation ALARM", "soc_lead: ada", "soc_lead: not bob: qualification ended 2026-03-22 12:00 UTC", "incident_commander: not tom: not qualified",
			"ciso: not cio: qualification ended 2026-03-02 11:00 UTC",
		}},
		"before anybody was there": {"isolation", noon.Add(-time.Hour), []string{
			"isolation ALARM"}},
	} {
		slate, err := o.Slate(t.Context(), as("ana", soar.RoleAnalyst), row.class, row.at)
		must(t, err)
		if diff := strings.Join(lines(slate), "\n"); diff != strings.Join(row.want, "\n") {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	_, err := o.Slate(t.Context(), as("ana", soar.RoleAnalyst), "isolaton", noon)
	if soar.CodeOf(err) != soar.CodeInvalid || !strings.Contains(soar.MessageOf(err), `did you mean "isolation"?`) {
		t.Errorf("an unknown class: %v", err)
	}
	_, err = o.Slate(t.Context(), as("rep", soar.RoleReporter), "", noon)
	code(t, soar.CodeDenied, err)
}

func TestOnePersonInTwoRolesCountsOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.person(t, "ada", soar.RoleSOCLead, soar.RoleIncidentCommander)
	o.person(t, "cio", soar.RoleCISO)
	o.qualified(t, "QUA-1", "ada", "isolation", noon, noon.AddDate(1, 0, 0))
	o.away(t, "ABS-1", "cio", "ada", noon, noon.Add(time.Hour)) // and once more for the ciso
	slate, err := o.Slate(t.Context(), admin(), "isolation", noon)
	must(t, err)
	if got := slate.Classes[0]; got.Able != 1 || !got.Alarm || !slate.Alarm {
		t.Errorf("%d people may decide, alarm %v: %q", got.Able, got.Alarm, lines(slate))
	}
}

// told gives the messages in the outbox that were not given before.
func (o *office) told(t *testing.T) []protocol.Message {
	t.Helper()
	items, err := o.store.OutboxClaim(t.Context(), []string{soar.OutboxNotify}, 100, time.Hour)
	must(t, err)
	messages := make([]protocol.Message, len(items))
	for i, item := range items {
		must(t, json.Unmarshal(item.Payload, &messages[i]))
	}
	return messages
}

func subjects(messages []protocol.Message) []string {
	list := []string{}
	for _, m := range messages {
		list = append(list, m.Subject)
	}
	return list
}

func TestLookWarnsOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.person(t, "ada", soar.RoleSOCLead)
	o.person(t, "bob", soar.RoleSOCLead)
	until := noon.Add(40 * 24 * time.Hour)
	for _, person := range []string{"ada", "bob"} {
		o.qualified(t, "QUA-I"+person, person, "isolation", noon, noon.AddDate(1, 0, 0))
		o.qualified(t, "QUA-A"+person, person, "accounts", noon, noon.AddDate(1, 0, 0))
	}
	o.person(t, "eve", soar.RoleSOCLead)
	o.qualified(t, "QUA-E", "eve", "isolation", noon, until)
	look := func(at time.Time, below int, want ...string) {
		t.Helper()
		o.clock = at
		for range 2 { // a second look, or a second process, says nothing new
			got, err := o.Look(t.Context())
			must(t, err)
			same(t, below, got)
		}
		same(t, append([]string{}, want...), subjects(o.told(t)))
	}
	const about = "Qualification of eve for isolation "
	look(noon, 0)
	look(until.Add(-30*24*time.Hour), 0, about+"ends 2026-04-11 12:00 UTC")
	look(until.Add(-8*24*time.Hour), 0)
	look(until.Add(-7*24*time.Hour), 0, about+"ends 2026-04-11 12:00 UTC")
	look(until.Add(-time.Hour), 0, about+"ends 2026-04-11 12:00 UTC")
	look(until, 0, about+"ended 2026-04-11 12:00 UTC")
	look(until.Add(8*24*time.Hour), 0)

	must(t, o.keep.QualificationRevoke(t.Context(), "QUA-Iada", o.clock, entry()))
	few := "Too few people may approve isolation: 1 of at least 2"
	look(o.clock.Add(time.Hour), 1, few)
	look(o.clock.Add(2*time.Hour), 1)
	look(o.clock.Add(24*time.Hour), 1, few) // every day anew
	if got := o.system(t); len(got) != 6 || got[5] != "competence.warned: "+few {
		t.Errorf("the record says %q", got)
	}
}

func TestARenewedQualificationIsNotWarnedOf(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, person := range []string{"ada", "bob"} {
		o.person(t, person, soar.RoleSOCLead)
		o.qualified(t, "QUA-1"+person, person, "isolation", noon, noon.Add(24*time.Hour))
		o.qualified(t, "QUA-2"+person, person, "isolation", noon.Add(23*time.Hour), noon.AddDate(1, 0, 0))
		o.qualified(t, "QUA-3"+person, person, "accounts", noon, noon.AddDate(1, 0, 0))
	}
	below, err := o.Look(t.Context())
	must(t, err)
	same(t, 0, below)
	same(t, []string{}, subjects(o.told(t)))
}

func TestWhatThePersonIsTold(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, id := range []string{"ada", "bob"} {
		o.person(t, id, soar.RoleSOCLead)
		o.qualified(t, "QUA-A"+id, id, "accounts", noon, noon.AddDate(1, 0, 0))
		o.qualified(t, "QUA-I"+id, id, "isolation", noon, noon.Add(10*24*time.Hour))
	}
	zoned, err := o.keep.Person(t.Context(), "ada")
	must(t, err)
	zoned.Zone = "Asia/Kathmandu"
	before := zoned.UpdatedAt
	zoned.UpdatedAt = noon.Add(time.Second)
	_, err = o.keep.Save(t.Context(), before, zoned, entry())
	must(t, err)
	_, err = o.Look(t.Context())
	must(t, err)
	told := o.told(t)
	if len(told) != 2 {
		t.Fatalf("%d messages", len(told))
	}
	same(t, []soar.Approver{{Person: "ada"}, {Role: soar.RoleSOCLead}}, told[0].To)
	same(t, "Qualification of ada for isolation ends 2026-03-12 17:45 +0545 (2026-03-12 12:00 UTC)", told[0].Subject)
	same(t, "competence/QUA-Iada/first", told[0].ID)
}
