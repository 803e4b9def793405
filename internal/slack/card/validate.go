package card

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/slack-go/slack"
)

// Validate tells what Slack would refuse of a message, all of it, nil for nothing.
func Validate(m Message) error {
	check := checker{most: maxBlocks, total: mostUnits}
	if m.Text == "" || units(m.Text) > maxFallback {
		check.fault("text", "has %d characters, wants 1 to %d", units(m.Text), maxFallback)
	}
	return check.blocks(m.Blocks)
}

// ValidateModal tells what Slack would refuse of a modal.
func ValidateModal(m slack.ModalViewRequest) error {
	check := checker{most: maxViewBlocks, total: viewUnits, inputs: true}
	for name, text := range map[string]*slack.TextBlockObject{"title": m.Title, "close": m.Close, "submit": m.Submit} {
		if text != nil {
			check.text(name, text, maxTitle, slack.PlainTextType)
		}
	}
	if m.Title == nil {
		check.fault("title", "is missing")
	}
	if len(m.PrivateMetadata) > maxMetadata {
		check.fault("private_metadata", "has %d characters, at most %d", len(m.PrivateMetadata), maxMetadata)
	}
	if m.CallbackID == "" || len(m.CallbackID) > maxActionID {
		check.fault("callback_id", "has %d characters, wants 1 to %d", len(m.CallbackID), maxActionID)
	}
	if m.Submit == nil && slices.ContainsFunc(m.Blocks.BlockSet, func(b slack.Block) bool { return b.BlockType() == slack.MBTInput }) {
		check.fault("submit", "is missing beside inputs")
	}
	return check.blocks(m.Blocks.BlockSet)
}

// ValidateHome tells what Slack would refuse of a home tab.
func ValidateHome(h slack.HomeTabViewRequest) error {
	check := checker{most: maxViewBlocks, total: viewUnits, inputs: true}
	return check.blocks(h.Blocks.BlockSet)
}

// checker collects faults.
type checker struct {
	most, total int
	inputs      bool // input blocks may be there
	ids         map[string]bool
	faults      []error
}

func (c *checker) fault(at, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s "+format, append([]any{at}, args...)...))
}

func (c *checker) blocks(list []slack.Block) error {
	c.ids = map[string]bool{}
	if len(list) == 0 || len(list) > c.most {
		c.fault("blocks", "are %d, wants 1 to %d", len(list), c.most)
	}
	total := 0
	for i, block := range list {
		at := fmt.Sprintf("blocks[%d]", i)
		total += size(block)
		if id := block.ID(); id != "" && (c.ids[id] || len(id) > maxActionID) {
			c.fault(at, "repeats the block_id %q, or it is too long", id)
		}
		c.ids[block.ID()] = true
		c.block(at, block)
	}
	if total > c.total {
		c.fault("blocks", "have %d characters, at most %d", total, c.total)
	}
	return errors.Join(c.faults...)
}

func (c *checker) block(at string, block slack.Block) {
	switch b := block.(type) {
	case *slack.HeaderBlock:
		c.text(at, b.Text, maxHeader, slack.PlainTextType)
	case *slack.SectionBlock:
		c.section(at, b)
	case *slack.ContextBlock:
		c.context(at, b)
	case *slack.ActionBlock:
		if n := len(b.Elements.ElementSet); n == 0 || n > maxButtons {
			c.fault(at, "has %d elements, wants 1 to %d", n, maxButtons)
		}
		actions := map[string]bool{}
		for _, element := range b.Elements.ElementSet {
			c.element(at, element)
			if pressed, ok := element.(*slack.ButtonBlockElement); ok {
				if actions[pressed.ActionID] {
					c.fault(at, "repeats the action_id %q", pressed.ActionID)
				}
				actions[pressed.ActionID] = true
			}
		}
	case *slack.InputBlock:
		if !c.inputs {
			c.fault(at, "is an input outside a view")
		}
		c.text(at+".label", b.Label, maxLabel, slack.PlainTextType)
		if b.Hint != nil {
			c.text(at+".hint", b.Hint, maxHint, slack.PlainTextType)
		}
		c.element(at, b.Element)
	case *slack.DividerBlock:
	default:
		c.fault(at, "is a %T, which no card has", block)
	}
}

