package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/diag"
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
	path := writeConfig(t, "listen: 127.0.0.1:9000\ntemporal_namespace: from-file\ndatabase_url: postgres://localhost/file\n")
	config, faults := LoadConfig(path, environment(map[string]string{"TOCSIN_TEMPORAL_NAMESPACE": "from-env"}))
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	got := []string{config.Listen, config.TemporalNamespace, config.LogFormat, config.DatabaseURL.Reveal(), config.PublicURL}
	want := []string{"127.0.0.1:9000", "from-env", "text", "postgres://localhost/file", "http://127.0.0.1:9000"}
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
database_url: postgres://canary@localhost
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
	if shown := fmt.Sprintf("%+v %#v", config, config.Values()); strings.Contains(shown, "canary-1") || strings.Contains(shown, "canary@localhost") {
		t.Errorf("a secret shows: %s", shown)
	}
}

// A URL and a key that are good, for rows about something else.
const (
	goodURL = "postgres://tocsin@127.0.0.1/tocsin"
	goodKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

func TestConfigurationFaultsNameTheirPlace(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		file string // database_url is added unless it is there
		env  map[string]string
		set  []string
		want []string // parts of "place: message = hint"
	}{
		"unknown key":            {file: "listen_on: y\n", want: []string{":1:1: the configuration has no key \"listen_on\" = "}},
		"misspelt key":           {file: "temporal_adress: y\n", want: []string{":1:1: ", "did you mean \"temporal_address\"?"}},
		"wrong value":            {file: "log_format: jsom\n", want: []string{":1:13: log_format: want text or json, not \"jsom\" = did you mean \"json\"?"}},
		"all at once":            {file: "database_url: \nlog_level: loud\nauto_close: perhaps\n", want: []string{":2:12: log_level: want debug", ":3:13: auto_close: want true or false", "database_url must be one value"}},
		"twice":                  {file: "listen: a\nlisten: b\n", want: []string{":2:1: \"listen\" stands here twice"}},
		"alias":                  {file: "public_url: &a x\nlisten: *a\n", want: []string{":1:13: the anchor &a is not allowed", ":2:9: the alias *a is not allowed"}},
		"no mapping":             {file: "- database_url\n", want: []string{":1:1: the configuration must be a mapping"}},
		"not YAML":               {file: "listen: [\n", want: []string{"yaml_syntax"}},
		"no value":               {file: "listen:\n", want: []string{":1:8: listen must be one value, this is nothing"}},
		"mapping for a value":    {file: "listen: {host: a}\n", want: []string{":1:9: listen must be one value, this is a mapping"}},
		"bad proxies":            {env: map[string]string{"TOCSIN_TRUSTED_PROXIES": "10.0.0.0/8, everywhere"}, want: []string{"environment TOCSIN_TRUSTED_PROXIES", "not \"everywhere\""}},
		"bad proxies in a list":  {file: "trusted_proxies: [10.0.0.0/8, everywhere]\n", want: []string{":1:18: trusted_proxies: want networks such as 10.0.0.0/8, not \"everywhere\""}},
		"secret not there":       {file: "connectors: {edr: {use: lab_edr, settings: {token: {from_env: NOPE}}}}\n", want: []string{"token: the environment variable NOPE is not set"}},
		"secret in two ways":     {file: "temporal_api_key: {from_env: A, from_file: b}\n", want: []string{":1:19: temporal_api_key must say in one way where it is"}},
		"secret from elsewhere":  {file: "temporal_api_key: {from_vault: A}\n", want: []string{":1:20: temporal_api_key has no key \"from_vault\" = "}},
		"secret file not there":  {env: map[string]string{"TOCSIN_TEMPORAL_API_KEY_FILE": "/nonexistent/key"}, want: []string{"environment TOCSIN_TEMPORAL_API_KEY_FILE: temporal_api_key: /nonexistent/key cannot be read: no such file or directory"}},
		"secret set twice":       {env: map[string]string{"TOCSIN_TEMPORAL_API_KEY_FILE": "x", "TOCSIN_TEMPORAL_API_KEY": "y"}, want: []string{"are both set"}},
		"credential elsewhere":   {file: "temporal_api_key: {from_credential: ../x}\n", env: map[string]string{"CREDENTIALS_DIRECTORY": "/run"}, want: []string{"\"../x\" is not the name of a credential"}},
		"no unit":                {file: "temporal_api_key: {from_credential: x}\n", want: []string{"CREDENTIALS_DIRECTORY is not set"}},
		"connector without kind": {file: "connectors: {edr: {settings: {url: u}}}\n", want: []string{"does not say which kind it uses"}},
		"unknown connector key":  {file: "connectors: {edr: {use: lab_edr, setings: {}}}\n", want: []string{"connector edr has no key \"setings\" = did you mean \"settings\"?"}},
		"unknown --set":          {set: []string{"listn=x"}, want: []string{"--set listn: there is no setting \"listn\" = did you mean \"listen\"?"}},
		"--set without a value":  {set: []string{"listen"}, want: []string{"--set listen: want KEY=VALUE"}},
		"--set of a secret":      {set: []string{"database_url=postgres://x"}, want: []string{"everybody on this machine can read a command line"}},
		"key without cert":       {file: "listen_tls_key: k\n", want: []string{":1:17: listen_tls_key is set and listen_tls_cert is not"}},
		"cert without key":       {env: map[string]string{"TOCSIN_TEMPORAL_TLS_CERT": "c"}, want: []string{"environment TOCSIN_TEMPORAL_TLS_CERT: temporal_tls_cert is set and temporal_tls_key is not"}},
		"unreadable pair":        {file: "listen_tls_cert: /nonexistent/c\nlisten_tls_key: k\n", want: []string{":1:18: listen_tls_cert: /nonexistent/c cannot be read"}},
		"unreadable CA":          {file: "temporal_tls: true\ntemporal_tls_ca: /nonexistent/ca\n", want: []string{":2:18: temporal_tls_ca: /nonexistent/ca cannot be read"}},
		"CA without TLS":         {file: "temporal_tls_ca: /nonexistent/ca\n", want: []string{"temporal_tls_ca is set, but temporal_tls is false"}},
		"API key in the clear":   {env: map[string]string{"TOCSIN_TEMPORAL_API_KEY": "k"}, want: []string{"temporal_api_key would be sent in the clear"}},
		"key in the file":        {file: "encryption_keys: a=canarycanarycanary\n", want: []string{":1:18: encryption_keys: want ID=from_file:PATH", "keys themselves are not written here"}},
		"key twice":              {file: "encryption_keys: a=from_env:A,a=from_env:B\n", want: []string{"the key \"a\" stands here twice"}},
		"key not there":          {file: "encryption_keys: {a: {from_file: /nonexistent/k}}\n", want: []string{":1:18: encryption_keys: key a: /nonexistent/k cannot be read"}},
		"key of another form":    {file: "encryption_keys: {a: {from_vault: x}}\n", want: []string{"key a has no key \"from_vault\""}},
		"bad key":                {file: "encryption_keys: {a: {from_env: A}}\n", env: map[string]string{"A": "canary"}, want: []string{"key a: want 32 bytes in base64"}},
		"no active key":          {env: map[string]string{"TOCSIN_ENCRYPTION_KEYS": "a=from_env:A, b=from_env:A", "A": goodKey}, want: []string{"environment TOCSIN_ENCRYPTION_KEYS", "several keys (a, b)"}},
		"unknown active key":     {file: "encryption_active_key: b\nencryption_keys: {a: {from_env: A}}\n", env: map[string]string{"A": goodKey}, want: []string{"the active key \"b\" is not among the keys: a"}},
		"UI without an origin":   {file: "temporal_ui: temporal.soc.example\nencryption_keys: {a: {from_env: A}}\n", env: map[string]string{"A": goodKey}, want: []string{":1:14: temporal_ui is no address of a page"}},
		"active key alone":       {file: "encryption_active_key: b\n", want: []string{":1:24: encryption_active_key is set, but there are no encryption_keys"}},
		"database in the clear":  {file: "database_url: postgres://u:canary@db.example/tocsin?sslmode=disable\n", want: []string{":1:15: database_url reaches db.example without TLS", "sslmode=verify-full"}},
		"database by chance":     {file: "database_url: postgres://u:canary@db.example/tocsin\n", want: []string{"or would be content without it"}},
		"second host in clear":   {file: "database_url: postgres://u@127.0.0.1,db.example/tocsin?sslmode=disable\n", want: []string{"database_url reaches db.example without TLS"}},
		"database URL":           {file: "database_url: postgres://u:canary@[db/tocsin\n", want: []string{"database_url cannot be used: it is not a URL"}},
		"database sslmode":       {file: "database_url: postgres://u:canary@db/tocsin?sslmode=always\n", want: []string{"database_url cannot be used: ", "sslmode is invalid"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(row.file, "database_url") {
				row.file += "database_url: " + goodURL + "\n"
			}
			if name == "no mapping" || name == "not YAML" {
				row.file = strings.TrimSuffix(row.file, "database_url: "+goodURL+"\n")
			}
			_, faults := Sources{File: writeConfig(t, row.file), Lookup: environment(row.env), Set: row.set}.Load()
			text := told(faults)
			if !faults.HasErrors() {
				t.Fatalf("no fault was told: %s", text)
			}
			for _, want := range row.want {
				if !strings.Contains(text, want) {
					t.Errorf("want %q in:\n%s", want, text)
				}
			}
			if strings.Contains(text, "canary") {
				t.Errorf("a password shows:\n%s", text)
			}
		})
	}
}

