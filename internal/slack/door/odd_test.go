package door_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/door"
)

type m = map[string]any

// told is what becomes of an odd body: the answer, and what the person is told.
type oddRow struct {
	path, body string
	status     int
	answer     string // of the answer; "" is an empty one
	told       string // "" : nobody is told anything
	desk       bool   // it reaches the desk, which refuses what it does not know
}

// interactions are those that Slack's documentation shows, besides buttons on cards
// and modals of ours. Those who have a person behind them and no use here are told so.
func oddInteractions() map[string]oddRow {
	unused := func(members m) oddRow {
		return oddRow{path: door.PathInteractions, body: form(payload(members)), status: http.StatusOK, told: "means nothing to us"}
	}
	silent := func(members m) oddRow {
		row := unused(members)
		row.told = ""
		return row
	}
	return map[string]oddRow{
		"global shortcut":   unused(m{"type": "shortcut", "callback_id": "c", "actions": nil, "channel": nil, "message": nil, "response_url": nil}),
		"message shortcut":  unused(m{"type": "message_action", "callback_id": "c", "message_ts": "1.1", "message": m{"type": "message", "blocks": []any{m{"type": "of the future"}}}, "actions": nil}),
		"button of the old": unused(m{"type": "interactive_message", "callback_id": "c", "actions": []any{m{"name": "approve", "type": "button", "value": "APR-1"}}, "attachment_id": "1", "message_ts": "1.1", "original_message": m{"attachments": []any{m{"fallback": "x"}}}}),
		"menu of the old": unused(m{"type": "interactive_message", "callback_id": "c", "actions": []any{m{"name": "n", "type": "select", "selected_options": []any{m{"value": "x"}}}},
			"message": nil, "original_message": nil, "is_app_unfurl": true}),
		"dialog":              unused(m{"type": "dialog_submission", "callback_id": "c", "submission": m{"reason": "x"}, "state": "some text", "actions": nil}),
		"dialog given up":     unused(m{"type": "dialog_cancellation", "callback_id": "c", "state": "some text", "actions": nil}),
		"step of a workflow":  unused(m{"type": "workflow_step_edit", "callback_id": "c", "workflow_step": m{"workflow_id": "1", "inputs": m{}}, "actions": nil, "response_url": nil}),
		"a kind to come":      unused(m{"type": "hologram_waved", "actions": "none", "message": []any{1}, "container": 7, "state": true}),
		"view closed":         silent(m{"type": "view_closed", "view": m{"id": "V1", "type": "modal", "callback_id": "approval.approve", "state": m{"values": []any{}}}, "is_cleared": false, "actions": nil}),
		"nobody did it":       silent(m{"type": "function_called", "user": nil, "actions": nil}),
		"options asked for":   {path: door.PathInteractions, body: form(payload(m{"type": "block_suggestion", "action_id": "a", "block_id": "b", "value": "x", "actions": nil})), status: http.StatusOK, answer: `{"options":[]}`},
		"options of a dialog": {path: door.PathInteractions, body: form(payload(m{"type": "dialog_suggestion", "callback_id": "c", "name": "n", "value": "x", "state": "s", "actions": nil})), status: http.StatusOK, answer: `{"options":[]}`},
	}
}

func oddCommands() map[string]oddRow {
	with := func(text string, members map[string]string) oddRow {
		return oddRow{path: door.PathCommands, body: command(text, members), status: http.StatusOK, desk: true}
	}
	return map[string]oddRow{
		"in a direct message":     with("status", map[string]string{"channel_id": "D0123", "channel_name": "directmessage"}),
		"in a private channel":    with("status", map[string]string{"channel_id": "G0123", "channel_name": "privategroup"}),
		"in a shared channel":     with("status", map[string]string{"channel_id": "C0SHARED", "enterprise_id": "E0ORG", "enterprise_name": "Org", "is_enterprise_install": "false"}),
		"with quotes":             with(`report "a 'quoted' thing" & <b> %20 + =`, nil),
		"with lines and no text":  with(" \n\t ", nil),
		"of a shared old account": with("status", map[string]string{"user_name": "", "team_domain": "x", "token": "gIkuvaNzQIHg97ATvDxqgjtO"}),
		"with fields to come":     with("status", map[string]string{"thread_ts": "", "locale_hint": "de"}),
		"for an organisation":     {path: door.PathCommands, body: command("status", map[string]string{"is_enterprise_install": "true"}), status: http.StatusForbidden, answer: "whole organisation"},
		"of another workspace":    {path: door.PathCommands, body: command("status", map[string]string{"team_id": "T0ELSE"}), status: http.StatusForbidden, answer: "another workspace"},
		"without a user":          {path: door.PathCommands, body: command("status", map[string]string{"user_id": ""}), status: http.StatusBadRequest, answer: "ids in the event"},
		"no command":              {path: door.PathCommands, body: command("status", map[string]string{"command": ""}), status: http.StatusBadRequest, answer: "want a command"},
		"are you there":           {path: door.PathCommands, body: "ssl_check=1&token=x", status: http.StatusOK},
	}
}

