package slacktest

import (
	"encoding/json"
	"fmt"
)

func (c *checker) element(path string, value any, seen map[string]bool) {
	o, ok := value.(object)
	if !ok {
		c.fail(path, "must be an element")
		return
	}
	if id, given := o["action_id"]; given {
		text, ok := id.(string)
		if !ok || text == "" || units(text) > maxID {
			c.fail(path+"/action_id", "an action_id has 1 to %d characters", maxID)
		}
		if seen[text] {
			c.fail(path+"/action_id", "action_id %q is there twice in the block", text)
		}
		seen[text] = true
	}
	if o["placeholder"] != nil {
		c.textObject(path+"/placeholder", o["placeholder"], wanted{most: maxPlaceholder, plain: true})
	}
	if o["confirm"] != nil {
		c.confirm(path+"/confirm", o["confirm"])
	}
	switch kind, _ := o["type"].(string); kind {
	case "button":
		c.button(path, o)
	case "static_select", "multi_static_select":
		c.keys(path, o, "type", "action_id", "placeholder", "options", "option_groups", "initial_option", "initial_options", "confirm", "max_selected_items", "focus_on_load")
		c.options(path+"/options", o["options"], maxOptions)
	case "overflow":
		c.keys(path, o, "type", "action_id", "options", "confirm")
		c.options(path+"/options", o["options"], 5)
	case "checkboxes", "radio_buttons":
		c.keys(path, o, "type", "action_id", "options", "initial_option", "initial_options", "confirm", "focus_on_load")
		c.options(path+"/options", o["options"], maxChoices)
	case "plain_text_input", "number_input", "email_text_input", "url_text_input":
		c.typed(path, o)
	case "datepicker", "timepicker", "datetimepicker", "users_select", "multi_users_select", "conversations_select":
		// Their own keys are few; what matters is checked above.
	default:
		c.fail(path+"/type", "unsupported type: %q", kind)
	}
}

func (c *checker) button(path string, o object) {
	c.keys(path, o, "type", "action_id", "text", "url", "value", "style", "confirm", "accessibility_label")
	c.textObject(path+"/text", o["text"], wanted{most: maxButton, plain: true})
	if value, given := o["value"]; given {
		text, _ := value.(string)
		if text == "" || units(text) > maxValue {
			c.fail(path+"/value", "must be 1 to %d characters", maxValue)
		}
	}
	if address, given := o["url"]; given {
		text, _ := address.(string)
		if text == "" || units(text) > maxURL {
			c.fail(path+"/url", "must be 1 to %d characters", maxURL)
		}
	}
	if style, given := o["style"]; given && style != "primary" && style != "danger" {
		c.fail(path+"/style", "a style is primary or danger")
	}
}

func (c *checker) options(path string, value any, most int) {
	list, _ := value.([]any)
	if len(list) == 0 || len(list) > most {
		c.fail(path, "%d options, 1 to %d are allowed", len(list), most)
	}
	for i, item := range list {
		at := fmt.Sprintf("%s/%d", path, i)
		option, ok := item.(object)
		if !ok {
			c.fail(at, "an option is an object")
			continue
		}
		c.keys(at, option, "text", "value", "description", "url")
		c.textObject(at+"/text", option["text"], wanted{most: maxOptionText})
		text, _ := option["value"].(string)
		if text == "" || units(text) > maxOptionValue {
			c.fail(at+"/value", "must be 1 to %d characters", maxOptionValue)
		}
		if option["description"] != nil {
			c.textObject(at+"/description", option["description"], wanted{most: maxOptionText})
		}
	}
}

func (c *checker) typed(path string, o object) {
	if o["type"] == "number_input" && o["is_decimal_allowed"] == nil {
		c.fail(path, "is_decimal_allowed is missing")
	}
	if text, _ := o["initial_value"].(string); units(text) > maxInput {
		c.fail(path+"/initial_value", "at most %d characters", maxInput)
	}
	for _, key := range []string{"min_length", "max_length"} {
		if number, given := o[key].(json.Number); given {
			n, err := number.Int64()
			if err != nil || n < 0 || n > maxInput || key == "max_length" && n == 0 {
				c.fail(path+"/"+key, "must be 1 to %d", maxInput)
			}
		}
	}
}

func (c *checker) confirm(path string, value any) {
	o, ok := value.(object)
	if !ok {
		c.fail(path, "must be an object")
		return
	}
	c.keys(path, o, "title", "text", "confirm", "deny", "style")
	c.textObject(path+"/title", o["title"], wanted{most: 100, plain: true})
	c.textObject(path+"/text", o["text"], wanted{most: 300, plain: true})
	c.textObject(path+"/confirm", o["confirm"], wanted{most: 30, plain: true})
	c.textObject(path+"/deny", o["deny"], wanted{most: 30, plain: true})
}

// checkView looks at a modal or an App Home.
func checkView(raw json.RawMessage, kind string) []fault {
	view, err := decode[object](raw)
	if err != nil || view == nil {
		return []fault{{"invalid_arguments", "the view is no object"}}
	}
	c := &checker{on: surface(kind), ids: map[string]bool{}}
	if view["type"] != kind {
		c.fail("/view/type", "must be %s", kind)
	}
	c.keys("/view", view, "type", "title", "blocks", "close", "submit", "private_metadata", "callback_id", "clear_on_close", "notify_on_close", "external_id", "submit_disabled")
	for _, key := range []string{"title", "submit", "close"} {
		switch {
		case view[key] != nil && kind == "home":
			c.fail("/view/"+key, "a home has none")
		case view[key] != nil:
			c.textObject("/view/"+key, view[key], wanted{most: maxTitle, plain: true})
		case key == "title" && kind == "modal":
			c.fail("/view/title", "a modal needs a title")
		}
	}
	for key, most := range map[string]int{"private_metadata": maxPrivate, "callback_id": maxID, "external_id": maxID} {
		if text, _ := view[key].(string); units(text) > most {
			c.fail("/view/"+key, "at most %d characters", most)
		}
	}
	list, _ := view["blocks"].([]any)
	c.blocks("/view/blocks", list)
	if kind == "modal" && c.inputs > 0 && view["submit"] == nil {
		c.fail("/view/submit", "a modal with inputs needs submit")
	}
	return c.faults
}
