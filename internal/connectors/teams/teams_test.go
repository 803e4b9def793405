package teams

import (
	"context"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/notify/way/waytest"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// takesURL gives the suite's address to a connector whose address is a secret.
type takesURL struct{ connector.Connector }

func (k takesURL) Manifest() *manifest.Manifest {
	copied := *k.Connector.Manifest()
	copied.Settings = append([]manifest.Setting{{Name: "at", Description: "of the test"}}, copied.Settings...)
	return &copied
}

func (k takesURL) Open(config connector.Config) (connector.Instance, error) {
	config.Secrets["url"] = secret.New(config.Settings["at"] + "/workflows/1?sig=" + config.Secrets["url"].Reveal())
	delete(config.Settings, "at")
	return k.Connector.Open(config)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	kind, err := Kind()
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Run(t, connectortest.Suite{
		Kind:     takesURL{kind},
		Settings: func(url string) map[string]string { return map[string]string{"at": url} },
		Cases: map[string]connectortest.Case{"post": {
			Args: func(string) map[string]any { return map[string]any{"title": "a", "text": "b"} }, AnyBody: true,
		}},
	})
}

func open(t *testing.T, url string, settings map[string]string) (connector.Instance, error) {
	t.Helper()
	kind, err := Kind()
	if err != nil {
		t.Fatal(err)
	}
	registry := connector.NewRegistry()
	if err := registry.Open(kind, connector.Config{Instance: "teams", Settings: settings, Secrets: map[string]secret.String{"url": secret.New(url)}}); err != nil {
		return nil, err
	}
	instance, _, _ := registry.Find("teams")
	return instance, nil
}

func post(t *testing.T, instance connector.Instance, args map[string]any) (connector.Result, error) {
	t.Helper()
	return instance.Do(t.Context(), connector.Call{Action: "post", Key: "5a1c0e", Args: args, Sent: func(context.Context) error { return nil }})
}

// TestPost posts what the fake of Teams, which knows no markup, takes and reads.
func TestPost(t *testing.T) {
	t.Parallel()
	fake := waytest.NewTeams(t)
	instance, err := open(t, fake.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name string
		args map[string]any
		want []string
	}{
		{"plain", map[string]any{"title": "ws-042 is isolated", "text": "one\n\ntwo\n", "label": "TLP:AMBER", "urgent": true}, []string{"TLP:AMBER", "ws-042 is isolated", "one", " ", "two"}},
		{"no text", map[string]any{"title": "t", "text": ""}, []string{"t", " "}},
		{"markdown stays as it is", map[string]any{"title": "**b** [x](y)", "text": "# h\n- i"}, []string{"**b** [x](y)", "# h", "- i"}},
		{
			"what acts is broken up",
			map[string]any{"title": "{{DATE(2017-02-14T06:00:00Z)}} {{{{a}}}}", "text": "https://evil.test WWW.evil.test <at>all</at> ${x} @{x}"},
			[]string{"{ {DATE(2017-02-14T06:00:00Z)} } { { { {a} } } }", "https[:]//evil.test WWW[.]evil.test < at>all< /at> $ {x} @ {x}"},
		},
		{"what is not seen", map[string]any{"title": "a\u202eb\x00\u200bc\r\nd", "text": "e\u2028f\xff"}, []string{"abc d", "e", "f\uFFFD"}},
	}
	for i, row := range rows {
		if _, err := post(t, instance, row.args); err != nil {
			t.Errorf("%s: %v %v", row.name, err, fake.Refused())
			continue
		}
		lines, err := waytest.ReadTeams(fake.Bodies()[i])
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if diff := cmp.Diff(row.want, lines); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", row.name, diff)
		}
	}
}

// TestLong: however long and full of what JSON writes longer, a message fits.
func TestLong(t *testing.T) {
	t.Parallel()
	fake := waytest.NewTeams(t)
	instance, err := open(t, fake.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{strings.Repeat("<&>\n", 4096), strings.Repeat("<", 16384), strings.Repeat("\n", 16384), strings.Repeat("ä\n", 8000), strings.Repeat("{", 16384)} {
		if _, err := post(t, instance, map[string]any{"title": strings.Repeat("<", 300), "text": text, "label": "TLP:RED"}); err != nil {
			t.Fatalf("%v %v", err, fake.Refused())
		}
		bodies := fake.Bodies()
		last := bodies[len(bodies)-1]
		lines, err := waytest.ReadTeams(last)
		if err != nil || len(last) > messageMost {
			t.Fatalf("%d bytes: %v", len(last), err)
		}
		if lines[len(lines)-1] != cut && len(strings.Join(lines, "")) < len(strings.TrimRight(text, "\n")) {
			t.Errorf("%.10q was cut and does not say so", text)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ url, says string }{
		{"", `"url" is required`},
		{"prod.logic.invalid", "setting url: it cannot be read"},
		{"http://prod.logic.invalid/x?sig=abc", "not encrypted"},
		{"https://prod.logic.invalid/x#y", "cannot be read"},
	} {
		if _, err := open(t, row.url, nil); err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "abc") {
			t.Errorf("%q: %v", row.url, err)
		}
	}
	fake := waytest.NewTeams(t)
	instance, err := open(t, strings.Replace(fake.URL, waytest.Signature, "another", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := post(t, instance, map[string]any{"title": "a", "text": "b"}); connector.Classify(err, true).Class != connector.Auth {
		t.Errorf("a wrong signature: %v", err)
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("{{{{DATE(2017-02-14T06:00:00Z)}}}} <AT>x</AT> http://wWw.x")
	f.Fuzz(func(t *testing.T, text string) {
		got := plain(text)
		for _, acts := range []string{"{{", "}}", "${", "@{", "://", "<at>", "</at>", "www."} {
			if strings.Contains(strings.ToLower(got), acts) && acts != "www." {
				t.Errorf("%q leaves %q", text, got)
			}
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }) {
			t.Errorf("%q leaves what is not seen: %q", text, got)
		}
	})
}
