package library

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/site"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestPublish(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, found, err := w.Publish(t.Context(), engineer(), "ssh", []byte("ssh 1 warning"))
	if err != nil || messages(found) != "warning: it is odd" {
		t.Fatalf("got %v %v", found, err)
	}
	p, err := plan.Read(v.Plan)
	if err != nil {
		t.Fatal(err)
	}
	want := soar.PlaybookVersion{
		Playbook: "ssh", Version: "1", Digest: p.Digest, Source: "ssh 1 warning", Plan: v.Plan, Active: true,
		PublishedBy: engineer().Actor, PublishedAt: noon(),
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p.Source == "" || p.Pins["edr"] != "m1" || w.running() != "ssh 1" {
		t.Errorf("plan %+v, running %s", p, w.running())
	}
	if diff := cmp.Diff([]string{"playbook.published: Playbook ssh 1 published, it is the active version now"}, w.store.events); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPublishAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.publish("ssh 1")
	again := w.publish("ssh 1")
	if diff := cmp.Diff(first, again); diff != "" || len(w.store.rows) != 1 || len(w.store.events) != 1 {
		t.Errorf("%v (-first +again)\n%s", w.store.events, diff)
	}
	w.publish("ssh 2")
	back := w.publish("ssh 1") // what ran before is wanted again
	if !back.Active || w.running() != "ssh 1" || len(w.store.rows) != 2 {
		t.Errorf("got %+v, running %s", back, w.running())
	}
	_, _, err := w.Publish(t.Context(), engineer(), "ssh", []byte("ssh 1 warning"))
	if soar.CodeOf(err) != soar.CodeConflict || w.running() != "ssh 1" {
		t.Errorf("another text under the same version: %v", err)
	}
}

// TestPublishWithOtherConnectors: the text is the same and what runs is not, so it
// has another digest and replaces what was active.
func TestPublishWithOtherConnectors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.publish("ssh 1")
	w = w.restart("m2")
	after := w.publish("ssh 1")
	if after.Digest == before.Digest || !after.Active || len(w.store.rows) != 2 {
		t.Errorf("before %s, after %+v", before.Digest, after)
	}
	if p, err := w.PlanByDigest(before.Digest); err != nil || p.Pins["edr"] != "m1" {
		t.Errorf("the plan that incidents pin: %+v %v", p, err)
	}
}

func TestPublishCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, found, err := w.Publish(t.Context(), engineer(), "outer", []byte("outer 1 call:inner"))
	if err != nil || messages(found) != "error: there is no playbook inner" || len(w.store.rows) > 0 {
		t.Errorf("got %v %v", found, err)
	}
	inner := w.restart("m1").publish("inner 1") // by another process
	v := w.publish("outer 1 call:inner")
	p, err := plan.Read(v.Plan)
	if err != nil || p.Calls["inner"] != inner.Digest {
		t.Errorf("got %+v %v", p, err)
	}
}

func TestPublishRefused(t *testing.T) {
	t.Parallel()
	scoped := engineer()
	scoped.Scopes = []string{string(access.PlaybookPublish)}
	rows := []struct {
		name, as, source string
		p                soar.Principal
		code             soar.Code
		part             string
	}{
		{"by an analyst", "ssh", "ssh 1", soar.Principal{Roles: []soar.Role{soar.RoleAnalyst}}, soar.CodeDenied, "playbook:publish"},
		{"without activate", "ssh", "ssh 1", scoped, soar.CodeDenied, "playbook:activate"},
		{"under another name", "phishing", "ssh 1", engineer(), soar.CodeInvalid, "playbook: ssh"},
		{"too large", "ssh", "ssh 1 " + strings.Repeat("x", maxSource), engineer(), soar.CodeInvalid, "at most 262144"},
		{"compiled to nothing", "ssh", "ssh 1 nothing", engineer(), soar.CodeInternal, "to nothing"},
		{"not sealed", "ssh", "ssh 1 unsealed", engineer(), soar.CodeInternal, "cannot be read again"},
	}
	for _, row := range rows {
		w := newWorld(t)
		_, _, err := w.Publish(t.Context(), row.p, row.as, []byte(row.source))
		if soar.CodeOf(err) != row.code || !strings.Contains(soar.MessageOf(err), row.part) {
			t.Errorf("%s: got %v, want %s with %q", row.name, err, row.code, row.part)
		}
		if len(w.store.rows) > 0 {
			t.Errorf("%s: published", row.name)
		}
	}
	w := newWorld(t)
	_, found, err := w.Publish(t.Context(), engineer(), "ssh", []byte("ssh 1 error"))
	if err != nil || !found.HasErrors() || found[0].File != "ssh.yaml" || len(w.store.rows) > 0 {
		t.Errorf("with faults: %v %v", found, err)
	}
}

