package door_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/door"
)

// corpus gives the folder with real bodies of Slack; the test is skipped without it.
func corpus(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("TOCSIN_CORPORA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "corpora")
	}
	folder = filepath.Join(folder, "slack")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("there are no real bodies here; TOCSIN_CORPORA names their folder")
	}
	return folder
}

// origin reads which app and workspace a body says that it is of.
func origin(body []byte) (app, team, kind string) {
	var in struct {
		Type string `json:"type"`
		App  string `json:"api_app_id"`
		Team string `json:"team_id"`
		Of   *struct {
			ID string `json:"id"`
		} `json:"team"`
		View *struct {
			App string `json:"app_id"`
		} `json:"view"`
	}
	_ = json.Unmarshal(body, &in) // what is not there stays empty
	if in.Of != nil {
		in.Team = in.Of.ID
	}
	if in.App == "" && in.View != nil {
		in.App = in.View.App
	}
	return in.App, in.Team, in.Type
}

// interactive tells whether bodies of this kind come to the address of interactions.
func interactive(kind string) bool {
	return slices.Contains([]string{
		"block_actions", "view_submission", "view_closed", "shortcut", "message_action", "interactive_message", "block_suggestion",
		"dialog_submission", "dialog_cancellation", "dialog_suggestion", "workflow_step_edit",
	}, kind)
}

// Every real body is taken or plainly refused at each of the three addresses, by a
// door of another workspace and by one of its own; none is our fault.
func TestRealBodies(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(corpus(t), "*", "*"))
	must(t, err)
	h := newHouse(t)
	sent, taken := 0, map[string]int{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		must(t, err)
		app, team, kind := origin(body)
		if strings.HasSuffix(file, ".form.txt") {
			form, _ := url.ParseQuery(strings.TrimSpace(string(body)))
			app, team, kind = form.Get("api_app_id"), form.Get("team_id"), "command"
		}
		_, own := h.open(func(o *door.Options) {
			if app != "" && team != "" {
				o.App, o.Team = app, team
			}
		})
		requests := []request{h.signed(door.PathEvents, string(body)), h.signed(door.PathInteractions, form(string(body))), h.signed(door.PathCommands, strings.TrimSpace(string(body)))}
		for i, r := range requests {
			for _, base := range []string{h.url, own} {
				status, answer := r.send(t, base)
				sent++
				if status >= http.StatusInternalServerError {
					t.Errorf("%s at %s: %d %s", filepath.Base(file), r.path, status, answer)
				}
				if base == own && status == http.StatusOK {
					taken[kind]++
				}
				fits := i == 1 && interactive(kind) || i == 2 && kind == "command" || i == 0 && (kind == "event_callback" || kind == "url_verification")
				if base == own && fits && app != "" && team != "" && status != http.StatusOK && !strings.Contains(answer, "of the form that Slack writes") && !strings.Contains(answer, "whole organisation") {
					t.Errorf("%s at its own address %s: %d %s", filepath.Base(file), r.path, status, answer)
				}
			}
		}
	}
	if sent < 6*len(files) || len(files) < 100 || taken["block_actions"] == 0 || taken["view_submission"] == 0 || taken["event_callback"] < 20 {
		t.Errorf("%d bodies, %d requests, taken %v", len(files), sent, taken)
	}
	if h.desk.count() != 0 {
		t.Errorf("people that nobody knows did %d things", h.desk.count())
	}
	t.Logf("%d bodies, %d requests, taken by kind %v", len(files), sent, taken)
}

// The vectors of Slack's documentation and libraries: each verifies within its five
// minutes, and under no other secret.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(corpus(t), "signature_vectors.json"))
	must(t, err)
	var file struct {
		Vectors []struct {
			ID        string `json:"id"`
			Secret    string `json:"signing_secret"`
			Timestamp string `json:"timestamp"`
			Body      string `json:"body"`
			Signature string `json:"signature"`
			Expect    string `json:"expect"`
		} `json:"vectors"`
	}
	must(t, json.Unmarshal(raw, &file))
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range file.Vectors {
		header := http.Header{}
		if v.Timestamp != "" {
			header.Set("X-Slack-Request-Timestamp", v.Timestamp)
		}
		if v.Signature != "" {
			header.Set("X-Slack-Signature", v.Signature)
		}
		seconds, _ := strconv.ParseInt(v.Timestamp, 10, 64)
		at := time.Unix(seconds, 0)
		valid := strings.HasPrefix(v.Expect, "valid")
		if err := door.Verify(secret.New(v.Secret), header, []byte(v.Body), at); (err == nil) != valid {
			t.Errorf("%s: %v, expected %s", v.ID, err, v.Expect)
		}
		for name, wrong := range map[string]error{
			"another secret":  door.Verify(secret.New(v.Secret+"0"), header, []byte(v.Body), at),
			"another body":    door.Verify(secret.New(v.Secret), header, []byte(v.Body+" "), at),
			"5:01 afterwards": door.Verify(secret.New(v.Secret), header, []byte(v.Body), at.Add(301*time.Second)),
			"5:01 before":     door.Verify(secret.New(v.Secret), header, []byte(v.Body), at.Add(-301*time.Second)),
		} {
			if wrong == nil {
				t.Errorf("%s with %s was taken", v.ID, name)
			}
		}
	}
}

var _ slack.Desk = (*desk)(nil)
