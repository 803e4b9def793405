package slacktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Submitted is what became of a modal that was sent.
type Submitted struct {
	Errors map[string]string // by block_id, shown beside the inputs
	Closed bool
	View   *View // what is shown now; nil when all are closed
}

// ErrNotFilled says that Slack itself does not let the modal be sent.
var ErrNotFilled = errors.New("slack: please complete this field")

// Submit has a user send the modal that lies on top. values holds what is written
// or chosen, by block_id: a string, or a list of strings where several may be chosen.
func (s *Slack) Submit(ctx context.Context, user, viewID string, values map[string]any) (Submitted, error) {
	s.mu.Lock()
	pile := s.views[user]
	if len(pile) == 0 || pile[len(pile)-1].ID != viewID {
		s.mu.Unlock()
		return Submitted{}, fmt.Errorf("slack: modal %s is not what %s sees", viewID, user)
	}
	view := pile[len(pile)-1]
	state, inputs, err := fill(view.Body, values)
	if err != nil {
		s.mu.Unlock()
		return Submitted{}, err
	}
	payload := s.interaction("view_submission", user)
	payload["view"] = s.shownView(view, state)
	payload["response_urls"] = []any{}
	s.mu.Unlock()
	body, err := s.deliver(ctx, envelope{"interactive", payload})
	if err != nil {
		return Submitted{}, err
	}
	return s.settle(user, view, body, inputs)
}

// settle does with the modals what the app answered.
func (s *Slack) settle(user string, view *View, body []byte, inputs []string) (Submitted, error) {
	var reply struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &reply); err != nil {
			return Submitted{}, fmt.Errorf("slack: the answer to a modal is no JSON: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch reply.Action {
	case "":
		s.views[user] = slices.DeleteFunc(s.views[user], func(v *View) bool { return v == view })
		return Submitted{Closed: true, View: s.top(user)}, nil
	case "clear":
		delete(s.views, user)
		return Submitted{Closed: true}, nil
	case "errors":
		for block := range reply.Errors {
			if !slices.Contains(inputs, block) {
				return Submitted{}, fmt.Errorf("slack: the answer has an error at %q, which is no input of the modal", block)
			}
		}
		if len(reply.Errors) == 0 {
			return Submitted{}, errors.New("slack: response_action errors without errors")
		}
		return Submitted{Errors: reply.Errors, View: s.top(user)}, nil
	case "update":
		if _, no := s.replace(view, reply.View); no != nil {
			return Submitted{}, no
		}
		return Submitted{View: s.top(user)}, nil
	case "push":
		next, no := s.readView(reply.View, "modal")
		if no == nil {
			_, no = s.push(user, next)
		}
		if no != nil {
			return Submitted{}, no
		}
		return Submitted{View: s.top(user)}, nil
	default:
		return Submitted{}, fmt.Errorf("slack: response_action %q is not known", reply.Action)
	}
}

func (s *Slack) top(user string) *View {
	pile := s.views[user]
	if len(pile) == 0 {
		return nil
	}
	copied := *pile[len(pile)-1]
	return &copied
}

// fill writes into the inputs what a person could, and gives Slack's state.
func fill(body json.RawMessage, values map[string]any) (state map[string]any, inputs []string, err error) {
	view, err := decode[object](body)
	if err != nil {
		return nil, nil, err
	}
	state = map[string]any{}
	list, _ := view["blocks"].([]any)
	for _, item := range list {
		block, _ := item.(object)
		if block["type"] != "input" {
			continue
		}
		id, _ := block["block_id"].(string)
		inputs = append(inputs, id)
		element, _ := block["element"].(object)
		value, given := values[id]
		if !given && block["optional"] != true && element["initial_value"] == nil && element["initial_option"] == nil {
			return nil, nil, fmt.Errorf("%w: %s", ErrNotFilled, id)
		}
		filled, err := write(element, value, given)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", id, err)
		}
		action, _ := element["action_id"].(string)
		state[id] = object{action: filled}
	}
	for id := range values {
		if !slices.Contains(inputs, id) {
			return nil, nil, fmt.Errorf("slack: the modal has no input %q, it has %q", id, inputs)
		}
	}
	return state, inputs, nil
}

// write gives the state of one element.
func write(element object, value any, given bool) (object, error) {
	kind, _ := element["type"].(string)
	out := object{"type": kind}
	text, _ := value.(string)
	switch kind {
	case "plain_text_input", "number_input", "email_text_input", "url_text_input":
		if !given {
			out["value"] = element["initial_value"]
			return out, nil
		}
		out["value"] = text
		return out, fits(element, kind, text)
	case "static_select", "radio_buttons":
		if !given {
			out["selected_option"] = element["initial_option"]
			return out, nil
		}
		option, err := choose(element, text)
		out["selected_option"] = option
		return out, err
	case "multi_static_select", "checkboxes":
		several, _ := value.([]string)
		chosen := []any{}
		for _, one := range several {
			option, err := choose(element, one)
			if err != nil {
				return nil, err
			}
			chosen = append(chosen, option)
		}
		out["selected_options"] = chosen
		return out, nil
	}
	return pick(out, kind, text, given)
}

// pick gives the state of what is picked: a date, a time, a user.
func pick(out object, kind, text string, given bool) (object, error) {
	key, ok := map[string]string{"datepicker": "selected_date", "timepicker": "selected_time", "users_select": "selected_user", "datetimepicker": "selected_date_time"}[kind]
	if !ok {
		return nil, fmt.Errorf("slack: the fake cannot fill in a %s", kind)
	}
	out[key] = nil
	if given {
		out[key] = text
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && kind == "datetimepicker" {
		out[key] = n
	}
	return out, nil
}

// fits tells whether Slack would let the text be sent.
func fits(element object, kind, text string) error {
	if most, ok := element["max_length"].(json.Number); ok {
		if n, _ := most.Int64(); int64(units(text)) > n {
			return fmt.Errorf("%w: at most %d characters", ErrNotFilled, n)
		}
	}
	if least, ok := element["min_length"].(json.Number); ok {
		if n, _ := least.Int64(); int64(units(text)) < n {
			return fmt.Errorf("%w: at least %d characters", ErrNotFilled, n)
		}
	}
	if kind != "number_input" {
		return nil
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return fmt.Errorf("%w: this is no number", ErrNotFilled)
	}
	return nil
}

func choose(element object, value string) (object, error) {
	list, _ := element["options"].([]any)
	for _, item := range list {
		if option, _ := item.(object); option["value"] == value {
			return option, nil
		}
	}
	return nil, fmt.Errorf("slack: %q is not among the options", value)
}

// Dismiss has a user close all modals that he has open.
func (s *Slack) Dismiss(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.views, user)
}
