package lab_test

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors/lab"
	"github.com/tocsin-soar/tocsin/internal/secret"

	labserver "github.com/tocsin-soar/tocsin/internal/lab"
)

const (
	token   = "lab-token-for-tests"
	stealer = "5b2f4e0c8d1a6b39f7c2e4d5a8b1c0937e6f2a4d9c8b7e1f3a5d6c4b2e8f9a01"
)

// openAll opens the five connectors against one lab server.
func openAll(t *testing.T) (*connector.Registry, *labserver.Server) {
	t.Helper()
	server, err := labserver.New(labserver.Options{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() {
		_ = server.Close()
		front.Close()
	})
	kinds, err := lab.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	registry := connector.NewRegistry()
	for _, kind := range kinds {
		name := strings.TrimPrefix(kind.Manifest().Connector, "lab_")
		err := registry.Open(kind, connector.Config{
			Instance: name, Settings: map[string]string{"base_url": front.URL}, Secrets: map[string]secret.String{"token": secret.New(token)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return registry, server
}

type step struct {
	ref    string
	args   map[string]any
	want   map[string]any // fields of the output; nil: none are looked at
	class  connector.Class
	effect string // what the lab says happened; empty: nothing
}

func TestAgainstTheLabServer(t *testing.T) {
	t.Parallel()
	registry, server := openAll(t)
	host, user, address := map[string]any{"host": "ws-042"}, map[string]any{"user": "clerk-17"}, map[string]any{"address": "203.0.113.66"}
	ids := map[string]any{"ids": []any{"m-1001", "m-1002"}}
	file := map[string]any{"sha256": stealer}
	steps := []step{
		{"edr.host_info", host, map[string]any{"isolated": false, "name": "ws-042", "id": "H-0042"}, "", ""},
		{"edr.isolate_host", host, map[string]any{"isolated": true, "host": "ws-042", "changed": true}, "", "edr.isolate_host ws-042"},
		{"edr.isolate_host", host, map[string]any{"isolated": true, "changed": false}, "", ""},
		{"edr.host_info", host, map[string]any{"isolated": true}, "", ""},
		{"edr.release_host", host, map[string]any{"isolated": false}, "", "edr.release_host ws-042"},
		{"edr.isolate_host", map[string]any{"host": "ws-999"}, nil, connector.Permanent, ""},
		{"edr.isolate_host", map[string]any{"host": "../users/clerk-17"}, nil, connector.Permanent, ""},
		{"edr.isolate_host", map[string]any{"host": ".."}, nil, connector.Permanent, ""},
		{"directory.user_info", user, map[string]any{"enabled": true, "email": "clerk-17@lab.example"}, "", ""},
		{"directory.disable_user", user, map[string]any{"enabled": false}, "", "directory.disable_user clerk-17"},
		{"directory.enable_user", user, map[string]any{"enabled": true}, "", "directory.enable_user clerk-17"},
		{"directory.revoke_sessions", user, map[string]any{"sessions": float64(0)}, "", "directory.revoke_sessions clerk-17"},
		{"directory.reset_password", user, nil, "", "directory.reset_password clerk-17"},
		{"firewall.address_info", address, map[string]any{"blocked": false, "seen_count": float64(412)}, "", ""},
		{"firewall.block_address", address, map[string]any{"blocked": true}, "", "firewall.block_address 203.0.113.66"},
		{"firewall.unblock_address", address, map[string]any{"blocked": false}, "", "firewall.unblock_address 203.0.113.66"},
		{"firewall.block_address", map[string]any{"address": "ws-042"}, nil, connector.Permanent, ""},
		{"mail.find_messages", map[string]any{"sender": "billing@phish.example"}, map[string]any{"count": float64(4)}, "", ""},
		{"mail.quarantine_messages", ids, map[string]any{"count": float64(2)}, "", "mail.quarantine_messages m-1001,m-1002"},
		{"mail.restore_messages", ids, nil, "", "mail.restore_messages m-1001,m-1002"},
		{"mail.send", map[string]any{"to": []any{"clerk-17@lab.example"}, "subject": "Call us", "body": ""}, map[string]any{"accepted": float64(1)}, "", "mail.send clerk-17@lab.example"},
		{"edr.file_info", file, map[string]any{"blocked": false, "count": float64(2)}, "", ""},
		{"edr.block_file", file, map[string]any{"blocked": true, "changed": true}, "", "edr.block_file " + stealer},
		{"edr.block_file", file, map[string]any{"blocked": true, "changed": false}, "", ""},
		{"edr.unblock_file", file, map[string]any{"blocked": false}, "", "edr.unblock_file " + stealer},
		{"edr.file_info", map[string]any{"sha256": "not-a-hash"}, nil, connector.Permanent, ""},
		{"edr.block_file", map[string]any{"sha256": "not-a-hash"}, nil, connector.Permanent, ""},
		{"directory.sign_ins", user, map[string]any{"user": "clerk-17", "count": float64(3)}, "", ""},
		{"directory.sign_ins", map[string]any{"user": "nobody"}, nil, connector.Permanent, ""},
		{"mail.mailbox_rules", map[string]any{"mailbox": "clerk-17@lab.example"}, map[string]any{"count": float64(2)}, "", ""},
		{"mail.disable_rules", map[string]any{"ids": []any{"r-2001"}}, map[string]any{"enabled": false}, "", "mail.disable_rules r-2001"},
		{"mail.disable_rules", map[string]any{"ids": []any{"r-2001"}}, map[string]any{"changed": float64(0)}, "", ""},
		{"mail.enable_rules", map[string]any{"ids": []any{"r-2001"}}, map[string]any{"enabled": true}, "", "mail.enable_rules r-2001"},
		{"mail.disable_rules", map[string]any{"ids": []any{"r-9999"}}, nil, connector.Permanent, ""},
		{"intel.file_report", file, map[string]any{"malicious": float64(52), "family": "labstealer"}, "", ""},
		{"intel.ip_report", address, map[string]any{"malicious": float64(41)}, "", ""},
		{"intel.url_report", map[string]any{"url": "https://files.invalid/label.zip"}, map[string]any{"malicious": float64(6)}, "", ""},
	}
	var effects []string
	for i, s := range steps {
		if s.effect != "" {
			effects = append(effects, s.effect)
		}
		runStep(t, registry, i, s)
		var got []string
		for _, effect := range server.Effects() {
			got = append(got, effect.Action+" "+effect.Target)
		}
		if diff := cmp.Diff(effects, got); diff != "" {
			t.Fatalf("step %d %s: effects %s", i, s.ref, diff)
		}
	}
}

func runStep(t *testing.T, registry *connector.Registry, i int, s step) {
	t.Helper()
	name, action, _ := strings.Cut(s.ref, ".")
	instance, _, ok := registry.Find(name)
	if !ok {
		t.Fatalf("no instance %s", name)
	}
	result, err := instance.Do(t.Context(), connector.Call{Action: action, Args: s.args, Sent: func(context.Context) error { return nil }})
	if got := connector.Classify(err, true); (got == nil && s.class != "") || (got != nil && got.Class != s.class) {
		t.Fatalf("step %d %s: %v, want class %q", i, s.ref, err, s.class)
	}
	if err != nil {
		return
	}
	schemas, _ := registry.Schemas(name)
	if err := schemas.CheckOutput(action, result.Output); err != nil {
		t.Errorf("step %d %s: output: %v", i, s.ref, err)
	}
	for field, want := range s.want {
		if !cmp.Equal(result.Output[field], want) {
			t.Errorf("step %d %s: %s is %v, want %v", i, s.ref, field, result.Output[field], want)
		}
	}
}

func TestEvidenceComesInOrderOfVolatility(t *testing.T) {
	t.Parallel()
	registry, _ := openAll(t)
	instance, _, _ := registry.Find("edr")
	result, err := instance.Do(t.Context(), connector.Call{Action: "collect_evidence", Args: map[string]any{"host": "web-01"}})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, item := range result.Evidence {
		body, err := io.ReadAll(item.Body)
		if err != nil || !strings.HasPrefix(string(body), "LAB ") {
			t.Errorf("%s: %v, %.20q", item.Name, err, body)
		}
		kinds = append(kinds, strings.TrimSuffix(strings.TrimPrefix(item.Name, "web-01-"), ".txt"))
	}
	if diff := cmp.Diff(labserver.ArtifactKinds(), kinds); diff != "" {
		t.Error(diff)
	}
}

func TestEveryManifestSaysWhatItIs(t *testing.T) {
	t.Parallel()
	kinds, err := lab.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		m := kind.Manifest()
		const label = "a lab stand-in and not a real product"
		if !strings.HasSuffix(m.Description, label+".") || !strings.Contains(m.Tested, label) {
			t.Errorf("%s does not say that it is %s", m.Connector, label)
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	kinds, err := lab.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	good := func() connector.Config {
		return connector.Config{Instance: "edr", Settings: map[string]string{"base_url": "http://127.0.0.1:1"}, Secrets: map[string]secret.String{"token": secret.New("t0ken-t0ken")}}
	}
	rows := []struct {
		name   string
		change func(*connector.Config)
		fault  string
	}{
		{"good", func(*connector.Config) {}, ""},
		{"no address", func(c *connector.Config) { delete(c.Settings, "base_url") }, `"base_url" is required`},
		{"no token", func(c *connector.Config) { delete(c.Secrets, "token") }, `"token" is required`},
		{"token in plain sight", func(c *connector.Config) { c.Settings["token"] = "x" }, "not a plain setting"},
		{"a setting nobody knows", func(c *connector.Config) { c.Settings["base_ulr"] = "x" }, `"base_ulr"`},
		{"a secret nobody knows", func(c *connector.Config) { c.Secrets["password"] = secret.New("x") }, `"password"`},
		{"http to another machine", func(c *connector.Config) { c.Settings["base_url"] = "http://lab.example" }, "not encrypted"},
		{"permitted", func(c *connector.Config) {
			c.Settings["base_url"], c.Settings["plaintext"] = "http://lab.example", "allowed"
		}, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			config := good()
			row.change(&config)
			err := connector.NewRegistry().Open(kinds[0], config)
			if (err == nil) != (row.fault == "") || (err != nil && !strings.Contains(err.Error(), row.fault)) {
				t.Errorf("got %v, want %q", err, row.fault)
			}
		})
	}
}
