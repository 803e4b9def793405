package api_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type schema struct {
	GoType     string            `yaml:"x-go-type"`
	Required   []string          `yaml:"required"`
	Properties map[string]schema `yaml:"properties"`
	Enum       []string          `yaml:"enum"`
	Type       any               `yaml:"type"` // a name, or a list of names
	Ref        string            `yaml:"$ref"`
}

func schemas(t *testing.T) map[string]schema {
	t.Helper()
	var document struct {
		Components struct {
			Schemas map[string]schema `yaml:"schemas"`
		} `yaml:"components"`
	}
	if err := yaml.Load(api.Description(), &document); err != nil {
		t.Fatal(err)
	}
	return document.Components.Schemas
}

// nouns are the Go types that openapi.yaml describes in our own words.
func nouns() map[string]reflect.Type {
	return map[string]reflect.Type{
		"soar.Alert": reflect.TypeFor[soar.Alert](), "soar.Rule": reflect.TypeFor[soar.Rule](), "soar.Host": reflect.TypeFor[soar.Host](), "soar.User": reflect.TypeFor[soar.User](),
		"soar.Incident": reflect.TypeFor[soar.Incident](), "soar.Actor": reflect.TypeFor[soar.Actor](), "soar.Approval": reflect.TypeFor[soar.Approval](),
		"soar.Approver": reflect.TypeFor[soar.Approver](), "soar.BoundAction": reflect.TypeFor[soar.BoundAction](), "soar.Decision": reflect.TypeFor[soar.Decision](), "soar.ShownAction": reflect.TypeFor[soar.ShownAction](), "soar.Question": reflect.TypeFor[soar.Question](),
		"soar.Task": reflect.TypeFor[soar.Task](), "soar.Containment": reflect.TypeFor[soar.Containment](), "soar.Objective": reflect.TypeFor[soar.Objective](),
		"soar.DutyStage": reflect.TypeFor[soar.DutyStage](), "soar.DutyDecision": reflect.TypeFor[soar.DutyDecision](),
		"soar.ObjectivePause": reflect.TypeFor[soar.ObjectivePause](), "soar.ObjectiveChange": reflect.TypeFor[soar.ObjectiveChange](), "soar.DutyEntry": reflect.TypeFor[soar.DutyEntry](), "soar.ObjectiveEnd": reflect.TypeFor[soar.ObjectiveEnd](),
		"soar.Clock": reflect.TypeFor[soar.Clock](), "soar.Programme": reflect.TypeFor[soar.Programme](), "soar.ProgrammeGroup": reflect.TypeFor[soar.ProgrammeGroup](),
		"soar.ProgrammeTime": reflect.TypeFor[soar.ProgrammeTime](), "soar.ProgrammeObjectives": reflect.TypeFor[soar.ProgrammeObjectives](),
		"soar.Evidence": reflect.TypeFor[soar.Evidence](), "soar.CustodyEntry": reflect.TypeFor[soar.CustodyEntry](), "soar.Token": reflect.TypeFor[soar.Token](),
		"soar.Person": reflect.TypeFor[soar.Person](), "soar.RoleGrant": reflect.TypeFor[soar.RoleGrant](), "soar.Qualification": reflect.TypeFor[soar.Qualification](), "soar.Absence": reflect.TypeFor[soar.Absence](), "soar.SlackIdentity": reflect.TypeFor[soar.SlackIdentity](),
		"soar.Notice": reflect.TypeFor[soar.Notice](), "soar.RosterShift": reflect.TypeFor[soar.RosterShift](), "soar.RosterOverride": reflect.TypeFor[soar.RosterOverride](), "soar.Escalation": reflect.TypeFor[soar.Escalation](),
		"soar.Slate": reflect.TypeFor[soar.Slate](), "soar.ClassSlate": reflect.TypeFor[soar.ClassSlate](), "soar.RoleSlate": reflect.TypeFor[soar.RoleSlate](), "soar.Standing": reflect.TypeFor[soar.Standing](),
		"soar.Protected": reflect.TypeFor[soar.Protected](), "soar.Freeze": reflect.TypeFor[soar.Freeze](), "diag.Diagnostic": reflect.TypeFor[diag.Diagnostic](), "protocol.RunView": reflect.TypeFor[protocol.RunView](),
		"protocol.StepView": reflect.TypeFor[protocol.StepView](), "protocol.Detail": reflect.TypeFor[protocol.Detail](), "protocol.Reply": reflect.TypeFor[protocol.Reply](),
	}
}

