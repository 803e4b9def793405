package schema_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
	"github.com/tocsin-soar/tocsin/internal/playbook/schema"
)

func generate(t testing.TB, catalog manifest.Catalog) *jsonschema.Schema {
	t.Helper()
	source, err := schema.Generate(catalog)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(schema.ID, document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(schema.ID)
	if err != nil {
		t.Fatalf("it is no valid JSON Schema: %v", err)
	}
	return compiled
}

// validate reads a file as an editor does and checks it.
func validate(t testing.TB, compiled *jsonschema.Schema, source []byte) error {
	t.Helper()
	document, _ := strictyaml.Load("f.yaml", source, strictyaml.Limits{Bytes: grammar.MaxBytes, Nodes: 100000})
	if document == nil {
		t.Skip("no YAML")
	}
	return compiled.Validate(plain(document.Root.Data()))
}

// plain brings numbers into the form that the validator takes.
func plain(value any) any {
	switch v := value.(type) {
	case int:
		return float64(v)
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
	}
	return value
}

func TestPublishedSchemaIsTrue(t *testing.T) {
	t.Parallel()
	source, err := schema.Generate(nil)
	if err != nil {
		t.Fatal(err)
	}
	playbooktest.Golden(t, "../../../playbooks/schema/playbook.v1.json", source)
}

func TestWhatCompilesIsValid(t *testing.T) {
	t.Parallel()
	plainSchema, knowing := generate(t, nil), generate(t, playbooktest.Catalog(t))
	files := append(playbooktest.Files(t, "../testdata/ok/*.yaml"), playbooktest.Files(t, "../../../playbooks/*/*.yaml")...)
	for _, file := range files {
		t.Run(playbooktest.Name(file), func(t *testing.T) {
			t.Parallel()
			source := playbooktest.Read(t, file)
			if err := validate(t, plainSchema, source); err != nil {
				t.Errorf("the schema refuses it: %v", err)
			}
			if err := validate(t, knowing, source); err != nil {
				t.Errorf("the schema that knows the actions refuses it: %v", err)
			}
		})
	}
}

// What an editor can see it must tell; types of expressions and what steps say of one
// another are for the checker.
func TestFaultsOfFormAreInvalid(t *testing.T) {
	t.Parallel()
	compiled := generate(t, nil)
	for _, name := range []string{
		"approval_without_its_keys", "covers_what", "declare_nothing", "declare_takes_words", "dollar_braces_in_an_expression",
		"braces_in_an_expression", "else_with_steps", "expression_in_plain_text", "expression_is_a_list", "form_is_no_object",
		"id_with_a_dash", "key_of_another_kind", "key_without_a_value", "keys_of_other_tools", "language_of_tomorrow",
		"list_and_mapping_mixed_up", "loop_without_a_name", "many_documents_of_another_tool", "many_faults_at_once", "misspelt_keys",
		"misspelt_words", "no_language_version", "number_where_text_stands", "numbers_out_of_bounds", "on_expire_never_allows",
		"on_is_not_trigger", "reserved_names", "schema_faults", "step_without_a_kind", "text_instead_of_yaml", "time_without_a_unit",
		"top_level_keys_missing", "two_kinds_in_one_step", "two_of_one_choice", "version_is_not_semantic", "word_twice_in_a_list",
		"yes_is_text",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := playbooktest.Read(t, filepath.Join("../testdata/err", name+".yaml"))
			if validate(t, compiled, source) == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

func TestArgumentsAreKnown(t *testing.T) {
	t.Parallel()
	compiled := generate(t, playbooktest.Catalog(t))
	for _, name := range []string{"unknown_connector", "unknown_action", "arguments_missing_and_unknown", "arguments_of_the_wrong_type"} {
		source := playbooktest.Read(t, filepath.Join("../testdata/err", name+".yaml"))
		if validate(t, compiled, source) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
		if validate(t, generate(t, nil), source) != nil {
			t.Errorf("%s: the schema refuses it without knowing the actions", name)
		}
	}
}

// A small form means the same in the schema and in the parser.
func TestDurationsAndIdentifiers(t *testing.T) {
	t.Parallel()
	compiled := generate(t, nil)
	for _, text := range []string{"1s", "1h30m", "2d", "500ms", "", "s", "1", "1.5h", "30m1h", "-1s", "1 h", "1w", "01s", "9999999999s"} {
		book := []byte("tocsin: v1\nplaybook: x\nversion: 1.0.0\ntitle: x\nsteps: [{wait: {until: \"true\", timeout: \"" + text + "\"}}]\n")
		_, parsed := strictyaml.ParseDuration(text)
		valid := validate(t, compiled, book) == nil
		if parsed != valid && !slices.Contains([]string{"0s"}, text) {
			t.Errorf("duration %q: the parser says %v, the schema %v", text, parsed, valid)
		}
	}
}

func TestSameCatalogSameBytes(t *testing.T) {
	t.Parallel()
	first, err := schema.Generate(playbooktest.Catalog(t))
	if err != nil {
		t.Fatal(err)
	}
	second, err := schema.Generate(playbooktest.Catalog(t))
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("two runs give different schemas (%v)", err)
	}
}