// event is one of the Events API.
func event(inner any, members m) string {
	all := m{
		"type": "event_callback", "token": "x", "team_id": ourTeam, "api_app_id": ourApp, "event_id": "Ev" + fmt.Sprint(len(fmt.Sprint(inner, members))), "event_time": 1772452790,
		"event": inner, "authorizations": []any{m{"enterprise_id": nil, "team_id": ourTeam, "user_id": "UBOT", "is_bot": true, "is_enterprise_install": false}}, "event_context": "4-x", "is_ext_shared_channel": false,
	}
	for name, value := range members {
		if value == nil {
			delete(all, name)
			continue
		}
		all[name] = value
	}
	raw, _ := json.Marshal(all)
	return string(raw)
}

func oddEvents() map[string]oddRow {
	is := func(status int, answer, body string) oddRow {
		return oddRow{path: door.PathEvents, body: body, status: status, answer: answer}
	}
	fine := func(inner any, members m) oddRow { return is(http.StatusOK, "", event(inner, members)) }
	return map[string]oddRow{
		"uninstalled":               fine(m{"type": "app_uninstalled"}, nil),
		"tokens revoked":            fine(m{"type": "tokens_revoked", "tokens": m{"oauth": []any{"U1"}, "bot": []any{"U2"}}}, nil),
		"rate limited":              fine(nil, m{"type": "app_rate_limited", "event": nil, "authorizations": nil, "minute_rate_limited": 1518467820, "event_id": nil, "event_time": nil}),
		"a message":                 fine(m{"type": "message", "user": "U1", "text": "approve APR-1", "blocks": []any{m{"type": "new"}}}, nil),
		"a user who is an object":   fine(m{"type": "team_join", "user": m{"id": "U1", "profile": nil}}, nil),
		"a view that is none":       fine(m{"type": "to_come", "view": "text", "tab": 7, "user": []any{}}, nil),
		"shared with another":       fine(m{"type": "app_mention", "user": "U0ELSE"}, m{"is_ext_shared_channel": true, "context_team_id": "T0ELSE", "context_enterprise_id": "E1"}),
		"authorizations are null":   fine(m{"type": "message"}, m{"authorizations": []any(nil)}),
		"a time that is text":       fine(m{"type": "message"}, m{"event_time": "1772452790"}),
		"messages tab of the App":   fine(m{"type": "app_home_opened", "user": analystUser, "tab": "messages", "channel": "D1"}, nil),
		"a step ran":                fine(m{"type": "function_executed", "function": m{"id": "Fn1", "callback_id": "c"}, "inputs": m{}}, nil),
		"of another workspace":      is(http.StatusForbidden, "another workspace", event(m{"type": "app_home_opened", "user": analystUser, "tab": "home"}, m{"team_id": "T0ELSE"})),
		"for an organisation":       is(http.StatusForbidden, "whole organisation", event(m{"type": "app_home_opened", "user": analystUser, "tab": "home"}, m{"authorizations": []any{m{"is_enterprise_install": true}}})),
		"App Home of nobody":        is(http.StatusBadRequest, "ids in the event", event(m{"type": "app_home_opened", "tab": "home"}, nil)),
		"an event that is text":     is(http.StatusBadRequest, "not JSON of the form", event("message", nil)),
		"an outside of an old kind": is(http.StatusBadRequest, "has no type", event(m{"type": "message"}, m{"type": nil})),
		"are you there":             is(http.StatusOK, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", `{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}`),
	}
}

// Whatever kind of body Slack has, or will have, gets the answer that Slack wants or is
// plainly refused; a person behind it is told; and none of it decides anything.
func TestOddBodies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.desk.reply = slack.Reply{Text: "all well"}
	for kind, rows := range map[string]map[string]oddRow{"interaction": oddInteractions(), "command": oddCommands(), "event": oddEvents()} {
		for name, row := range rows {
			before, told := h.desk.count(), len(h.slack.told)
			status, answer := h.signed(row.path, row.body).send(t, h.url)
			if row.desk {
				row.answer = "all well"
			}
			if status != row.status || !strings.Contains(answer, row.answer) || row.answer == "" && answer != "" {
				t.Errorf("%s: %s: got %d %q, want %d %q", kind, name, status, answer, row.status, row.answer)
			}
			if reached := h.desk.count() > before; reached != row.desk {
				t.Errorf("%s: %s: reached the desk: %v", kind, name, reached)
			}
			said := strings.Join(h.slack.told[told:], "\n")
			if row.told == "" && said != "" || !strings.Contains(said, row.told) {
				t.Errorf("%s: %s: was told %q, want %q", kind, name, said, row.told)
			}
		}
	}
	if len(h.desk.clicks)+len(h.desk.submissions)+len(h.desk.homes) != 0 {
		t.Errorf("%d clicks, %d submissions, %d homes", len(h.desk.clicks), len(h.desk.submissions), len(h.desk.homes))
	}
}

