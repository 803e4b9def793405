package ldap

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

const (
	clerk17 = "uid=clerk-17,ou=people,dc=lab,dc=test"
	clerk18 = "uid=clerk-18,ou=people,dc=lab,dc=test"
	anna    = "cn=Anna Example,ou=ad,dc=lab,dc=test"
)

// bench is the connector over a real server.
type bench struct {
	*slapd
	registry *connector.Registry
	sent     int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{slapd: startSlapd(t)}
}

// open opens an instance; settings replace those that fit the server.
func (b *bench) open(t *testing.T, settings map[string]string) error {
	t.Helper()
	config := connector.Config{
		Instance: "directory", Secrets: map[string]secret.String{"password": secret.New(rootPassword)},
		Settings: map[string]string{
			"url": "ldaps://" + b.secure, "ca": b.ca, "bind_dn": rootDN, "base_dn": "dc=lab,dc=test", "policy_dn": "cn=strict,dc=lab,dc=test",
		},
	}
	for name, value := range settings {
		config.Settings[name] = value
	}
	if given := settings["password"]; given != "" {
		config.Secrets["password"] = secret.New(given)
		delete(config.Settings, "password")
	}
	kind, err := Kind()
	if err != nil {
		t.Fatal(err)
	}
	b.registry = connector.NewRegistry()
	return b.registry.Open(kind, config)
}

func (b *bench) do(t *testing.T, action string, args map[string]any) (map[string]any, error) {
	t.Helper()
	instance, _, _ := b.registry.Find("directory")
	result, err := instance.Do(t.Context(), connector.Call{Action: action, Args: args, Sent: func(context.Context) error { b.sent++; return nil }})
	if err != nil {
		return nil, err
	}
	schemas, _ := b.registry.Schemas("directory")
	if err := schemas.CheckOutput(action, result.Output); err != nil {
		t.Errorf("%s: %v", action, err)
	}
	return result.Output, nil
}

func (b *bench) must(t *testing.T, action string, args map[string]any, want map[string]any) {
	t.Helper()
	output, err := b.do(t, action, args)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	if diff := cmp.Diff(want, output); diff != "" {
		t.Errorf("%s: %s", action, diff)
	}
}

func named(name string) map[string]any { return map[string]any{"user": name} }

func TestALockedUserIsKeptOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.open(t, nil); err != nil {
		t.Fatal(err)
	}
	if !b.admits(t, clerk17, "clerk-password") {
		t.Fatal("the user cannot sign in to begin with")
	}
	b.must(t, "user_info", named("clerk-17@lab.test"), map[string]any{
		"dn": clerk17, "name": "clerk-17", "email": "clerk-17@lab.test", "enabled": true, "groups": []any{"accounting", "lonely", "shell"},
	})
	b.must(t, "disable_user", named("clerk-17"), map[string]any{"dn": clerk17, "user": "clerk-17", "enabled": false, "changed": true})
	if b.admits(t, clerk17, "clerk-password") {
		t.Error("a locked user can sign in")
	}
	b.must(t, "disable_user", named(clerk17), map[string]any{"dn": clerk17, "user": "clerk-17", "enabled": false, "changed": false})
	b.must(t, "enable_user", named("Clerk 17"), map[string]any{"dn": clerk17, "user": "clerk-17", "enabled": true, "changed": true})
	if !b.admits(t, clerk17, "clerk-password") {
		t.Error("an unlocked user cannot sign in")
	}
	if b.sent != 3 {
		t.Errorf("the ledger was told %d times", b.sent)
	}
}

func TestActiveDirectoryKeepsTheOtherBits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.open(t, map[string]string{"directory": "active_directory", "policy_dn": ""}); err != nil {
		t.Fatal(err)
	}
	b.must(t, "user_info", named(`LAB\anna`), map[string]any{"dn": anna, "name": "anna", "email": "", "enabled": true, "groups": []any{}})
	b.must(t, "disable_user", named("anna@lab.test"), map[string]any{"dn": anna, "user": "anna", "enabled": false, "changed": true})
	if got := b.control(t); got != "66050" {
		t.Errorf("userAccountControl is %s", got)
	}
	b.must(t, "enable_user", named("anna"), map[string]any{"dn": anna, "user": "anna", "enabled": true, "changed": true})
	if got := b.control(t); got != "66048" {
		t.Errorf("userAccountControl is %s", got)
	}
	stale := ldap.NewEntry(anna, map[string][]string{accountControl: {"512"}})
	instance, _, _ := b.registry.Find("directory")
	s, err := instance.(*directory).session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.end()
	if failure := modified(s.conn.Modify(activeDirectory{}.change(stale, false))); failure.Class != connector.Transient {
		t.Errorf("a change over somebody else's: %v", failure)
	}
}