func told(faults diag.List) string {
	var all strings.Builder
	for _, fault := range faults {
		fmt.Fprintf(&all, "%s: %s = %s [%s] %s\n", fault.Position, fault.Message, fault.Hint, fault.Rule, fault.Level)
	}
	return all.String()
}

func TestWarningsDoNotStop(t *testing.T) {
	t.Parallel()
	open := writeConfig(t, "database_url: postgres://u:canary@db.example/tocsin?sslmode=require\ntemporal_address: temporal.example:7233\n")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	sources := Sources{File: open, Lookup: environment(nil), Names: []string{"TOCSIN_LISTN", "TOCSIN_TOKEN_FILE", "TOCSIN_DATABASE_URL_FILE", "HOME", "TOCSIN_TEST_POSTGRES_URL"}}
	_, faults := sources.Load()
	text := told(faults)
	if faults.HasErrors() || len(faults) != 4 {
		t.Errorf("want four warnings:\n%s", text)
	}
	for _, want := range []string{
		":1:15: database_url stands in a file that everybody on this machine can read",
		":1:15: database_url asks for TLS, but not for a check of who answers",
		":2:19: Temporal is on another machine, and temporal_tls is false",
		"environment TOCSIN_LISTN: no setting has this name; it has no effect = did you mean \"TOCSIN_LISTEN\"?",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in:\n%s", want, text)
		}
	}
}

