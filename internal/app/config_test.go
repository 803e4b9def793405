package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, given := values[name]
		return value, given
	}
}

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tocsin.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEnvironmentWinsOverFileOverDefault(t *testing.T) {
	t.Parallel()
	path := writeConfig(t, "listen: 127.0.0.1:9000\ntemporal_namespace: from-file\ndatabase_url: postgres://file\n")
	config, faults := LoadConfig(path, environment(map[string]string{"TOCSIN_TEMPORAL_NAMESPACE": "from-env"}))
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	got := []string{config.Listen, config.TemporalNamespace, config.LogFormat, config.DatabaseURL.Reveal(), config.PublicURL}
	want := []string{"127.0.0.1:9000", "from-env", "text", "postgres://file", "http://127.0.0.1:9000"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestConnectorsReadSecretsFromWhereTheFileSays(t *testing.T) {
	t.Parallel()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := writeConfig(t, `
database_url: postgres://x
connectors:
  edr:
    use: lab_edr
    settings:
      url: http://127.0.0.1:8090
      token: {from_env: LAB_TOKEN}
      other: {from_file: `+token+`}
`)
	config, faults := LoadConfig(path, environment(map[string]string{"LAB_TOKEN": "canary-1"}))
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	edr := config.Connectors["edr"]
	if edr.Use != "lab_edr" || edr.Settings["url"] != "http://127.0.0.1:8090" {
		t.Errorf("got %+v", edr)
	}
	if edr.Secrets["token"].Reveal() != "canary-1" || edr.Secrets["other"].Reveal() != "from a file" {
		t.Error("the secrets were not read")
	}
	if shown := fmt.Sprintf("%+v %#v", config, config.Values()); strings.Contains(shown, "canary-1") || strings.Contains(shown, "postgres://x") {
		t.Errorf("a secret shows: %s", shown)
	}
}

func TestConfigurationFaultsNameTheirPlace(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		file string
		env  map[string]string
		want []string
	}{
		"unknown key":            {file: "database_url: x\nlisten_on: y\n", want: []string{":2:1: unknown setting \"listen_on\""}},
		"wrong value":            {file: "database_url: x\nlog_format: xml\n", want: []string{":2:13: log_format: want text or json, not \"xml\""}},
		"all at once":            {file: "log_level: loud\nauto_close: perhaps\n", want: []string{":1:12: ", ":2:13: auto_close: want true or false", "database_url is not set"}},
		"twice":                  {file: "database_url: x\nlisten: a\nlisten: b\n", want: []string{"listen"}},
		"alias":                  {file: "database_url: &a x\nlisten: *a\n", want: []string{"anchors and aliases are not used"}},
		"no mapping":             {file: "- database_url\n", want: []string{":1:1: want a mapping"}},
		"not YAML":               {file: "database_url: [\n", want: []string{"is not valid YAML"}},
		"bad proxies":            {env: map[string]string{"TOCSIN_TRUSTED_PROXIES": "10.0.0.0/8, everywhere", "TOCSIN_DATABASE_URL": "x"}, want: []string{"environment TOCSIN_TRUSTED_PROXIES", "not \"everywhere\""}},
		"secret not there":       {file: "database_url: x\nconnectors: {edr: {use: lab_edr, settings: {token: {from_env: NOPE}}}}\n", want: []string{"the environment variable NOPE is not set"}},
		"connector without kind": {file: "database_url: x\nconnectors: {edr: {settings: {url: u}}}\n", want: []string{"does not say which kind it uses"}},
		"unknown connector key":  {file: "database_url: x\nconnectors: {edr: {use: lab_edr, setings: {}}}\n", want: []string{"unknown setting \"setings\""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults := LoadConfig(writeConfig(t, row.file), environment(row.env))
			var all []string
			for _, fault := range faults {
				all = append(all, fault.Position.String()+": "+fault.Message)
			}
			text := strings.Join(all, "\n")
			if !faults.HasErrors() {
				t.Fatal("no fault was told")
			}
			for _, want := range row.want {
				if !strings.Contains(text, want) {
					t.Errorf("want %q in:\n%s", want, text)
				}
			}
		})
	}
}

func TestMissingFileIsTold(t *testing.T) {
	t.Parallel()
	_, faults := LoadConfig(filepath.Join(t.TempDir(), "none.yaml"), environment(map[string]string{"TOCSIN_DATABASE_URL": "x"}))
	if len(faults) != 1 || !strings.Contains(faults[0].Message, "cannot be read") {
		t.Errorf("got %v", faults)
	}
}

// TestReadmeHoldsTheConfigurationTable keeps the README's table true.
func TestReadmeHoldsTheConfigurationTable(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), SettingsTable()) {
		t.Errorf("README.md lacks the configuration table as it is now; put this between its markers:\n%s", SettingsTable())
	}
}
