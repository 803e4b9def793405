package app_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/internal/app"
)

const deploy = "../../deploy"

func deployFile(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestDeployFilesUseSettingsThatExist: a variable that is misspelt there would be
// left out in silence.
func TestDeployFilesUseSettingsThatExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"TOCSIN_CONFIG": true}
	for _, setting := range app.Settings() {
		known[app.EnvName(setting.Key)] = true
	}
	for _, name := range []string{"Dockerfile", "compose.yaml", "systemd/tocsin-server.service", "systemd/tocsin-worker.service", "README.md"} {
		for _, used := range regexp.MustCompile(`TOCSIN_[A-Z_]+`).FindAllString(string(deployFile(t, name)), -1) {
			if !known[used] {
				t.Errorf("deploy/%s uses %s, which is no setting", name, used)
			}
		}
	}
}

func TestComposeFileIsWhole(t *testing.T) {
	t.Parallel()
	var compose struct {
		Services map[string]struct {
			Image     string
			Command   any
			Volumes   []string
			DependsOn any `yaml:"depends_on"`
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal(deployFile(t, "compose.yaml"), &compose); err != nil {
		t.Fatal(err)
	}
	for name, service := range compose.Services {
		if service.Image == "" {
			t.Errorf("%s has no image", name)
		}
		for _, volume := range service.Volumes {
			if source, _, _ := strings.Cut(volume, ":"); compose.Volumes == nil || !has(compose.Volumes, source) {
				t.Errorf("%s mounts %s, which is not declared", name, source)
			}
		}
		for _, needed := range names(service.DependsOn) {
			if _, declared := compose.Services[needed]; !declared {
				t.Errorf("%s depends on %s, which is not there", name, needed)
			}
		}
	}
	for _, wanted := range []string{"postgres", "temporal", "tocsin-migrate", "tocsin-server", "tocsin-worker"} {
		if _, there := compose.Services[wanted]; !there {
			t.Errorf("there is no %s", wanted)
		}
	}
}

func has(values map[string]any, key string) bool { _, ok := values[key]; return ok }

// names reads depends_on, which is a list or a mapping.
func names(value any) []string {
	var out []string
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			out = append(out, one.(string))
		}
	case map[string]any:
		for one := range v {
			out = append(out, one)
		}
	}
	return out
}

func TestAlertRulesSayWhatToDo(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(deployFile(t, "prometheus/alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	rules := 0
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			rules++
			if rule.Alert == "" || rule.Expr == "" || rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["action"] == "" {
				t.Errorf("%+v lacks something", rule)
			}
		}
	}
	if rules < 10 {
		t.Errorf("%d rules", rules)
	}
	if !json.Valid(deployFile(t, "grafana/tocsin.json")) {
		t.Error("the dashboard is not JSON")
	}
}

// TestUnitsAreAccepted by systemd itself, where it is there.
func TestUnitsAreAccepted(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze here")
	}
	for _, role := range []string{"server", "worker"} {
		binary, err := os.Executable() // stands in for the one that is not installed
		if err != nil {
			t.Fatal(err)
		}
		unit := filepath.Join(t.TempDir(), "tocsin-"+role+".service")
		body := strings.ReplaceAll(string(deployFile(t, "systemd/tocsin-"+role+".service")), "/usr/local/bin/tocsin", binary)
		if err := os.WriteFile(unit, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", unit).CombinedOutput(); err != nil || strings.Contains(string(out), "tocsin-"+role) {
			t.Errorf("%s: %v\n%s", role, err, out)
		}
	}
}
