package card

import (
	"encoding/json"
	"strings"

	"github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Limits of Block Kit, in characters or pieces.
const (
	maxBlocks      = 50  // of a message
	maxViewBlocks  = 100 // of a modal or home
	maxHeader      = 150
	maxSection     = 3000
	maxFields      = 10
	maxField       = 2000
	maxContext     = 10
	maxButtons     = 25
	maxButton      = 75
	maxValue       = 2000
	maxActionID    = 255
	maxLabel       = 2000
	maxHint        = 2000
	maxPlaceholder = 150
	maxOptions     = 100
	maxChecks      = 10
	maxOption      = 75
	maxOptionValue = 150
	maxTitle       = 24
	maxMetadata    = 3000
	maxFallback    = 3000 // of a message's text; Slack cuts at 40,000, a notification needs less
	maxInput       = 3000
	maxError       = 300 // of one field of a modal; not documented
)

// Budgets of characters as JSON. Slack refuses messages of more than about 13,200
// characters, which it does not document.
const (
	messageUnits = 11_500 // up to which a page is filled
	mostUnits    = 12_500 // with a line that says that there is more
	viewUnits    = 40_000
)

// Message is what goes into a channel. Text is what notifications and screen
// readers give: cleaned, to be escaped by who sends it.
type Message struct {
	Text   string        `json:"text"`
	Blocks []slack.Block `json:"blocks"`
}

// page collects blocks within the limits. What must stand at the end is reserved
// from the start.
type page struct {
	blocks []slack.Block
	tail   []slack.Block
	count  int // blocks that may still come
	units  int // characters that they may have
}

func newPage(count, room int, tail ...slack.Block) *page {
	p := &page{tail: tail, count: count - len(tail), units: room}
	for _, block := range tail {
		p.units -= size(block)
	}
	return p
}

func message(tail ...slack.Block) *page { return newPage(maxBlocks, messageUnits, tail...) }
func view(tail ...slack.Block) *page    { return newPage(maxViewBlocks, viewUnits, tail...) }

// add takes all of the blocks or, when they do not fit, none.
func (p *page) add(blocks ...slack.Block) bool {
	need := 0
	for _, block := range blocks {
		need += size(block)
	}
	if len(blocks) > p.count || need > p.units {
		return false
	}
	p.count, p.units = p.count-len(blocks), p.units-need
	p.blocks = append(p.blocks, blocks...)
	return true
}

// all gives the blocks, the reserved ones last.
func (p *page) all() []slack.Block { return append(p.blocks, p.tail...) }

func size(block slack.Block) int {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(block); err != nil {
		return viewUnits + 1 // never fits; our blocks always marshal
	}
	return units(out.String())
}

func header(text string) slack.Block {
	return slack.NewHeaderBlock(plain(text, maxHeader))
}

func section(text *slack.TextBlockObject) slack.Block { return slack.NewSectionBlock(text, nil, nil) }

func say(text own) slack.Block { return section(mark(text)) }

func note(texts ...*slack.TextBlockObject) slack.Block {
	elements := make([]slack.MixedElement, 0, len(texts))
	for _, text := range texts {
		elements = append(elements, text)
	}
	return slack.NewContextBlock("", elements[:min(len(elements), maxContext)]...)
}

// pair is a label of ours and a value of anybody's, side by side.
type pair struct {
	label own
	value *slack.TextBlockObject
}

// pairs shows up to five of them; those without a value are left out.
func pairs(list ...pair) slack.Block {
	var fields []*slack.TextBlockObject
	for _, p := range list {
		if p.value != nil {
			fields = append(fields, mark("*"+p.label+"*"), p.value)
		}
	}
	return slack.NewSectionBlock(nil, fields[:min(len(fields), maxFields)], nil)
}

// some shows a value, or nothing when there is none.
func some(text string, limit int) *slack.TextBlockObject {
	if Clean(text) == "" {
		return nil
	}
	return plain(text, limit)
}

func button(verb, label string, ref Ref, style slack.Style) *slack.ButtonBlockElement {
	made := slack.NewButtonBlockElement(verb, ref.String(), object(label))
	made.Style = style
	return made
}

func buttons(list ...slack.BlockElement) slack.Block { return slack.NewActionBlock("", list...) }

// secret tells whether what is in an incident may not stand in a shared channel.
func secret(incident soar.Incident) bool { return incident.TLP == soar.TLPRed }
