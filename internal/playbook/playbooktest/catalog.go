package playbooktest

import (
	"embed"
	"fmt"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

//go:embed testdata/*.yaml
var manifests embed.FS

// Instances lists the names that the catalog's connectors go by in playbooks.
func Instances() []string {
	return []string{"directory", "edr", "firewall", "http", "intel", "mail", "notify", "vault", "virustotal"}
}

// Catalog gives the manifest of every instance. It ends the test when one cannot be
// read.
func Catalog(t testing.TB) manifest.Catalog {
	t.Helper()
	catalog := manifest.Catalog{}
	for _, instance := range Instances() {
		described, err := read(instance)
		if err != nil {
			t.Fatal(err)
		}
		catalog[instance] = described
	}
	return catalog
}

func read(instance string) (*manifest.Manifest, error) {
	file := "testdata/" + instance + ".yaml"
	source, err := manifests.ReadFile(file)
	if err != nil {
		return nil, err
	}
	described, faults := manifest.Parse(file, source)
	if faults.HasErrors() {
		return nil, fmt.Errorf("%s: %w", file, faultError(faults))
	}
	return described, nil
}

type faultError diag.List

// Error gives the first fault.
func (e faultError) Error() string { return e[0].String() }

// Playbooks is what fixtures may call: notify_people takes one required and one
// optional input, circle_back calls the playbook named calls_a_circle.
func Playbooks(name string) *plan.Plan {
	schema := []byte(`{"type":"object","required":["subject"],"properties":{"subject":{"type":"string"},"urgent":{"type":"boolean"}}}`)
	switch name {
	case "notify_people":
		return &plan.Plan{
			Playbook: name, Version: "1.0.0", Digest: "0f" + name, Schema: schema,
			Inputs: []plan.Input{{Name: "subject", Required: true}, {Name: "urgent"}},
		}
	case "circle_back":
		return &plan.Plan{Playbook: name, Version: "1.0.0", Digest: "1f" + name, Calls: map[string]string{"calls_a_circle": "2f"}}
	default:
		return nil
	}
}