func (c *checker) section(at string, b *slack.SectionBlock) {
	if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > maxFields {
		c.fault(at, "has no text and %d fields", len(b.Fields))
	}
	if b.Text != nil {
		c.text(at, b.Text, maxSection, "")
	}
	for _, field := range b.Fields {
		c.text(at+".fields", field, maxField, "")
	}
	if b.Accessory != nil {
		c.element(at, b.Accessory.ButtonElement)
	}
}

func (c *checker) context(at string, b *slack.ContextBlock) {
	if n := len(b.ContextElements.Elements); n == 0 || n > maxContext {
		c.fault(at, "has %d elements, wants 1 to %d", n, maxContext)
	}
	for _, element := range b.ContextElements.Elements {
		if text, ok := element.(*slack.TextBlockObject); ok {
			c.text(at, text, maxField, "")
		} else {
			c.fault(at, "holds a %T", element)
		}
	}
}

// text checks one text object; kind "" leaves both.
func (c *checker) text(at string, t *slack.TextBlockObject, most int, kind string) {
	switch {
	case t == nil:
		c.fault(at, "has no text")
	case t.Type != slack.PlainTextType && t.Type != slack.MarkdownType || kind != "" && t.Type != kind:
		c.fault(at, "is %s", t.Type)
	case t.Text == "" || units(t.Text) > most:
		c.fault(at, "has %d characters, wants 1 to %d", units(t.Text), most)
	case t.Type == slack.MarkdownType && t.Emoji != nil:
		c.fault(at, "is mrkdwn with emoji set")
	}
}

func (c *checker) element(at string, element slack.BlockElement) {
	switch e := element.(type) {
	case *slack.ButtonBlockElement:
		c.text(at+".button", e.Text, maxButton, slack.PlainTextType)
		if e.ActionID == "" || len(e.ActionID) > maxActionID || units(e.Value) > maxValue || len(e.URL) > 3000 {
			c.fault(at, "has a button whose id, value or url is out of bounds")
		}
	case *slack.SelectBlockElement:
		c.options(at, e.Options, maxOptions)
		c.placeholder(at, e.Placeholder)
	case *slack.MultiSelectBlockElement:
		c.options(at, e.Options, maxOptions)
		c.placeholder(at, e.Placeholder)
	case *slack.RadioButtonsBlockElement:
		c.options(at, e.Options, maxChecks)
	case *slack.PlainTextInputBlockElement:
		if e.MaxLength < 1 || e.MaxLength > maxInput || e.MinLength > e.MaxLength || units(e.InitialValue) > e.MaxLength {
			c.fault(at, "takes %d to %d characters, from 1 to %d may be", e.MinLength, e.MaxLength, maxInput)
		}
	case *slack.NumberInputBlockElement, *slack.DatePickerBlockElement, *slack.DateTimePickerBlockElement:
	default:
		c.fault(at, "holds a %T, which no card has", element)
	}
}

func (c *checker) placeholder(at string, t *slack.TextBlockObject) {
	if t != nil {
		c.text(at+".placeholder", t, maxPlaceholder, slack.PlainTextType)
	}
}

func (c *checker) options(at string, list []*slack.OptionBlockObject, most int) {
	if len(list) == 0 || len(list) > most {
		c.fault(at, "has %d options, wants 1 to %d", len(list), most)
	}
	seen := map[string]bool{}
	for _, o := range list {
		c.text(at+".option", o.Text, maxOption, "")
		if o.Value == "" || len(o.Value) > maxOptionValue || seen[o.Value] {
			c.fault(at, "has an option whose value %.20q is empty, too long or there twice", o.Value)
		}
		seen[o.Value] = true
	}
}

// JSON gives a message, modal or home as Slack's Block Kit Builder takes it.
func JSON(shown any) ([]byte, error) { return json.MarshalIndent(shown, "", "  ") }