// Every element of Block Kit, in a message, a modal and the App Home, arrives with what
// was chosen in it; one of a kind to come arrives without, and is no fault.
func TestEveryElementArrives(t *testing.T) {
	t.Parallel()
	option := func(value string) m { return m{"text": m{"type": "plain_text", "text": value}, "value": value} }
	elements := map[string]struct {
		members m
		want    string // text, then options
	}{
		"button":                     {m{"value": "APR-1"}, "APR-1"},
		"workflow_button":            {m{"workflow": m{}}, ""},
		"overflow":                   {m{"selected_option": option("a")}, "a"},
		"static_select":              {m{"selected_option": option("a"), "initial_option": option("b")}, "a"},
		"external_select":            {m{"selected_option": option("a")}, "a"},
		"radio_buttons":              {m{"selected_option": option("a")}, "a"},
		"checkboxes":                 {m{"selected_options": []any{option("a"), option("b")}}, "a b"},
		"multi_static_select":        {m{"selected_options": []any{option("a"), option("b")}}, "a b"},
		"multi_external_select":      {m{"selected_options": []any{}}, ""},
		"users_select":               {m{"selected_user": "U1"}, "U1"},
		"multi_users_select":         {m{"selected_users": []any{"U1", "U2"}}, "U1 U2"},
		"conversations_select":       {m{"selected_conversation": "C1"}, "C1"},
		"multi_conversations_select": {m{"selected_conversations": []any{"C1"}}, "C1"},
		"channels_select":            {m{"selected_channel": "C1"}, "C1"},
		"multi_channels_select":      {m{"selected_channels": []any{"C1", "C2"}}, "C1 C2"},
		"datepicker":                 {m{"selected_date": "2026-03-02"}, "2026-03-02"},
		"timepicker":                 {m{"selected_time": "12:30", "timezone": "UTC"}, "12:30"},
		"datetimepicker":             {m{"selected_date_time": 1772452800}, "1772452800"},
		"plain_text_input":           {m{"value": "text"}, "text"},
		"number_input":               {m{"value": "3.5"}, "3.5"},
		"email_text_input":           {m{"value": "a@b.invalid"}, "a@b.invalid"},
		"url_text_input":             {m{"value": "https://a.invalid"}, "https://a.invalid"},
		"rich_text_input":            {m{"rich_text_value": m{"type": "rich_text", "elements": []any{}}}, ""},
		"file_input":                 {m{"files": []any{m{"id": "F1"}}}, ""},
		"feedback_buttons":           {m{"value": m{"sentiment": "good"}}, ""},
		"of_the_future":              {m{"value": []any{1, 2}, "selected_option": nil}, ""},
	}
	h := newHouse(t)
	look := func(v slack.Value) string { return strings.TrimSpace(v.Text + " " + strings.Join(v.Options, " ")) }
	places := map[string]m{
		"message":    {},
		"attachment": {"container": m{"type": "message_attachment", "message_ts": "1772452800.000100", "attachment_id": 1, "channel_id": "C0SOC", "is_ephemeral": false, "is_app_unfurl": true}, "message": nil, "app_unfurl": m{"id": 1}},
		"modal":      {"container": m{"type": "view", "view_id": "V1"}, "view": m{"id": "V1", "type": "modal", "app_id": ourApp, "blocks": []any{m{"type": "new"}}}, "channel": nil, "message": nil, "response_url": nil},
		"home":       {"container": m{"type": "view", "view_id": "V2"}, "view": m{"id": "V2", "type": "home", "callback_id": "", "state": nil}, "channel": nil, "message": nil, "response_url": nil},
		"function":   {"function_data": m{"execution_id": "Fx1", "function": m{}, "inputs": m{}}, "interactivity": m{"interactor": m{"id": analystUser, "secret": "x"}}, "bot_access_token": "xwfp-1"},
	}
	for kind, element := range elements {
		for place, members := range places {
			action := m{"type": kind, "action_id": "odd", "block_id": "b", "action_ts": "1772452799.5"}
			for name, value := range element.members {
				action[name] = value
			}
			all := m{"actions": []any{action}}
			for name, value := range members {
				all[name] = value
			}
			before := len(h.desk.clicks)
			status, answer := h.signed(door.PathInteractions, form(payload(all))).send(t, h.url)
			if status != http.StatusOK || len(h.desk.clicks) != before+1 {
				t.Errorf("a %s in a %s: %d %s", kind, place, status, answer)
				continue
			}
			if click := h.desk.clicks[before]; click.Chosen.Kind != kind || look(click.Chosen) != element.want || click.Action != "odd" {
				t.Errorf("a %s in a %s arrives as %+v", kind, place, click)
			}
		}
		state := m{"type": kind}
		for name, value := range element.members {
			state[name] = value
		}
		before := len(h.desk.submissions)
		view := m{"id": "V1", "type": "modal", "callback_id": "odd", "state": m{"values": m{"b": m{"odd": state}}}}
		if status, answer := h.signed(door.PathInteractions, form(submission(m{"view": view}))).send(t, h.url); status != http.StatusOK || len(h.desk.submissions) != before+1 {
			t.Errorf("a %s in a modal that was sent: %d %s", kind, status, answer)
			continue
		}
		if got := h.desk.submissions[before].View.State["b"]["odd"]; look(got) != element.want {
			t.Errorf("a %s in a modal that was sent arrives as %+v", kind, got)
		}
	}
}

