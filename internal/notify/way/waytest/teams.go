package waytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// teamsMost is how long a message may be, in bytes.
const teamsMost = 28 << 10

// Teams is a workflow with the trigger "When a Teams webhook request is received".
type Teams struct{ door }

// Signature is the secret in the fake's address.
const Signature = "s3cret-signature_of-the-workflow"

// NewTeams starts one.
func NewTeams(t testing.TB) *Teams {
	t.Helper()
	f := &Teams{}
	f.open(t, func(r *http.Request, body []byte) (int, any, error) {
		switch {
		case r.Method != http.MethodPost || r.URL.Path != "/workflows/0a1b/triggers/manual/paths/invoke":
			return http.StatusNotFound, nil, fmt.Errorf("%s %s", r.Method, r.URL.Path)
		case r.URL.Query().Get("sig") != Signature || r.URL.Query().Get("sp") != "/triggers/manual/run":
			return http.StatusUnauthorized, nil, errors.New("the signature of the address is wrong")
		case r.Header.Get("Content-Type") != "application/json":
			return http.StatusUnsupportedMediaType, nil, fmt.Errorf("content type %q", r.Header.Get("Content-Type"))
		case len(body) > teamsMost:
			return http.StatusRequestEntityTooLarge, nil, fmt.Errorf("%d bytes", len(body))
		}
		if _, err := ReadTeams(body); err != nil {
			return http.StatusBadRequest, nil, err
		}
		return http.StatusAccepted, nil, nil
	})
	f.URL += "/workflows/0a1b/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=" + Signature
	return f
}

// Element is an element of an Adaptive Card, of those that a card of plain text needs.
type Element struct {
	Type    string            `json:"type"`
	Style   string            `json:"style"`
	Spacing string            `json:"spacing"`
	Items   []json.RawMessage `json:"items"`
	Inlines []Run             `json:"inlines"`
}

// Run is a piece of text without Markdown.
type Run struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Weight string `json:"weight"`
	Size   string `json:"size"`
}

// ReadTeams reads a message as the schema of Adaptive Cards 1.2 has it, and gives its
// lines of text. An element that reads Markdown, or acts, is an error.
func ReadTeams(body []byte) (lines []string, err error) {
	var message struct {
		Type        string `json:"type"`
		Attachments []struct {
			ContentType string `json:"contentType"`
			Content     struct {
				Schema  string            `json:"$schema"`
				Type    string            `json:"type"`
				Version string            `json:"version"`
				Body    []json.RawMessage `json:"body"`
				Teams   struct {
					Width string `json:"width"`
				} `json:"msteams"`
			} `json:"content"`
		} `json:"attachments"`
	}
	if err := strict(body, &message); err != nil {
		return nil, err
	}
	if message.Type != "message" || len(message.Attachments) != 1 {
		return nil, fmt.Errorf("type %q, %d attachments", message.Type, len(message.Attachments))
	}
	one := message.Attachments[0]
	if one.ContentType != "application/vnd.microsoft.card.adaptive" || one.Content.Type != "AdaptiveCard" || one.Content.Version != "1.2" {
		return nil, fmt.Errorf("%q with a %q of version %q", one.ContentType, one.Content.Type, one.Content.Version)
	}
	return elements(one.Content.Body)
}

func elements(list []json.RawMessage) (lines []string, err error) {
	if len(list) == 0 {
		return nil, errors.New("a card or container without items")
	}
	for _, raw := range list {
		var e Element
		if err := strict(raw, &e); err != nil {
			return nil, err
		}
		switch e.Type {
		case "Container":
			if !slices.Contains([]string{"default", "emphasis", "good", "attention", "warning", "accent"}, e.Style) {
				return nil, fmt.Errorf("style %q", e.Style)
			}
			inner, err := elements(e.Items)
			if err != nil {
				return nil, err
			}
			lines = append(lines, inner...)
		case "RichTextBlock":
			if len(e.Inlines) != 1 || e.Inlines[0].Type != "TextRun" || e.Inlines[0].Text == "" {
				return nil, fmt.Errorf("inlines %+v", e.Inlines)
			}
			lines = append(lines, e.Inlines[0].Text)
		default:
			return nil, fmt.Errorf("%s reads markup, or acts", e.Type)
		}
	}
	return lines, nil
}