func vocabularies() map[string][]string {
	return map[string][]string{
		"soar.Severity": texts(soar.Severities()), "soar.Level": texts(soar.Levels()), "soar.IncidentStatus": texts(soar.IncidentStatuses()),
		"soar.StepStatus": texts(soar.StepStatuses()), "soar.Resolution": texts(soar.Resolutions()), "soar.Category": texts(soar.Categories()),
		"soar.NoticeState": texts(soar.NoticeStates()), "soar.ClockKind": texts(soar.ClockKinds()), "soar.ClockState": texts(soar.ClockStates()), "soar.TLP": texts(soar.TLPs()), "soar.Role": texts(soar.Roles()),
		"soar.ApprovalStatus": texts([]soar.ApprovalStatus{soar.ApprovalPending, soar.ApprovalApproved, soar.ApprovalDenied, soar.ApprovalExpired, soar.ApprovalCancelled}),
		"soar.TaskStatus":     texts([]soar.TaskStatus{soar.TaskOpen, soar.TaskDone, soar.TaskCancelled}),
	}
}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}

// TestSchemasAreTheGoTypes fails when a noun changes and its description does
// not, in both directions.
func TestSchemasAreTheGoTypes(t *testing.T) {
	t.Parallel()
	types, words := nouns(), vocabularies()
	for name, described := range schemas(t) {
		if described.GoType == "" || described.GoType == "json.RawMessage" {
			continue
		}
		if vocabulary, ok := words[described.GoType]; ok {
			if diff := cmp.Diff(vocabulary, described.Enum); diff != "" {
				t.Errorf("%s (-%s +openapi.yaml): %s", name, described.GoType, diff)
			}
			continue
		}
		goType, ok := types[described.GoType]
		if !ok {
			t.Errorf("%s: add %s to the table of this test", name, described.GoType)
			continue
		}
		compareStruct(t, name, goType, described)
	}
}

func compareStruct(t *testing.T, name string, goType reflect.Type, described schema) {
	t.Helper()
	var required, all []string
	for field := range fields(goType) {
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag == "-" {
			continue
		}
		all = append(all, tag)
		if !strings.Contains(options, "omit") {
			required = append(required, tag)
		}
		property, ok := described.Properties[tag]
		if !ok {
			t.Errorf("%s: %s has the field %s, openapi.yaml has not", name, goType, tag)
			continue
		}
		if want := kindOf(field.Type); property.Ref == "" && want != "" && !slices.Contains(typeNames(property.Type), want) {
			t.Errorf("%s.%s is described as %v, its Go type is %s", name, tag, property.Type, field.Type)
		}
	}
	for property := range described.Properties {
		if !slices.Contains(all, property) {
			t.Errorf("%s: openapi.yaml has the field %s, %s has not", name, property, goType)
		}
	}
	slices.Sort(required)
	wanted := slices.Sorted(slices.Values(described.Required))
	if diff := cmp.Diff(required, wanted, cmp.Transformer("set", func(s []string) string { return fmt.Sprint(s) })); diff != "" {
		t.Errorf("%s: required (-%s +openapi.yaml): %s", name, goType, diff)
	}
}

// fields gives the exported fields, those of embedded structs as their own.
func fields(goType reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for field := range goType.Fields() {
			if field.Anonymous {
				for inner := range field.Type.Fields() {
					if !yield(inner) {
						return
					}
				}
				continue
			}
			if !yield(field) {
				return
			}
		}
	}
}

func kindOf(goType reflect.Type) string {
	for goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	if goType == reflect.TypeFor[time.Time]() {
		return "string"
	}
	switch goType.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "array"
	case reflect.Map:
		return "object"
	default:
		return ""
	}
}

func typeNames(described any) []string {
	switch d := described.(type) {
	case string:
		return []string{d}
	case []any:
		var names []string
		for _, name := range d {
			names = append(names, fmt.Sprint(name))
		}
		return names
	default:
		return nil
	}
}
