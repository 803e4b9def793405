package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/show/people/cases"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// fresh makes the folder for what people saw, without what an earlier show left.
func fresh(dir string) error {
	for _, part := range []string{"slack", "mail", "effects.jsonl"} {
		if err := os.RemoveAll(filepath.Join(dir, part)); err != nil {
			return err
		}
	}
	return errors.Join(os.MkdirAll(filepath.Join(dir, "slack"), 0o755), os.MkdirAll(filepath.Join(dir, "mail"), 0o755))
}

// keep writes every message that people saw, so that it can be looked at: cards as
// Block Kit, mails as they came.
func (n *night) keep(_ context.Context, dir string) error {
	messages := 0
	save := func(folder string, list []slacktest.Message) error {
		for i, m := range list {
			messages++
			card, err := json.MarshalIndent(map[string]any{"channel": m.Channel, "ts": m.TS, "thread": m.Thread, "only_for": m.Only, "edits": m.Edits, "text": m.Text, "blocks": m.Blocks}, "", "  ")
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, "slack", fmt.Sprintf("%s-%03d.json", folder, i+1)), card, 0o600); err != nil {
				return err
			}
		}
		return nil
	}
	for _, channel := range n.slack.Channels() {
		name := channel.Name
		if channel.Direct {
			name = "direct-" + channel.With
		}
		if err := save(name, n.slack.Messages(channel.ID)); err != nil {
			return err
		}
	}
	for _, user := range n.users {
		if err := save("only-"+user, n.slack.Ephemerals(user, "")); err != nil {
			return err
		}
	}
	for i, one := range n.box.all() {
		if err := os.WriteFile(filepath.Join(dir, "mail", fmt.Sprintf("%03d.eml", i+1)), []byte(one.raw), 0o600); err != nil {
			return err
		}
	}
	n.t.title("%d messages of Slack and %d mails are in %s", messages, len(n.box.all()), dir)
	return nil
}

var codeForm = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}(?:-?[0-9A-HJKMNP-TV-Z]{4})+`)

// linkCode finds the code in the answer to /tocsin link.
func linkCode(m *slacktest.Message) string {
	if m == nil {
		return ""
	}
	return codeForm.FindString(m.Text + string(m.Blocks))
}

// plainText gives the text of a mail: its text part, decoded.
func plainText(raw string) string {
	parsed, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return raw
	}
	kind, params, _ := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if !strings.HasPrefix(kind, "multipart/") {
		return decoded(parsed.Header.Get("Content-Transfer-Encoding"), parsed.Body)
	}
	var all strings.Builder
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return all.String()
		}
		all.WriteString(decoded(part.Header.Get("Content-Transfer-Encoding"), part) + "\n")
	}
}

func decoded(encoding string, body io.Reader) string {
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return ""
	}
	return string(text)
}

// late is a yes of the lead after the end.
func late(a soar.Approval) cases.Case {
	return cases.Case{
		By: soar.Actor{Kind: soar.ActorPerson, ID: lead}, Roles: []soar.Role{soar.RoleSOCLead}, ApprovalID: a.ID, DecisionID: "late-answer", Approve: true,
		Digest: a.Digest, Reason: "sorry, was asleep",
	}
}