// control reads userAccountControl as it stands on the server.
func (b *bench) control(t *testing.T) string {
	t.Helper()
	conn, err := ldap.DialURL("ldap://" + b.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind(rootDN, rootPassword); err != nil {
		t.Fatal(err)
	}
	found, err := conn.Search(ldap.NewSearchRequest(anna, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=*)", []string{accountControl}, nil))
	if err != nil {
		t.Fatal(err)
	}
	return found.Entries[0].GetAttributeValue(accountControl)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.open(t, map[string]string{"group_base_dn": "ou=groups,dc=lab,dc=test"}); err != nil {
		t.Fatal(err)
	}
	pair := func(user, group string) map[string]any { return map[string]any{"user": user, "group": group} }
	done := func(group string, member, changed bool) map[string]any {
		return map[string]any{"dn": clerk17, "user": "clerk-17", "group": group, "member": member, "changed": changed}
	}
	for _, group := range []string{"accounting", "shell"} {
		b.must(t, "remove_from_group", pair("clerk-17", group), done(group, false, true))
		b.must(t, "remove_from_group", pair("clerk-17", group), done(group, false, false))
	}
	b.must(t, "user_info", named("clerk-17"), map[string]any{"dn": clerk17, "name": "clerk-17", "email": "clerk-17@lab.test", "enabled": true, "groups": []any{"lonely"}})
	b.must(t, "group_members", map[string]any{"group": "accounting"}, map[string]any{
		"dn": "cn=accounting,ou=groups,dc=lab,dc=test", "name": "accounting", "members": []any{clerk18}, "count": 1,
	})
	for _, group := range []string{"accounting", "shell"} {
		b.must(t, "add_to_group", pair("clerk-17", group), done(group, true, true))
		b.must(t, "add_to_group", pair("clerk-17", group), done(group, true, false))
	}
	if _, err := b.do(t, "remove_from_group", pair("clerk-17", "lonely")); err == nil || !strings.Contains(err.Error(), "no member left") {
		t.Errorf("the last member of a group: %v", err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	rows := []struct {
		name     string
		settings map[string]string
		action   string
		args     map[string]any
		class    connector.Class
		says     string
	}{
		{"nobody", nil, "disable_user", named("clerk-99"), connector.Permanent, `there is no user "clerk-99"`},
		{"two people of one name", nil, "disable_user", named("Clerk"), connector.Permanent, "more than one user"},
		{"a star", nil, "disable_user", named("*"), connector.Permanent, `there is no user "*"`},
		{"a filter", nil, "disable_user", named("x)(uid=clerk-17"), connector.Permanent, "there is no user"},
		{"blank", nil, "disable_user", named("  "), connector.Permanent, "an empty name"},
		{"a name outside of the base", map[string]string{"base_dn": "ou=people,dc=lab,dc=test"}, "disable_user", named(rootDN), connector.Permanent, "there is no user"},
		{"a policy that ignores locks", nil, "disable_user", named("clerk-18"), connector.Permanent, "no pwdLockout TRUE"},
		{"no policy known", map[string]string{"policy_dn": ""}, "disable_user", named("clerk-17"), connector.Permanent, "set policy_dn"},
		{"a policy that is not there", map[string]string{"policy_dn": "cn=none,dc=lab,dc=test"}, "disable_user", named("clerk-17"), connector.Permanent, "does not exist"},
		{"a wrong password", map[string]string{"password": "wrong"}, "user_info", named("clerk-17"), connector.Auth, "Invalid Credentials"},
		{"no group", nil, "add_to_group", map[string]any{"user": "clerk-17", "group": "none"}, connector.Permanent, `there is no group "none"`},
		{"an action that is not there", nil, "delete_user", named("clerk-17"), connector.Permanent, "no action"},
		{"an unknown authority", map[string]string{"ca": ""}, "user_info", named("clerk-17"), connector.Permanent, "not trusted"},
		{"StartTLS under an unknown authority", map[string]string{"ca": "", "url": "ldap://" + b.plain}, "user_info", named("clerk-17"), "", "certificate"},
		{"nobody listens", map[string]string{"url": "ldaps://" + freeAddress(t)}, "user_info", named("clerk-17"), connector.Transient, "no connection"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := &bench{slapd: b.slapd}
			if err := b.open(t, row.settings); err != nil {
				t.Fatal(err)
			}
			_, err := b.do(t, row.action, row.args)
			failure, ok := errors.AsType[*connector.Error](err)
			if !ok || (row.class != "" && failure.Class != row.class) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %s with %q", err, row.class, row.says)
			}
			if b.sent != 0 {
				t.Error("the ledger was told of a call that was refused")
			}
			if err != nil && strings.Contains(err.Error(), rootPassword) {
				t.Errorf("the password shows: %v", err)
			}
		})
	}
	if !b.admits(t, clerk17, "clerk-password") || !b.admits(t, clerk18, "clerk-password") {
		t.Error("somebody was locked")
	}
}

func TestStartTLS(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.open(t, map[string]string{"url": "ldap://" + b.plain}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.do(t, "user_info", named("clerk-17")); err != nil {
		t.Error(err)
	}
}

func TestALedgerThatForbidsChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.open(t, nil); err != nil {
		t.Fatal(err)
	}
	instance, _, _ := b.registry.Find("directory")
	forbid := func(context.Context) error { return errors.New("no") }
	_, err := instance.Do(t.Context(), connector.Call{Action: "disable_user", Args: named("clerk-17"), Sent: forbid})
	if failure := connector.Classify(err, false); failure == nil || failure.Class != connector.Transient {
		t.Errorf("got %v", err)
	}
	if !b.admits(t, clerk17, "clerk-password") {
		t.Error("the user was locked without the ledger's leave")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	b := &bench{slapd: &slapd{secure: "127.0.0.1:636"}}
	for name, row := range map[string]struct {
		settings map[string]string
		says     string
	}{
		"a web address":           {map[string]string{"url": "https://dir.example"}, "want ldaps or ldap"},
		"credentials in the url":  {map[string]string{"url": "ldaps://u:p@dir.example"}, "without a path or credentials"},
		"a base that is none":     {map[string]string{"base_dn": "lab.test"}, "base_dn is not a distinguished name"},
		"an unknown family":       {map[string]string{"directory": "novell"}, "want openldap or active_directory"},
		"a policy for the wrong":  {map[string]string{"directory": "active_directory"}, "policy_dn means nothing"},
		"an authority of no form": {map[string]string{"ca": "nonsense"}, "no certificate in PEM form"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{slapd: b.slapd}
			if err := b.open(t, row.settings); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
}
