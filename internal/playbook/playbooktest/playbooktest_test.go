package playbooktest_test

import (
	"path/filepath"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
)

// The copies must be the manifests that the product runs with.
func TestCopiesAreTrue(t *testing.T) {
	t.Parallel()
	originals := map[string]string{
		"directory": "lab/directory.yaml", "edr": "lab/edr.yaml", "firewall": "lab/firewall.yaml", "intel": "lab/intel.yaml",
		"mail": "lab/mail.yaml", "notify": "notify/manifest.yaml", "http": "http/manifest.yaml",
	}
	for name, original := range originals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := playbooktest.Read(t, filepath.Join("../../connectors", original))
			playbooktest.Golden(t, "testdata/"+name+".yaml", source)
		})
	}
}

func TestCatalogHasEveryInstance(t *testing.T) {
	t.Parallel()
	catalog := playbooktest.Catalog(t)
	for _, instance := range playbooktest.Instances() {
		if catalog[instance] == nil || len(catalog[instance].Actions) == 0 {
			t.Errorf("the catalog has no actions of %q", instance)
		}
	}
	if _, action := catalog.Find("vault", "wipe_disk"); action == nil || action.Risk != "destroy" {
		t.Errorf("vault.wipe_disk is %v, want an action that destroys", action)
	}
	if _, action := catalog.Find("virustotal", "url_report"); action == nil {
		t.Error("the catalog has no virustotal.url_report")
	}
}