func TestPublishWhenTheStoreIsAway(t *testing.T) {
	t.Parallel()
	away := soar.Errorf(soar.CodeUnavailable, "memory", "away")
	for method, code := range map[string]soar.Code{"PlaybookActive": soar.CodeUnavailable, "PlaybookInsert": soar.CodeUnavailable, "PlaybookByDigest": ""} {
		w := newWorld(t)
		w.store.fail[method] = away
		v, _, err := w.Publish(t.Context(), engineer(), "ssh", []byte("ssh 1"))
		if soar.CodeOf(err) != code {
			t.Errorf("%s: %v", method, err)
		}
		if code == "" && (v.Playbook != "ssh" || !v.Active || w.running() != "ssh 1") {
			t.Errorf("%s: what was published did not come back: %+v", method, v)
		}
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("inner 1")
	raw, found, err := w.Lint([]byte("ssh 1 warning call:inner"))
	if err != nil || len(found) != 1 || found[0].File != lintedFile {
		t.Fatalf("got %v %v", found, err)
	}
	if p, err := plan.Read(raw); err != nil || p.Playbook != "ssh" {
		t.Errorf("got %+v %v", p, err)
	}
	raw, found, err = w.Lint([]byte("ssh 1 error"))
	if err != nil || raw != nil || !found.HasErrors() {
		t.Errorf("got %s %v %v", raw, found, err)
	}
	if _, _, err := w.Lint(make([]byte, maxSource+1)); soar.CodeOf(err) != soar.CodeInvalid {
		t.Errorf("too large: %v", err)
	}
	if len(w.store.rows) != 1 {
		t.Error("linting published something")
	}
}

func TestVersionsAndList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("ssh 1")
	w.publish("ssh 2")
	w.publish("phishing 1")
	versions, err := w.Versions(t.Context(), engineer(), "ssh")
	if err != nil || len(versions) != 2 || versions[0].Version != "2" || !versions[0].Active || versions[1].Active {
		t.Errorf("got %+v %v", versions, err)
	}
	if _, err := w.Versions(t.Context(), engineer(), "nope"); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("got %v", err)
	}
	list, next, err := w.List(t.Context(), engineer(), soar.Page{After: "x"})
	if err != nil || len(list) != 3 || next != "x" {
		t.Errorf("got %d %q %v", len(list), next, err)
	}
	reporter := soar.Principal{Roles: []soar.Role{soar.RoleReporter}}
	if _, err := w.Versions(t.Context(), reporter, "ssh"); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("got %v", err)
	}
	if _, _, err := w.List(t.Context(), reporter, soar.Page{}); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("got %v", err)
	}
}

func TestActivateAndDisable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("ssh 1")
	w.publish("ssh 2")
	for range 2 { // the second time nothing is left to do
		if v, err := w.Activate(t.Context(), engineer(), "ssh", "1"); err != nil || !v.Active || w.running() != "ssh 1" {
			t.Errorf("got %+v %v, running %s", v, err, w.running())
		}
	}
	for range 2 {
		if err := w.Disable(t.Context(), engineer(), "ssh"); err != nil || w.running() != "" {
			t.Errorf("got %v, running %s", err, w.running())
		}
	}
	want := []string{
		"playbook.published: Playbook ssh 1 published, it is the active version now",
		"playbook.published: Playbook ssh 2 published, it is the active version now",
		"playbook.activated: Playbook ssh 1 is the active version now",
		"playbook.disabled: Playbook ssh disabled: it starts no more",
	}
	if diff := cmp.Diff(want, w.store.events); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	reader := soar.Principal{Roles: []soar.Role{soar.RoleAnalyst}}
	if _, err := w.Activate(t.Context(), reader, "ssh", "1"); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("got %v", err)
	}
	if err := w.Disable(t.Context(), reader, "ssh"); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("got %v", err)
	}
	if _, err := w.Activate(t.Context(), engineer(), "ssh", ""); soar.CodeOf(err) != soar.CodeInvalid {
		t.Errorf("got %v", err)
	}
	if _, err := w.Activate(t.Context(), engineer(), "ssh", "9"); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("got %v", err)
	}
	if err := w.Disable(t.Context(), engineer(), "nope"); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("got %v", err)
	}
	for _, row := range []struct {
		method string
		call   func() error
	}{
		{"PlaybookActivate", func() error { _, err := w.Activate(t.Context(), engineer(), "ssh", "1"); return err }},
		{"PlaybookDisable", func() error {
			w.publish("ssh 1")
			return w.Disable(t.Context(), engineer(), "ssh")
		}},
	} {
		method, call := row.method, row.call
		w.store.fail[method] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
		if err := call(); soar.CodeOf(err) != soar.CodeUnavailable {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// The names of the site's policy files are looked at when a playbook is published.
func TestPublishKnowsThePolicies(t *testing.T) {
	t.Parallel()
	const source = "tocsin: v1\nplaybook: wake\nversion: 1.0.0\ntitle: Wake somebody\nsteps:\n  - id: wake\n    escalate: {policy: sox, reason: Somebody must look}\n"
	for name, row := range map[string]struct {
		known *site.Names
		fault string
	}{
		"another policy": {&site.Names{Escalations: []string{"soc"}}, `there is no escalation policy "sox"`},
		"known":          {&site.Names{Escalations: []string{"sox"}}, ""},
		"not looked at":  {nil, ""},
	} {
		w := newWorld(t)
		s := New(Options{Store: w.store, Names: row.known})
		_, found, err := s.Publish(t.Context(), engineer(), "wake", []byte(source))
		if err != nil || found.HasErrors() != (row.fault != "") || len(w.store.rows) == 0 != found.HasErrors() {
			t.Errorf("%s: %v, %v, %d rows", name, found, err, len(w.store.rows))
		}
		if row.fault != "" && !strings.Contains(found[0].Message, row.fault) {
			t.Errorf("%s: got %q", name, found[0].Message)
		}
	}
}
