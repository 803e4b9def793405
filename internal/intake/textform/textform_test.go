package textform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text string
		want Object // nil: none of the forms
	}{
		"CEF": {`CEF:0|Lab|IPS|1.0|4711|SQL \| injection|8|src=198.51.100.5 msg=two words here cs1Label=Rule cs1=r1 path=C:\\x`, Object{
			"cef_version": "0", "device_vendor": "Lab", "device_product": "IPS", "device_version": "1.0", "device_event_class_id": "4711", "event_name": "SQL | injection",
			"severity": "8", "src": "198.51.100.5", "msg": "two words here", "cs1Label": "Rule", "cs1": "r1", "Rule": "r1", "path": `C:\x`,
		}},
		"CEF without an extension": {`CEF:0|L|I|1|4|n|8|`, Object{"cef_version": "0", "device_vendor": "L", "device_product": "I", "device_version": "1", "device_event_class_id": "4", "event_name": "n", "severity": "8"}},
		"LEEF":                     {"LEEF:1.0|L|S|2|SEEN|src=192.0.2.1\tsev=9", Object{"leef_version": "1.0", "device_vendor": "L", "device_product": "S", "device_version": "2", "event_id": "SEEN", "event_name": "SEEN", "src": "192.0.2.1", "sev": "9"}},
		"LEEF 2 with a delimiter":  {"LEEF:2.0|L|S|2|SEEN|x5E|src=192.0.2.1^sev=9", Object{"leef_version": "2.0", "device_vendor": "L", "device_product": "S", "device_version": "2", "event_id": "SEEN", "event_name": "SEEN", "src": "192.0.2.1", "sev": "9"}},
		"syslog of today": {`<34>1 2026-03-02T09:00:00Z web-8 sshd 42 - [x@1 user="ann a"] hello`, Object{
			"syslog_severity": "2", "syslog_facility": "4", "timestamp": "2026-03-02T09:00:00Z", "hostname": "web-8", "appname": "sshd", "procid": "42", "user": "ann a", "message": "hello",
		}},
		"older syslog": {`<13>Mar  2 09:00:00 web-9 sshd[7]: hello you`, Object{
			"syslog_severity": "5", "syslog_facility": "1", "syslog_date": "Mar  2 09:00:00", "hostname": "web-9", "appname": "sshd", "procid": "7", "message": "hello you",
		}},
		"JSON behind a header": {`<13>Mar  2 09:00:00 gw app: {"id":"j"}`, Object{"id": "j", "syslog_severity": "5", "syslog_facility": "1", "syslog_date": "Mar  2 09:00:00", "syslog_hostname": "gw", "appname": "app"}},
		"names and values":     {`a=1 b="two, c=3" d=four five`, Object{"a": "1", "b": "two, c=3", "d": "four five"}},
		"XML": {`<?xml version="1.0"?><Event xmlns="x"><System><EventID>4625</EventID><Time at="t"/></System><EventData><Data Name="User">bo</Data></EventData><e>1</e><e>2</e></Event>`, Object{
			"Event": Object{"System": Object{"EventID": "4625", "Time": Object{"at": "t"}}, "EventData": Object{"User": "bo"}, "e": []any{"1", "2"}},
		}},
		"prose":            {"there was an attack", nil},
		"two pairs":        {"a=1 b=2", nil},
		"empty":            {"  ", nil},
		"XML cut":          {"<a><b>", nil},
		"two documents":    {"<a/><b/>", nil},
		"an entity":        {`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, nil},
		"half a CEF":       {"CEF:0|a|b", nil},
		"half a LEEF":      {"LEEF:1.0|a", nil},
		"too long":         {"CEF:0|" + strings.Repeat("x", lineMost), nil},
		"deep XML":         {strings.Repeat("<a>", depthMost+5) + strings.Repeat("</a>", depthMost+5), nil},
		"no such priority": {"<999>hello", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := Parse(row.text, JSONObject)
			if !ok {
				got = nil
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// No text ends the program, or gives more members than the bounds allow.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"CEF:0|a|b|c|d|e|5|x=y", "LEEF:2.0|a|b|c|d|x09|x=y", "<34>1 - - - - - - x", "<a b='c'>d</a>", `a="\" b=c d=e`, "<13>Jan  1 00:00:00 h p[1]: {}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		event, ok := Parse(text, JSONObject)
		if ok && len(event) == 0 && !strings.Contains(text, "{") {
			t.Errorf("%q gives an empty event", text)
		}
		if len(event) > 3*pairsMost && !strings.Contains(text, "{") && !strings.HasPrefix(strings.TrimSpace(text), "<") {
			t.Errorf("%d members", len(event))
		}
	})
}
