package archtest

import (
	"strings"
	"testing"
)

// anything marks the packages that wire others together.
const anything = "*"

// mayImport is the drawing of the house: folder -> which of our own folders it
// may import (a trailing /... takes the folders below). Test files may import
// more. Third-party walls stand in walls_test.go.
func mayImport() map[string][]string {
	return map[string][]string{
		"cmd/tocsin": {"api/client", "api/gen", "internal/slack/card", "internal/slack/manifest", "internal/access", "internal/app", "internal/connectors/...", "internal/deadline/...", "internal/demo", "internal/diag", "internal/diag/strictyaml", "internal/doctor",
			"internal/intake/mapping", "internal/intake/sources", "internal/lab", "internal/manifest", "internal/notify/letter", "internal/notify/preview", "internal/observe", "internal/playbook/...", "internal/policy", "internal/protocol", "internal/record", "internal/soar"},
		"api": {"api/clock", "api/duty", "api/containments", "api/notifications", "api/oncall", "api/optional", "api/gen", "api/people", "api/spec", "api/task", "internal/access", "internal/diag", "internal/form", "internal/incidents", "internal/intake", "internal/intake/trial", "internal/library",
			"internal/manifest", "internal/observe", "internal/observe/health", "internal/once", "internal/operations", "internal/protocol", "internal/record", "internal/soar"},
		"api/apitest": {"internal/deadline/duty", "internal/dutydesk", "api", "internal/access", "internal/clockboard", "internal/clockboard/feed", "internal/diag", "internal/incidents", "internal/intake", "internal/intake/trial", "internal/manifest", "internal/people",
			"internal/observe/health", "internal/once", "internal/operations", "internal/protocol", "internal/record", "internal/secret", "internal/soar"},
		"api/optional": {},
		"api/apifuzz":  {"api"},
		"api/page":     {"internal/diag", "internal/incidents", "internal/people", "internal/people/link", "internal/protocol", "internal/soar"},
		"api/people":   {"api/gen", "api/optional", "internal/people", "internal/soar"},
		"api/client":   {"api/gen", "internal/soar"},
		"api/gen":      {"internal/diag", "internal/protocol", "internal/soar"},
		"api/spec":     {"internal/diag/misfit"},

		"workflows":             {"internal/form", "workflows/asking", "workflows/clocks", "workflows/escalation", "internal/deadline/objective", "workflows/interpreter", "workflows/state", "internal/protocol", "internal/playbook/plan", "internal/playbook/expression", "internal/soar"},
		"workflows/asking":      {"workflows/state", "internal/protocol", "internal/quorum", "internal/soar"},
		"workflows/clocks":      {"workflows/state", "internal/deadline/objective", "internal/protocol", "internal/soar"},
		"workflows/reads":       {"internal/playbook/plan"},
		"workflows/interpreter": {"workflows/reads", "workflows/asking", "workflows/state", "internal/protocol", "internal/playbook/plan", "internal/playbook/expression", "internal/soar"},
		"workflows/escalation":  {"workflows/interpreter", "workflows/state", "internal/oncall/escalation", "internal/protocol", "internal/soar"},
		"workflows/state":       {"internal/oncall/escalation", "internal/protocol", "internal/playbook/plan", "internal/quorum", "internal/soar"},
		"activities":            {"internal/connector", "internal/guard", "internal/manifest", "internal/observe", "internal/protocol", "internal/record", "internal/secret", "internal/soar"},
		"playbooks":             {},

		"internal/soar":                {},
		"internal/diag":                {},
		"internal/diag/strictyaml":     {"internal/diag"},
		"internal/diag/strictschema":   {"internal/diag", "internal/form", "internal/diag/strictyaml"},
		"internal/diag/misfit":         {"internal/soar"},
		"internal/form":                {"internal/diag/misfit", "internal/soar"},
		"internal/secret":              {},
		"internal/once":                {},
		"internal/tlsfile":             {},
		"internal/tlsfile/tlsfiletest": {},
		"internal/observe":             {},
		"internal/observe/health":      {"internal/soar"},
		"internal/observe/metrics":     {"internal/soar"},
		"internal/observe/systemd":     {},
		"internal/observe/tracing":     {},
		"internal/record":              {"internal/soar"},
		"internal/protocol":            {"internal/soar"},
		"internal/manifest":            {"internal/diag", "internal/diag/strictschema", "internal/diag/strictyaml", "internal/soar"},

		"internal/playbook":                    {"internal/playbook/...", "internal/diag", "internal/manifest"},
		"internal/playbook/plan":               {},
		"internal/playbook/grammar":            {"internal/playbook/plan", "internal/soar"},
		"internal/playbook/ast":                {"internal/playbook/plan", "internal/diag", "internal/diag/strictyaml"},
		"internal/playbook/expression":         {"internal/playbook/expression/..."},
		"internal/playbook/expression/data":    {},
		"internal/playbook/expression/syntax":  {"internal/playbook/expression/data"},
		"internal/playbook/expression/library": {"internal/playbook/expression/data"},
		"internal/playbook/parser": {"internal/playbook/ast", "internal/playbook/expression", "internal/playbook/grammar", "internal/playbook/plan",
			"internal/diag", "internal/diag/strictschema", "internal/diag/strictyaml"},
		"internal/playbook/checker": {"internal/playbook/ast", "internal/playbook/expression/...", "internal/playbook/grammar", "internal/playbook/plan",
			"internal/diag", "internal/diag/strictschema", "internal/diag/strictyaml", "internal/form", "internal/manifest", "internal/soar"},
		"internal/playbook/compiler":     {"internal/playbook/ast", "internal/playbook/expression", "internal/playbook/grammar", "internal/playbook/plan", "internal/manifest"},
		"internal/playbook/schema":       {"internal/playbook/grammar", "internal/playbook/plan", "internal/diag/strictschema", "internal/manifest"},
		"internal/playbook/site":         {"internal/playbook/ast", "internal/playbook/parser", "internal/diag", "internal/diag/strictyaml"},
		"internal/playbook/format":       {"internal/playbook/ast", "internal/playbook/grammar", "internal/playbook/parser", "internal/diag", "internal/diag/strictyaml"},
		"internal/playbook/playbooktest": {"internal/playbook/...", "internal/diag", "internal/manifest"},

		"internal/deadline/objective": {"internal/playbook/expression", "internal/protocol", "internal/soar"},
		"internal/deadline/calendar":  {"internal/diag/strictyaml"},
		"internal/deadline/duty":      {"internal/deadline/calendar", "internal/diag", "internal/diag/strictyaml", "internal/playbook/expression"},
		"internal/deadline/notice":    {"internal/deadline/duty", "internal/soar"},
		"internal/deadline/packs":     {"internal/deadline/duty", "internal/diag"},
		"internal/deadline/timeline":  {"internal/deadline/calendar", "internal/deadline/duty", "internal/deadline/notice", "internal/deadline/objective", "internal/playbook/expression", "internal/protocol", "internal/soar"},
		"internal/deadline/vector":    {"internal/deadline/calendar", "internal/deadline/duty"},

		"internal/access":            {"internal/protocol", "internal/record", "internal/secret", "internal/soar"},
		"internal/guard":             {"internal/protocol", "internal/quorum", "internal/soar"},
		"internal/quorum":            {"internal/soar"},
		"internal/policy":            {"internal/access", "internal/deadline/calendar", "internal/deadline/objective", "internal/diag", "internal/diag/strictyaml", "internal/guard", "internal/oncall", "internal/playbook/expression", "internal/protocol", "internal/soar"},
		"internal/oncall":            {"internal/soar"},
		"internal/oncall/desk":       {"internal/access", "internal/oncall", "internal/protocol", "internal/record", "internal/soar"},
		"api/containments":           {"api/gen", "api/optional", "internal/soar"},
		"api/notifications":          {"api/gen", "api/optional", "internal/soar"},
		"api/clock":                  {"api/gen", "api/optional", "internal/clockboard", "internal/soar"},
		"api/duty":                   {"api/gen", "api/optional", "internal/dutydesk", "internal/soar"},
		"api/task":                   {"api/gen", "api/optional", "internal/incidents", "internal/protocol", "internal/soar"},
		"api/oncall":                 {"api/gen", "api/optional", "internal/soar"},
		"internal/oncall/escalation": {"internal/protocol", "internal/soar"},
		"internal/intake/sources":    {},
		"internal/intake/hook":       {"internal/diag/strictyaml", "internal/secret", "internal/soar"},
		"internal/intake/textform":   {},
		"internal/intake/mapping":    {"internal/intake/hook", "internal/intake/sources", "internal/intake/textform", "internal/diag", "internal/diag/strictyaml", "internal/playbook/expression", "internal/soar"},
		"internal/intake": {"internal/intake/mapping", "internal/access", "internal/playbook/expression", "internal/playbook/plan",
			"internal/policy", "internal/protocol", "internal/record", "internal/soar"},
		"internal/intake/trial":       {"internal/access", "internal/diag", "internal/policy", "internal/soar"},
		"internal/incidents":          {"internal/access", "internal/form", "internal/playbook/plan", "internal/policy", "internal/protocol", "internal/quorum", "internal/record", "internal/soar"},
		"internal/people":             {"internal/access", "internal/diag", "internal/policy", "internal/protocol", "internal/record", "internal/soar"},
		"internal/dutydesk":           {"internal/deadline/duty", "internal/deadline/timeline", "internal/protocol", "internal/soar"},
		"internal/clockboard":         {"internal/access", "internal/clockboard/feed", "internal/soar"},
		"internal/clockboard/feed":    {"internal/diag", "internal/soar"},
		"internal/people/link":        {"internal/soar"},
		"internal/notify":             {"internal/access", "internal/connector", "internal/notify/letter", "internal/once", "internal/policy", "internal/protocol", "internal/record", "internal/soar"},
		"internal/notify/letter":      {"internal/diag", "internal/soar"},
		"internal/notify/way":         {"internal/connector", "internal/manifest", "internal/notify", "internal/notify/letter", "internal/soar"},
		"internal/notify/preview":     {"internal/connector", "internal/connectors/teams", "internal/connectors/webhook", "internal/notify", "internal/notify/letter", "internal/notify/way", "internal/policy", "internal/protocol", "internal/slack/card", "internal/soar"},
		"internal/notify/way/waytest": {"internal/connector/connectortest"},
		"internal/operations":         {"internal/access", "internal/guard", "internal/protocol", "internal/record", "internal/soar"},
		"internal/library":            {"internal/access", "internal/diag", "internal/manifest", "internal/playbook", "internal/playbook/plan", "internal/playbook/site", "internal/protocol", "internal/record", "internal/soar"},

		"internal/connector":               {"internal/manifest", "internal/secret", "internal/soar"},
		"internal/connector/connectortest": {"internal/connector", "internal/manifest", "internal/secret", "internal/soar"},
		"internal/connectors":              {"internal/connector", "internal/connectors/...", "internal/diag"},
		"internal/connectors/declared": {"internal/connector", "internal/diag", "internal/diag/strictyaml", "internal/guard", "internal/manifest",
			"internal/playbook", "internal/playbook/expression", "internal/secret", "internal/soar"},
		"internal/connectors/declared/trial": {"internal/connector", "internal/connectors/declared", "internal/diag", "internal/diag/strictyaml",
			"internal/manifest", "internal/secret"},
		"internal/connectors/packs":     {"internal/connectors/declared"},
		"internal/slack":                {"internal/secret", "internal/soar"},
		"internal/slack/door":           {"internal/protocol", "internal/record", "internal/secret", "internal/slack", "internal/soar"},
		"internal/slack/identity":       {"internal/access", "internal/protocol", "internal/record", "internal/soar"},
		"internal/slack/card":           {"internal/diag/misfit", "internal/quorum", "internal/record", "internal/soar"},
		"internal/lab":                  {},
		"internal/outbox":               {"internal/soar"},
		"internal/store":                {"internal/store/...", "internal/observe", "internal/once", "internal/protocol", "internal/quorum", "internal/record", "internal/soar"},
		"internal/store/clocks":         {"internal/store", "internal/store/postgres", "internal/soar"},
		"internal/store/figures":        {"internal/store", "internal/store/clocks", "internal/soar"},
		"internal/store/oncall":         {"internal/store", "internal/store/postgres", "internal/record", "internal/soar"},
		"internal/store/people":         {"internal/store", "internal/store/postgres", "internal/protocol", "internal/record", "internal/soar"},
		"internal/store/chat":           {"internal/store", "internal/store/postgres", "internal/record", "internal/soar"},
		"internal/store/notices":        {"internal/store", "internal/store/postgres", "internal/protocol", "internal/record", "internal/soar"},
		"internal/store/payloadkey":     {"internal/store", "internal/soar"},
		"internal/slack/slacktest":      {},
		"internal/store/storetest":      {"internal/store", "internal/devstack/devstacktest"},
		"internal/temporalclient":       {"internal/protocol", "internal/secret", "internal/soar", "internal/temporalclient/codec", "internal/tlsfile"},
		"internal/temporalclient/codec": {"internal/secret", "internal/soar"},

		"internal/slack/desk":                    {"internal/slack", "internal/slack/card", "internal/incidents", "internal/protocol", "internal/soar"},
		"internal/slack/follow":                  {"internal/slack", "internal/slack/card", "internal/access", "internal/protocol", "internal/record", "internal/soar"},
		"internal/slack/manifest":                {"internal/soar"},
		"internal/slack/tell":                    {"internal/connector", "internal/notify", "internal/slack", "internal/slack/card", "internal/soar"},
		"internal/slack/workspace":               {"internal/slack", "internal/slack/card", "internal/slack/follow", "internal/soar"},
		"internal/slack/workspace/workspacetest": {"internal/slack", "internal/slack/card", "internal/slack/follow", "internal/soar"},
		"internal/store/chatpost":                {"internal/store", "internal/store/postgres", "internal/soar"},

		"internal/devstack":               {},
		"internal/devstack/devstacktest":  {"internal/devstack"},
		"internal/devstack/stall":         {},
		"internal/devstack/cmd/teststack": {"internal/devstack", "internal/devstack/devstacktest"},
		"internal/demo": {"api/client", "api/gen", "internal/access", "internal/app", "internal/devstack", "internal/lab", "internal/observe",
			"internal/protocol", "internal/record", "internal/secret", "internal/soar"},
		"internal/app":            {anything},
		"internal/app/slackroom":  {anything},
		"internal/app/checkpoint": {"internal/record"},
		"internal/doctor":         {anything},
		"internal/archtest":       {},
		"internal/bench":          {anything},

		"internal/show/clocks":       {anything},
		"internal/show/clocks/twin":  {anything},
		"internal/show/people/cases": {"internal/quorum", "internal/soar"},
		"internal/show/people":       {anything},
		"internal/show/doors":        {anything},
		"internal/show/labels":       {"internal/soar"},
		"internal/show/stage":        {anything},
		"internal/e2e":               {anything},
	}
}

