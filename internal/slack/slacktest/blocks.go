package slacktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// fault is one thing that Slack would not take.
type fault struct{ word, text string }

func faultTexts(faults []fault) []string {
	out := make([]string, len(faults))
	for i, f := range faults {
		out[i] = "[ERROR] " + f.text
	}
	return out
}

// surface is where blocks stand.
type surface string

const (
	onMessage surface = "message"
	inModal   surface = "modal"
	onHome    surface = "home"
)

// Limits of Block Kit, in characters or pieces.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxAllText       = 13_200 // of a message; not documented, seen as msg_blocks_too_long
	maxID            = 255
	maxHeader        = 150
	maxSection       = 3000
	maxFields        = 10
	maxField         = 2000
	maxContext       = 10
	maxActions       = 25
	maxButton        = 75
	maxValue         = 2000
	maxURL           = 3000
	maxPlaceholder   = 150
	maxOptions       = 100
	maxChoices       = 10 // of checkboxes and radio buttons
	maxOptionText    = 75
	maxOptionValue   = 150
	maxLabel         = 2000
	maxInput         = 3000
	maxTitle         = 24
	maxPrivate       = 3000
)

// checker gathers faults.
type checker struct {
	faults []fault
	on     surface
	text   int             // characters in all
	ids    map[string]bool // block ids
	inputs int
}

type object = map[string]any

func (c *checker) fail(path, format string, values ...any) {
	c.faults = append(c.faults, fault{"invalid_blocks", fmt.Sprintf(format, values...) + " [json-pointer:" + path + "]"})
}

func checkBlocks(raw json.RawMessage, on surface) []fault {
	c := &checker{on: on, ids: map[string]bool{}}
	list, err := decode[[]any](raw)
	if err != nil {
		return []fault{{"invalid_blocks_format", err.Error()}}
	}
	c.blocks("/blocks", list)
	if on == onMessage && c.text > maxAllText && len(c.faults) == 0 {
		c.faults = append(c.faults, fault{"msg_blocks_too_long", fmt.Sprintf("the blocks have %d characters", c.text)})
	}
	return c.faults
}

func decode[T any](raw []byte) (T, error) {
	var out T
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	err := decoder.Decode(&out)
	return out, err
}

func (c *checker) blocks(path string, list []any) {
	most := maxMessageBlocks
	if c.on != onMessage {
		most = maxViewBlocks
	}
	if len(list) == 0 && c.on == inModal || len(list) > most {
		c.fail(path, "%d blocks, 1 to %d are allowed", len(list), most)
	}
	for i, item := range list {
		at := fmt.Sprintf("%s/%d", path, i)
		block, ok := item.(object)
		if !ok {
			c.fail(at, "a block is an object")
			continue
		}
		c.block(at, block)
	}
}

// keys refuses what Slack does not know at this place.
func (c *checker) keys(path string, o object, known ...string) {
	for key := range o {
		if !slices.Contains(known, key) {
			c.fail(path, "no more items than schema allows: %q", key)
		}
	}
}

func (c *checker) block(path string, block object) {
	if id, given := block["block_id"]; given {
		text, ok := id.(string)
		if !ok || text == "" || units(text) > maxID {
			c.fail(path+"/block_id", "a block_id has 1 to %d characters", maxID)
		}
		if c.ids[text] {
			c.fail(path+"/block_id", "duplicate block_id %q", text)
		}
		c.ids[text] = true
	}
	switch kind, _ := block["type"].(string); kind {
	case "divider":
		c.keys(path, block, "type", "block_id")
	case "header":
		c.keys(path, block, "type", "block_id", "text")
		c.textObject(path+"/text", block["text"], wanted{most: maxHeader, plain: true})
	case "section":
		c.section(path, block)
	case "context":
		c.context(path, block)
	case "actions":
		c.actions(path, block)
	case "input":
		c.input(path, block)
	default:
		c.fail(path+"/type", "unsupported type: %q", kind)
	}
}

func (c *checker) section(path string, block object) {
	c.keys(path, block, "type", "block_id", "text", "fields", "accessory", "expand")
	fields, _ := block["fields"].([]any)
	if block["text"] == nil && len(fields) == 0 {
		c.fail(path, "a section needs text or fields")
	}
	if block["text"] != nil {
		c.textObject(path+"/text", block["text"], wanted{most: maxSection})
	}
	if len(fields) > maxFields {
		c.fail(path+"/fields", "%d fields, at most %d", len(fields), maxFields)
	}
	for i, field := range fields {
		c.textObject(fmt.Sprintf("%s/fields/%d", path, i), field, wanted{most: maxField})
	}
	if accessory := block["accessory"]; accessory != nil {
		c.element(path+"/accessory", accessory, map[string]bool{})
	}
}

func (c *checker) context(path string, block object) {
	c.keys(path, block, "type", "block_id", "elements")
	elements, _ := block["elements"].([]any)
	if len(elements) == 0 || len(elements) > maxContext {
		c.fail(path+"/elements", "%d elements, 1 to %d are allowed", len(elements), maxContext)
	}
	for i, element := range elements {
		c.textObject(fmt.Sprintf("%s/elements/%d", path, i), element, wanted{most: maxSection})
	}
}

func (c *checker) actions(path string, block object) {
	c.keys(path, block, "type", "block_id", "elements")
	elements, _ := block["elements"].([]any)
	if len(elements) == 0 || len(elements) > maxActions {
		c.fail(path+"/elements", "%d elements, 1 to %d are allowed", len(elements), maxActions)
	}
	seen := map[string]bool{}
	for i, element := range elements {
		c.element(fmt.Sprintf("%s/elements/%d", path, i), element, seen)
	}
}

func (c *checker) input(path string, block object) {
	c.inputs++
	c.keys(path, block, "type", "block_id", "label", "element", "dispatch_action", "hint", "optional")
	c.textObject(path+"/label", block["label"], wanted{most: maxLabel, plain: true})
	if hint := block["hint"]; hint != nil {
		c.textObject(path+"/hint", hint, wanted{most: maxLabel, plain: true})
	}
	c.element(path+"/element", block["element"], map[string]bool{})
}

// wanted is what a text must be.
type wanted struct {
	most  int
	plain bool
}

func (c *checker) textObject(path string, value any, want wanted) {
	o, ok := value.(object)
	if !ok {
		c.fail(path, "must be a text object")
		return
	}
	c.keys(path, o, "type", "text", "emoji", "verbatim")
	kind, _ := o["type"].(string)
	text, _ := o["text"].(string)
	switch {
	case kind != "plain_text" && kind != "mrkdwn":
		c.fail(path+"/type", "unsupported type: %q", kind)
	case kind == "mrkdwn" && want.plain:
		c.fail(path+"/type", "must be plain_text")
	case kind == "mrkdwn" && o["emoji"] != nil, kind == "plain_text" && o["verbatim"] != nil:
		c.fail(path, "emoji is for plain_text and verbatim for mrkdwn")
	}
	c.length(path+"/text", text, want.most)
}

func (c *checker) length(path, text string, most int) {
	n := units(text)
	c.text += n
	if n == 0 || n > most {
		c.fail(path, "must be 1 to %d characters, has %d", most, n)
	}
}
