package teams

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// messageMost is the longest message in bytes; Teams takes 28 KB with what it adds.
const messageMost = 24 << 10

const cut = "[cut: too long for Teams]"

var (
	wwwForm = regexp.MustCompile(`(?i)\b(www)\.`)
	tagForm = regexp.MustCompile(`(?i)<(/?at)\b`)
)

// envelope is what the trigger of a workflow takes.
type envelope struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Content     card   `json:"content"`
}

type card struct {
	Schema  string         `json:"$schema"`
	Type    string         `json:"type"`
	Version string         `json:"version"`
	Body    []any          `json:"body"`
	Teams   map[string]any `json:"msteams"`
}

// container holds the head of a card.
type container struct {
	Type  string `json:"type"`
	Style string `json:"style"`
	Items []any  `json:"items"`
}

// block is a line of text. It knows no Markdown, unlike TextBlock and FactSet.
type block struct {
	Type    string `json:"type"`
	Spacing string `json:"spacing"`
	Inlines []run  `json:"inlines"`
}

type run struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Weight string `json:"weight,omitempty"`
	Size   string `json:"size,omitempty"`
}

// Body writes the body of a request with the arguments of post, at most messageMost
// bytes long.
func Body(args map[string]any) ([]byte, error) {
	title, _ := args["title"].(string)
	text, _ := args["text"].(string)
	label, _ := args["label"].(string)
	urgent, _ := args["urgent"].(bool)
	head := container{Type: "Container", Style: "emphasis"}
	if urgent {
		head.Style = "attention"
	}
	if label = plain(oneLine(label)); label != "" {
		head.Items = append(head.Items, line(run{Text: label, Weight: "bolder"}))
	}
	head.Items = append(head.Items, line(run{Text: plain(oneLine(title)), Weight: "bolder", Size: "medium"}))
	shown := card{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.2", Body: []any{head}, Teams: map[string]any{"width": "Full"},
	}
	bare, err := encode(shown)
	if err != nil {
		return nil, err
	}
	left := messageMost - len(bare) - 200 // for the line that says it was cut
	for text := range strings.SplitSeq(strings.TrimRight(plain(text), "\n"), "\n") {
		if text == "" {
			text = " " // a run must not be empty
		}
		one := line(run{Text: text})
		size, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		if left -= len(size) + 1; left < 0 {
			shown.Body = append(shown.Body, line(run{Text: cut}))
			break
		}
		shown.Body = append(shown.Body, one)
	}
	return encode(shown)
}

func encode(shown card) ([]byte, error) {
	return json.Marshal(envelope{Type: "message", Attachments: []attachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: shown}}})
}

func line(r run) block {
	r.Type = "TextRun"
	return block{Type: "RichTextBlock", Spacing: "None", Inlines: []run{r}}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// plain takes out what is not seen or turns the direction, and breaks up what a
// program would act on: the card's functions, addresses, mentions.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.In(r, unicode.Zl, unicode.Zp):
			return '\n'
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	for range 2 { // three in a row need it twice
		text = strings.NewReplacer("{{", "{ {", "}}", "} }", "${", "$ {", "@{", "@ {", "://", "[:]//").Replace(text)
	}
	return tagForm.ReplaceAllString(wwwForm.ReplaceAllString(text, "$1[.]"), "< $1")
}