func TestPlaintextIsPermittedWhereItIsSaid(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"database_url: postgres://u@db.example/tocsin?sslmode=disable\ndatabase_plaintext: true\n",
		"database_url: postgres://u@db.example/tocsin?sslmode=verify-full\n",
		"database_url: postgres://u@localhost/tocsin\n",
		"database_url: postgres://u@[::1]:5433/tocsin?sslmode=disable\n",
		"database_url: postgres:///tocsin?host=/run/postgresql&user=u\n",
		"# nothing but the URL\ndatabase_url: host=127.0.0.1 user=u dbname=tocsin\n",
	} {
		if _, faults := LoadConfig(writeConfig(t, file), environment(nil)); len(faults) > 0 {
			t.Errorf("%s: %s", file, told(faults))
		}
	}
}

// TestEveryValueSaysWhereItCameFrom sets one value in each way.
func TestEveryValueSaysWhereItCameFrom(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, value := range map[string]string{"url": goodURL + "\n", "key": "canary-1"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := writeConfig(t, "listen: 127.0.0.1:9000\ntemporal_namespace: file\ntemporal_tls: true\ntemporal_api_key: {from_credential: key}\ntrusted_proxies:\n  - 10.0.0.0/8\n  - 192.0.2.0/24\n")
	config, faults := Sources{File: path, Set: []string{"temporal_namespace=set", "log_format=json"}, Lookup: environment(map[string]string{
		"TOCSIN_TEMPORAL_NAMESPACE": "env", "TOCSIN_TEMPORAL_UI": "http://ui", "TOCSIN_DATABASE_URL_FILE": filepath.Join(folder, "url"), "CREDENTIALS_DIRECTORY": folder,
	})}.Load()
	if len(faults) > 0 {
		t.Fatal(told(faults))
	}
	want := map[string]Value{
		"listen":             {"listen", "127.0.0.1:9000", path + ":1:9"},
		"temporal_namespace": {"temporal_namespace", "set", "--set temporal_namespace"},
		"temporal_ui":        {"temporal_ui", "http://ui", "environment TOCSIN_TEMPORAL_UI"},
		"database_url":       {"database_url", "[redacted]", "environment TOCSIN_DATABASE_URL_FILE"},
		"temporal_api_key":   {"temporal_api_key", "[redacted]", path + ":4:19"},
		"trusted_proxies":    {"trusted_proxies", "10.0.0.0/8,192.0.2.0/24", path + ":6:3"},
		"log_level":          {"log_level", "info", "default"},
	}
	for _, got := range config.Values() {
		if expected, asked := want[got.Key]; asked && got != expected {
			t.Errorf("got %+v, want %+v", got, expected)
		}
	}
	if config.DatabaseURL.Reveal() != goodURL || config.TemporalAPIKey.Reveal() != "canary-1" {
		t.Error("the secrets were not read as they are in their files")
	}
}

func TestMissingFileIsTold(t *testing.T) {
	t.Parallel()
	_, faults := LoadConfig(filepath.Join(t.TempDir(), "none.yaml"), environment(map[string]string{"TOCSIN_DATABASE_URL": goodURL}))
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

func TestHooksTakeSecretsByReferenceOnly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	for name, text := range map[string]string{file: "from a file\n", file + ".empty": "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lookup := environment(map[string]string{"NEW": "from the environment", "EMPTY": ""})
	read := func(text string) (*Config, string) {
		config, faults := LoadConfig(writeConfig(t, "database_url: postgres://127.0.0.1/x\nhooks:\n"+text), lookup)
		var told []string
		for _, fault := range faults {
			told = append(told, fmt.Sprintf("%d:%d %s", fault.Position.Line, fault.Position.Column, fault.Message))
		}
		return config, strings.Join(told, "\n")
	}
	config, told := read("  github: {secrets: [{from_env: NEW}, {from_file: " + file + "}]}\n")
	if secrets := config.Hooks["github"].Secrets; told != "" || len(secrets) != 2 || secrets[0].Reveal() != "from the environment" || secrets[1].Reveal() != "from a file" {
		t.Errorf("%s: %d secrets", told, len(secrets))
	}
	for name, row := range map[string][2]string{
		"in the file":    {"  github: {secrets: [hunter2]}\n", "3:22 the secret of a hook does not stand in this file"},
		"not set":        {"  github: {secrets: [{from_env: MISSING}]}\n", "3:22 the environment variable MISSING is not set"},
		"empty":          {"  github: {secrets: [{from_env: EMPTY}]}\n", "3:22 the environment variable EMPTY is not set"},
		"an empty file":  {"  github: {secrets: [{from_file: " + file + ".empty}]}\n", ".empty"},
		"no list":        {"  github: {secrets: {from_env: NEW}}\n", "3:21 secrets must be a list"},
		"an empty list":  {"  github: {secrets: []}\n", "3:21 hooks.github has no secret"},
		"nothing":        {"  github: {}\n", `3:11 hooks.github needs the key "secrets"`},
		"a misspelt key": {"  github: {secret: [{from_env: NEW}]}\n", `3:12 hooks.github has no key "secret"`},
		"another kind":   {"  github: {secrets: [{from_vault: NEW}]}\n", `3:23 a secret has no key "from_vault"`},
	} {
		if _, told := read(row[0]); !strings.Contains(told, row[1]) || strings.Contains(told, "hunter2") {
			t.Errorf("%s: told %q, want %q", name, told, row[1])
		}
	}
}

func TestLimitsOfAlerts(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{"0": true, "2.5": true, "-1": false, "NaN": false, "fast": false, "1e9": false} {
		_, faults := LoadConfig("", environment(map[string]string{"TOCSIN_DATABASE_URL": "postgres://127.0.0.1/x", "TOCSIN_ALERT_RATE": value}))
		if faults.HasErrors() == ok {
			t.Errorf("alert_rate %s: %v", value, faults)
		}
	}
}
