package mapping

import "testing"

func TestFingerprintParts(t *testing.T) {
	t.Parallel()
	base := fingerprint("wazuh", "ab", "c")
	for name, other := range map[string]string{
		"parts run together": fingerprint("wazuh", "a", "bc"), "another source": fingerprint("generic", "ab", "c"),
		"one part less": fingerprint("wazuh", "ab"), "an empty part more": fingerprint("wazuh", "ab", "c", ""), "source and part": fingerprint("wazuhab", "c"),
	} {
		if other == base || len(other) != 64 {
			t.Errorf("%s: %s", name, other)
		}
	}
	if fingerprint("wazuh", "ab", "c") != base {
		t.Error("the same parts give another fingerprint")
	}
}

func TestSameForm(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, a, b string
		same       bool
	}{
		{"case", "WEB-1", "web-1", true},
		{"composed and decomposed", "caf\u00e9", "cafe\u0301", true},
		{"zero width", "web\u200b-1", "web-1", true},
		{"direction of writing", "web\u202e-1", "web-1", true},
		{"trailing dot", "web-1.lab.invalid.", "web-1.lab.invalid", true},
		{"outer space", " web-1\n", "web-1", true},
		{"another name", "web-1", "web-2", false},
		{"inner space", "web 1", "web1", false},
		{"letters that look alike", "\u0430dmin", "admin", false},
	} {
		if got := same(row.a) == same(row.b); got != row.same {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

// What is the same event is one alert, and nothing else is.
func TestFingerprintOfAlerts(t *testing.T) {
	t.Parallel()
	print := func(body string) string {
		messages, err := generic(t).Read("application/json", []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return messages[0].Alert.Fingerprint
	}
	rows := []struct {
		name, a, b string
		same       bool
	}{
		{"sent twice", `{"id":"1","title":"t"}`, `{"id":"1","title":"t"}`, true},
		{"same id, other words", `{"id":"1","title":"t"}`, `{"id":"1","title":"u","severity":"high"}`, true},
		{"same id, other host", `{"id":"1","title":"t","host":{"name":"a"}}`, `{"id":"1","title":"t","host":{"name":"b"}}`, false},
		{"same id, host in capitals", `{"id":"1","title":"t","host":{"name":"a"}}`, `{"id":"1","title":"t","host":{"name":"A"}}`, true},
		{"same id, other user", `{"id":"1","title":"t","user":{"name":"a"}}`, `{"id":"1","title":"t","user":{"name":"b"}}`, false},
		{"no id, same body in another order", `{"title":"t","tags":["x"]}`, `{ "tags": ["x"], "title": "t" }`, true},
		{"no id, other body", `{"title":"t","tags":["x"]}`, `{"title":"t","tags":["y"]}`, false},
		{"an id of another shape may be of a rule", `{"id":"r1","name":"x","n":1}`, `{"id":"r1","name":"x","n":2}`, false},
		{"unreadable, same bytes", `{"a":`, `{"a":`, true},
		{"unreadable, other bytes", `{"a":`, `{"b":`, false},
		{"unreadable is not readable", `"x"`, `{"title":"x"}`, false},
		{"id and host cannot trade places", `{"id":"ab","title":"t","host":{"name":"c"}}`, `{"id":"a","title":"t","host":{"name":"bc"}}`, false},
	}
	for _, row := range rows {
		if got := print(row.a) == print(row.b); got != row.same {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}