// A body that is no form of Slack's is refused with a word, whatever it is.
func TestWhatIsNoBodyIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, body := range map[string]string{
		"nothing": "", "no payload": "a=b", "two payloads": "payload={}&payload={}", "no JSON": "payload=x", "a list": "payload=[]", "null": "payload=null", "a number": "payload=7",
		"no type": form(`{"api_app_id":"` + ourApp + `"}`), "a type that is none": form(`{"type":7}`), "deep": "payload=" + url.QueryEscape(strings.Repeat("[", 20_000)),
		"no actions": form(payload(m{"actions": []any{}})), "actions that are none": form(payload(m{"actions": "x"})), "too many": form(payload(m{"actions": make([]any, 26)})),
		"an action without a name": form(payload(m{"actions": []any{m{"type": "button"}}})), "a place that is none": form(payload(m{"channel": m{"id": "../x"}})),
		"a submission of nothing": form(submission(m{"view": nil})), "a user that is none": form(payload(m{"user": m{"id": "<!channel>"}})), "no user": form(payload(m{"user": nil})),
	} {
		if status, answer := h.signed(door.PathInteractions, body).send(t, h.url); status != http.StatusBadRequest || len(answer) < 20 {
			t.Errorf("%s: %d %q", name, status, answer)
		}
	}
	if h.desk.count() != 0 || len(h.slack.told) != 0 {
		t.Errorf("the desk got %d events, %q were told", h.desk.count(), h.slack.told)
	}
}
