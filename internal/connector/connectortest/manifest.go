package connectortest

import (
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func (s Suite) checkManifest(t *testing.T) {
	t.Parallel()
	m := s.Kind.Manifest()
	for name, value := range map[string]string{"connector": m.Connector, "version": m.Version, "title": m.Title, "description": m.Description, "tested": m.Tested, "digest": m.Digest} {
		if value == "" {
			t.Errorf("%s is empty", name)
		}
	}
	if len(m.Actions) == 0 {
		t.Error("no actions")
	}
	if _, err := connector.CompileSchemas(m); err != nil {
		t.Error(err)
	}
	for i := range m.Actions {
		checkAction(t, m, &m.Actions[i])
	}
	for name := range s.Cases {
		if m.Find(name) == nil {
			t.Errorf("case %s: the manifest declares no such action", name)
		}
	}
}

func checkAction(t *testing.T, m *manifest.Manifest, action *manifest.Action) {
	t.Helper()
	fault := func(format string, args ...any) { t.Helper(); t.Errorf(action.Name+": "+format, args...) }
	if action.Title == "" || action.Description == "" {
		fault("title or description is empty")
	}
	if !slices.Contains(soar.Risks(), action.Risk) {
		fault("risk %q is not known", action.Risk)
	}
	if action.Timeout <= 0 {
		fault("no timeout")
	}
	if action.Risk.Writes() && action.Target == "" {
		fault("risk %s without a target", action.Risk)
	}
	if action.Target != "" && !hasProperty(action.Input, action.Target) {
		fault("target %s is no input", action.Target)
	}
	if action.Risk.Writes() && action.Undo == nil && !action.Irreversible {
		fault("neither undo nor irreversible")
	}
	if action.Irreversible && action.Undo != nil {
		fault("both undo and irreversible")
	}
	if action.Evidence && action.Risk != soar.RiskCollect {
		fault("collects evidence with risk %s", action.Risk)
	}
	if action.Undo != nil {
		checkReference(t, m, action.Name+".undo", action.Undo.Action, action.Undo.With)
	}
	if action.Reconcile != nil {
		read := checkReference(t, m, action.Name+".reconcile", action.Reconcile.Action, action.Reconcile.With)
		if read != nil && read.Risk != soar.RiskRead {
			fault("reconcile by %s, which does not only read", read.Name)
		}
		if strings.TrimSpace(action.Reconcile.Done) == "" {
			fault("reconcile without done")
		}
	}
}

// checkReference holds the arguments given to another action against its input.
func checkReference(t *testing.T, m *manifest.Manifest, where, name string, with []manifest.UndoArg) *manifest.Action {
	t.Helper()
	other := m.Find(name)
	if other == nil {
		t.Errorf("%s: no action %q", where, name)
		return nil
	}
	given := map[string]bool{}
	for _, argument := range with {
		given[argument.Name] = true
		if !hasProperty(other.Input, argument.Name) {
			t.Errorf("%s: %s takes no %q", where, name, argument.Name)
		}
	}
	required, _ := other.Input["required"].([]any)
	for _, needed := range required {
		if field, ok := needed.(string); ok && !given[field] {
			t.Errorf("%s: %s needs %q", where, name, field)
		}
	}
	return other
}

func hasProperty(schema map[string]any, name string) bool {
	properties, _ := schema["properties"].(map[string]any)
	_, ok := properties[name]
	return ok
}
