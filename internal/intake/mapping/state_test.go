package mapping

import (
	"testing"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// What a tool says of the standing of its own alert is read; what an attacker can
// write further down, and words that nobody knows, are not.
func TestStateIsGuessed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		body string
		want soar.AlertState
	}{
		"resolved at the top":             {`{"title":"x","status":"RESOLVED"}`, soar.StateResolved},
		"closed below the alert":          {`{"alert":{"title":"x","status":"closed"}}`, soar.StateResolved},
		"a finding that passed":           {`{"Title":"x","Compliance":{"Status":"PASSED"}}`, soar.StateResolved},
		"put away":                        {`{"Title":"x","RecordState":"ARCHIVED"}`, soar.StateResolved},
		"the new state of a finding":      {`{"new":{"state":"RESOLVED"},"old":{"state":"OPEN"}}`, soar.StateResolved},
		"an alarm that is quiet again":    {`{"AlarmName":"x","NewStateValue":"OK","OldStateValue":"ALARM"}`, soar.StateResolved},
		"an analyst found it false":       {`{"title":"x","analystVerdict":"false_positive"}`, soar.StateBenign},
		"a verdict below the threat":      {`{"threatInfo":{"classification":"Benign"}}`, soar.StateBenign},
		"a truth value":                   {`{"title":"x","is_false_positive":true}`, soar.StateBenign},
		"a sample":                        {`{"title":"x","isTest":true}`, soar.StateTest},
		"a status of test":                {`{"title":"x","status":"test"}`, soar.StateTest},
		"a JSON Schema":                   {`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"rule":{"type":"object"}}}`, soar.StateSchema},
		"a schema that does not say so":   {`{"type":"object","properties":{"severity":{"type":"string"},"id":{"$ref":"#/x"}}}`, soar.StateSchema},
		"goes on":                         {`{"title":"x","status":"open"}`, ""},
		"blocked is not over":             {`{"title":"x","status":"blocked"}`, ""},
		"false is no answer":              {`{"title":"x","resolved":false,"benign":"no"}`, ""},
		"the status of a process":         {`{"title":"x","process":{"status":"closed"}}`, ""},
		"the state of a rule":             {`{"title":"x","rule":{"state":"inactive"}}`, ""},
		"text of an attacker":             {`{"title":"x","message":"status: resolved","log":{"status":"benign"}}`, ""},
		"properties that are no schema":   {`{"type":"object","properties":{"severity":"high"}}`, ""},
		"a number":                        {`{"title":"x","status":0}`, ""},
		"two names that differ in case":   {`{"title":"x","status":"open","Status":"resolved"}`, ""},
		"below too much":                  {`{"data":{"data":{"data":{"data":{"status":"resolved"}}}}}`, ""},
		"a login that went well":          {`{"title":"x","outcome":{"result":"SUCCESS"}}`, ""},
		"a severity under a similar name": {`{"title":"x","priority":"normal"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages, err := generic(t).Read("application/json", []byte(row.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := messages[0].Alert.State; got != row.want {
				t.Errorf("state %q, want %q", got, row.want)
			}
		})
	}
}

// The rating of the tool is kept in its own words, whatever becomes of it.
func TestReportedSeverityIsKept(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		body, reported string
		want           soar.Severity
	}{
		"a word":                       {`{"title":"x","level":"E_MEDIUM"}`, "E_MEDIUM", soar.SeverityMedium},
		"of our own":                   {`{"title":"x","severity":"high"}`, "high", soar.SeverityHigh},
		"a word before a number":       {`{"a":"x","severity":{"label":"HIGH","normalized":40}}`, "HIGH", soar.SeverityHigh},
		"inverted":                     {`{"alert":{"severity":1,"signature_id":5}}`, "1", soar.SeverityHigh},
		"a scale that nobody knows":    {`{"a":"x","severity":2}`, "2", ""},
		"the middle of most scales":    {`{"a":"x","severity":3}`, "3", soar.SeverityMedium},
		"a priority":                   {`{"a":"x","priority":"1"}`, "1", soar.SeverityCritical},
		"no word that anybody knows":   {`{"a":"x","severity":"purple"}`, "purple", ""},
		"one to a hundred":             {`{"a":"x","risk_score":73}`, "73", soar.SeverityHigh},
		"a decimal of a known scale":   {`{"a":"x","source":"aws.guardduty","severity":8.5}`, "8.5", soar.SeverityHigh},
		"OCSF: other is not the worst": {`{"a":"x","class_uid":2004,"severity_id":99}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages, err := generic(t).Read("application/json", []byte(row.body))
			if err != nil {
				t.Fatal(err)
			}
			a := messages[0].Alert
			if a.Reported != row.reported || a.Severity != row.want {
				t.Errorf("reported %q, severity %q; want %q, %q", a.Reported, a.Severity, row.reported, row.want)
			}
		})
	}
}