// prefixRooms are families whose members share one row.
func prefixRooms() map[string][]string {
	return map[string][]string{
		"internal/connectors/": {"internal/connector", "internal/manifest", "internal/secret", "internal/soar"},
		"internal/store/":      {"internal/soar"},
	}
}

func TestImportsFollowTheDrawing(t *testing.T) {
	t.Parallel()
	table, families := mayImport(), prefixRooms()
	for _, file := range readTree(t) {
		if file.test {
			continue
		}
		allowed, drawn := table[file.pkg]
		if !drawn {
			allowed, drawn = familyRow(families, file.pkg)
		}
		if !drawn {
			t.Errorf("%s: folder %s is not in the import table; add a row that says what it may import", file.path, file.pkg)
			continue
		}
		for _, path := range file.imports() {
			if isOurs(path) && path != file.pkg && !permits(allowed, path) {
				t.Errorf("%s imports %s, which %s may not", file.path, path, file.pkg)
			}
		}
	}
}

func familyRow(families map[string][]string, pkg string) ([]string, bool) {
	for prefix, row := range families {
		if strings.HasPrefix(pkg, prefix) {
			return row, true
		}
	}
	return nil, false
}

func isOurs(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	switch first {
	case "cmd", "api", "workflows", "activities", "playbooks", "internal":
		return true
	default:
		return false
	}
}

func permits(allowed []string, path string) bool {
	for _, row := range allowed {
		below, wide := strings.CutSuffix(row, "/...")
		if row == anything || row == path || (wide && (path == below || strings.HasPrefix(path, below+"/"))) {
			return true
		}
	}
	return false
}
