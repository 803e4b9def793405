package mapping

import (
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// stateWord gives the state that a tool's word for the standing of its alert
// means, or "" for words of something that goes on, and for words that it does not
// know: an alert is put aside only for a reason that is clear.
func stateWord(text string) soar.AlertState {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) > 64 {
		return ""
	}
	text = strings.NewReplacer("_", " ", "-", " ").Replace(text)
	switch strings.ReplaceAll(text, " ", "") {
	case "resolved", "closed", "fixed", "solved", "recovered", "recovery", "cleared", "clear", "ok", "okay", "normal", "healthy",
		"pass", "passed", "compliant", "archived", "dismissed", "autodismissed", "autoresolved", "autoclosed", "resolvedbyuser",
		"closedbyuser", "inactive":
		return soar.StateResolved
	case "benign", "benignpositive", "falsepositive", "falsealarm", "notmalicious", "harmless", "clean", "nothreat", "nothreatfound", "nothreatsfound",
		"notathreat", "notanissue", "informationalexpectedactivity", "expectedactivity", "truepositivebenign", "suppressed", "ignored", "allowlisted", "whitelisted", "notanalert", "nonalert":
		return soar.StateBenign
	case "test", "testing", "sample", "simulated", "simulation", "exercise", "drill", "testalert", "testevent", "testnotification", "securitytest":
		return soar.StateTest
	case "schema":
		return soar.StateSchema
	default:
		return ""
	}
}

// guessState looks for what the tool says of its own alert: a status or a verdict
// of the alert itself. What stands deeper is the status of something else, such as
// a process or a rule, and may have been written by an attacker.
func (d *draft) guessState(all tree, body object) {
	if d.alert.State != "" {
		return
	}
	if isSchema(body) {
		d.alert.State = soar.StateSchema
		d.guessed("state")
		return
	}
	for _, l := range all.all {
		if l.depth > stateDepth || len(l.path) == 0 || !speaksOfAlert(l.path) {
			continue
		}
		if state := stateOf(l); state != "" {
			d.alert.State = state
			d.guessed("state")
			return
		}
	}
}

// stateDepth is how deep the standing of an alert is looked for: the alert may
// stand below one name in an envelope, and its status below another.
const stateDepth = 2

// speaksOfAlert tells whether a path holds no names but those of an alert itself.
func speaksOfAlert(path []string) bool {
	for _, name := range path[:len(path)-1] {
		switch name {
		case "alert", "finding", "incident", "issue", "detection", "event", "threat", "threatinfo", "data", "detail", "properties", "result", "new", "case",
			"offense", "essentials", "attributes", "kibana", "workflow", "compliance", "alertinfo", "verdict", "evaluation", "trigger", "eventdata", "content", "body", "payload", "status":
		default:
			return false
		}
	}
	return true
}

// stateOf reads one leaf: a word under a name for standings and verdicts, or a
// truth value under a name that says what would be true.
func stateOf(l leaf) soar.AlertState {
	name, yes := l.path[len(l.path)-1], l.value == true || l.value == "true"
	switch name {
	case "status", "state", "alertstatus", "alertstate", "incidentstatus", "incidentstate", "newstatevalue", "newstate", "eventstatus", "eventstate", "workflowstatus", "workflowstate",
		"findingstatus", "findingstate", "recordstate", "statuscode", "currentstate", "statusname", "issuestatus", "casestatus", "detectionstatus", "threatstatus", "resolutionstatus",
		"verdict", "analystverdict", "disposition", "classification", "determination", "resolution", "resolutionreason", "alerttype", "finaldisposition", "verdictname", "truepositivestatus":
		text, _ := l.value.(string)
		return stateWord(text)
	case "resolved", "isresolved", "closed", "isclosed", "archived", "isarchived":
		return stateIf(yes, soar.StateResolved)
	case "falsepositive", "isfalsepositive", "benign", "isbenign", "suppressed", "issuppressed":
		return stateIf(yes, soar.StateBenign)
	case "test", "istest", "testalert", "testevent", "sample", "issample", "simulated", "issimulated", "issimulation", "testmode":
		return stateIf(yes, soar.StateTest)
	default:
		return ""
	}
}

func stateIf(yes bool, state soar.AlertState) soar.AlertState {
	if yes {
		return state
	}
	return ""
}

// isSchema tells a JSON Schema from a message: it says so, or describes the
// properties of an object.
func isSchema(body object) bool {
	if dialect, ok := body["$schema"].(string); ok && (body["properties"] != nil || body["type"] == "object" || strings.Contains(dialect, "json-schema")) {
		return true
	}
	described, ok := body["properties"].(object)
	if !ok || body["type"] != "object" || len(described) == 0 {
		return false
	}
	for _, value := range described {
		property, ok := value.(object)
		if !ok || firstOf(property, "type", "$ref", "enum", "const", "anyOf", "oneOf", "allOf", "properties", "items") == nil {
			return false
		}
	}
	return true
}
