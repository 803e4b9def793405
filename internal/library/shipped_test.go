package library

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// shipped gives a release with these playbooks.
func shipped(sources ...string) fstest.MapFS {
	files := fstest.MapFS{"doc.go": {Data: []byte("package playbooks")}, "ssh/README.md": {}}
	for _, source := range sources {
		name, _, _ := strings.Cut(source, " ")
		files[name+"/"+name+".yaml"] = &fstest.MapFile{Data: []byte(source)}
	}
	return files
}

func (w *world) load(sources ...string) string {
	w.t.Helper()
	found, err := w.LoadShipped(w.t.Context(), shipped(sources...))
	if err != nil {
		w.t.Fatal(err)
	}
	return messages(found)
}

func TestLoadShipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// a calls z, which comes later; b calls c, which is a person's.
	w.publish("c 1")
	if got := w.load("a 1 call:z", "b 1 call:c", "z 1 warning"); got != "warning: it is odd" {
		t.Errorf("got %s", got)
	}
	if got := w.running(); got != "a 1, b 1, c 1, z 1" {
		t.Errorf("running %s", got)
	}
	z, err := w.store.PlaybookGet(t.Context(), "z", "1")
	if err != nil || w.activePlan("a").Calls["z"] != z.Digest || !z.PublishedBy.Same(soar.System("release")) {
		t.Errorf("got %+v %v", z, err)
	}
	events := len(w.store.events)
	w = w.restart("m1")
	w.load("a 1 call:z", "b 1 call:c", "z 1 warning")
	if len(w.store.events) != events || len(w.store.rows) != 4 || w.running() != "a 1, b 1, c 1, z 1" {
		t.Errorf("the second start published: %v", w.store.events[events:])
	}
}

// TestReleases says what a new release does with what is there.
func TestReleases(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name                             string
		before                           func(w *world)
		connectors, release, want, found string
	}{
		{"a new version replaces the shipped one", func(w *world) { w.load("ssh 1") }, "m1", "ssh 2", "ssh 2", ""},
		{"new connectors replace the shipped one", func(w *world) { w.load("ssh 1") }, "m2", "ssh 1", "ssh 1", ""},
		{"a person's version stays", func(w *world) { w.load("ssh 1"); w.publish("ssh 1-site") }, "m1", "ssh 2", "ssh 1-site", ""},
		{"a person's version stays with new connectors", func(w *world) { w.publish("ssh 1-site") }, "m2", "ssh 1", "ssh 1-site", ""},
		{"disabled stays disabled", func(w *world) {
			w.load("ssh 1")
			if err := w.Disable(w.t.Context(), engineer(), "ssh"); err != nil {
				w.t.Fatal(err)
			}
		}, "m1", "ssh 2", "", ""},
		{"an older release changes nothing", func(w *world) { w.load("ssh 1"); w.load("ssh 2") }, "m1", "ssh 1", "ssh 2", ""},
		{"a person took an older version", func(w *world) {
			w.load("ssh 1")
			w.load("ssh 2")
			w.publish("ssh 1")
		}, "m1", "ssh 2", "ssh 1", ""},
		{"the same version with another text", func(w *world) { w.load("ssh 1") }, "m1", "ssh 1 warning", "ssh 1",
			"warning: version 1 of ssh is published with another text, which stays, warning: it is odd"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			row.before(w)
			w = w.restart(row.connectors)
			if found := w.load(row.release); found != row.found {
				t.Errorf("found %q, want %q", found, row.found)
			}
			if got := w.running(); got != row.want {
				t.Errorf("running %q, want %q", got, row.want)
			}
		})
	}
}

// TestNewConnectorsAreTaken: after an update of a connector, the shipped playbook
// runs with the manifest as it is now.
func TestNewConnectorsAreTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.load("ssh 1")
	w = w.restart("m2")
	w.load("ssh 1")
	if got := w.Active()[0].Pins["edr"]; got != "m2" {
		t.Errorf("pinned %s", got)
	}
}

// TestTheStoredTextIsCalled: where the library keeps another text of a version,
// that is the one that other shipped playbooks pin.
func TestTheStoredTextIsCalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stored := w.publish("z 1")
	w.load("a 1 call:z", "z 1 warning")
	if got := w.activePlan("a").Calls["z"]; got != stored.Digest {
		t.Errorf("calls %s, stored %s", got, stored.Digest)
	}
}

func TestShippedWithErrors(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"a fault":             {shipped("a 1", "ssh 1 error"), "error: it is wrong"},
		"calls nothing":       {shipped("a 1 call:nope", "b 1"), "error: there is no playbook nope"},
		"a circle":            {shipped("a 1 call:b", "b 1 call:a"), "error: there is no playbook b, error: there is no playbook a"},
		"calls itself":        {shipped("a 1 call:a"), "error: there is no playbook a"},
		"another name":        {fstest.MapFS{"x/a.yaml": {Data: []byte("b 1")}}, "error: the file has the playbook b"},
		"twice":               {fstest.MapFS{"x/a.yaml": {Data: []byte("a 1")}, "y/a.yaml": {Data: []byte("a 2")}}, "error: playbook a is in x/a.yaml already"},
		"the one it calls is": {shipped("a 1 call:b", "b 1 error"), "error: there is no playbook b, error: it is wrong"},
	}
	for name, row := range rows {
		w := newWorld(t)
		found, err := w.LoadShipped(t.Context(), row.files)
		if soar.CodeOf(err) != soar.CodeInvalid || !found.HasErrors() {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(strings.Split(row.want, ", "), strings.Split(messages(found), ", ")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if len(w.store.rows) > 0 {
			t.Errorf("%s: something was published", name)
		}
	}
}

func TestShippedWhenTheStoreIsAway(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"PlaybookActive", "PlaybookByDigest", "PlaybookGet", "PlaybookInsert"} {
		w := newWorld(t)
		w.store.fail[method] = soar.Errorf(soar.CodeUnavailable, "memory", "away")
		if _, err := w.LoadShipped(t.Context(), shipped("ssh 1")); soar.CodeOf(err) != soar.CodeUnavailable {
			t.Errorf("%s: %v", method, err)
		}
	}
	w := newWorld(t)
	if _, err := w.LoadShipped(t.Context(), shipped("ssh 1 nothing")); soar.CodeOf(err) != soar.CodeInternal {
		t.Errorf("got %v", err)
	}
}
