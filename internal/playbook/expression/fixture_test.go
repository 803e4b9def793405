package expression

import (
	"strings"
	"testing"
)

// incidentTypes is an environment such as the checker builds for a playbook.
func incidentTypes() Environment {
	status := EnumOf("pending", "running", "succeeded", "failed", "skipped", "approved", "denied", "expired")
	scan := ObjectOf(map[string]*Type{
		"url":    Text(),
		"output": ObjectOf(map[string]*Type{"malicious": Int(), "engines": ListOf(Text())}),
	})
	return Environment{
		"alert": ObjectOf(map[string]*Type{
			"description": Text(), "urls": ListOf(Text()), "score": Int(), "ratio": Number(), "closed": Bool(),
			"host": ObjectOf(map[string]*Type{"name": Text(), "ip": Text()}),
			"raw":  OpenObject(nil), "labels": OpenObject(Text()), "received_at": Text(),
		}),
		"incident": ObjectOf(map[string]*Type{
			"severity": EnumOf("low", "medium", "high", "critical"), "category": Text(), "id": Int(),
		}),
		"input": ObjectOf(map[string]*Type{"host": Text(), "links": ListOf(Text())}),
		"steps": ObjectOf(map[string]*Type{
			"lookup": ObjectOf(map[string]*Type{"status": status, "output": ObjectOf(map[string]*Type{"score": Number()})}),
			"scan":   ObjectOf(map[string]*Type{"items": ListOf(scan)}),
			"ask": Optional(ObjectOf(map[string]*Type{"status": status, "comment": Text(),
				"output": ObjectOf(map[string]*Type{"n": Int(), "items": ListOf(Int())})})),
		}),
		"policy": ObjectOf(map[string]*Type{"preauthorised": ListOf(Text())}),
		"now":    Text(),
		"link":   Text(),
	}
}

func incidentVars() map[string]any {
	return map[string]any{
		"alert": map[string]any{
			"description": "Invoice attached", "urls": []any{"http://a.example", "http://b.example"}, "score": 7, "ratio": 0.25,
			"closed": false, "host": map[string]any{"name": "srv-01", "ip": "10.1.2.3"}, "raw": map[string]any{"x": map[string]any{"y": 1}},
			"labels": map[string]any{"team": "soc"}, "received_at": "2026-01-02T09:00:00Z",
		},
		"incident": map[string]any{"severity": "high", "category": "phishing", "id": 12},
		"input":    map[string]any{"host": "srv-01", "links": []any{"http://a.example"}},
		"steps": map[string]any{
			"lookup": map[string]any{"status": "succeeded", "output": map[string]any{"score": 2.5}},
			"scan": map[string]any{"items": []any{
				map[string]any{"url": "a", "output": map[string]any{"malicious": 0, "engines": []any{}}},
				map[string]any{"url": "b", "output": map[string]any{"malicious": 4, "engines": []any{"x", "y"}}},
			}},
		},
		"policy": map[string]any{"preauthorised": []any{"block_domain"}},
		"now":    "2026-01-02T10:00:00Z",
		"link":   "http://a.example",
	}
}

// mustCompile compiles against incidentTypes.
func mustCompile(t testing.TB, src string) *Program {
	t.Helper()
	program, problems := Compile(src, incidentTypes(), nil)
	if len(problems) > 0 {
		t.Fatalf("%s: %s", src, problemText(problems))
	}
	return program
}

func problemText(problems []Problem) string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
