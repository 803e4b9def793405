package card

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/diag/misfit"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// maxFormFields leaves room for what stands above a form.
const maxFormFields = 90

// fieldKind is how one property is asked for.
type fieldKind int

const (
	textField fieldKind = iota
	numberField
	integerField
	choiceField // one of an enum
	choicesField
	dateField
	instantField // a date with its time
	linesField   // a list of texts, one a line
)

// Form is a task's form as Slack can ask for it.
type Form struct{ fields []field }

type field struct {
	id       string // of the block
	name     string // the property
	label    string
	hint     string
	kind     fieldKind
	required bool
	options  []any // of a choice, as the schema has them
	schema   map[string]any
}

// ReadForm makes a form out of a JSON Schema: an object whose properties are text,
// numbers, yes or no, a date, one or several of a list, or lines of text. Anything
// else is invalid, with the property that Slack has no input for.
func ReadForm(schema map[string]any) (Form, error) {
	const op = "card.ReadForm"
	if kind := schema["type"]; len(schema) > 0 && kind != nil && kind != "object" {
		return Form{}, soar.Errorf(soar.CodeInvalid, op, "the form is no object, so Slack cannot show it")
	}
	properties, ok := schema["properties"].(map[string]any)
	if _, any := schema["properties"]; any && !ok {
		return Form{}, soar.Errorf(soar.CodeInvalid, op, "the form's properties cannot be read, so Slack cannot show it")
	}
	if len(properties) > maxFormFields {
		return Form{}, soar.Errorf(soar.CodeInvalid, op, "the form has %d fields, Slack shows %d", len(properties), maxFormFields)
	}
	for _, word := range []string{"oneOf", "anyOf", "allOf", "not", "if", "$ref", "patternProperties", "dependentRequired", "dependentSchemas"} {
		if _, there := schema[word]; there {
			return Form{}, soar.Errorf(soar.CodeInvalid, op, "the form uses %s, which Slack cannot show", word)
		}
	}
	required := texts(schema["required"])
	var form Form
	for _, property := range ordered(properties, required) {
		made, err := readField(property, properties[property])
		if err != nil {
			return Form{}, err
		}
		made.id, made.required = "f"+strconv.Itoa(len(form.fields)), slices.Contains(required, property)
		form.fields = append(form.fields, made)
	}
	for _, property := range required {
		if _, there := properties[property]; !there {
			return Form{}, soar.Errorf(soar.CodeInvalid, op, "the form demands %s and does not say what that is, so Slack cannot show it", Clean(property))
		}
	}
	return form, nil
}

// ordered gives the required properties in their order, then the others by name.
func ordered(properties map[string]any, required []string) []string {
	names := slices.Sorted(maps.Keys(properties))
	place := func(name string) int {
		if at := slices.Index(required, name); at >= 0 {
			return at
		}
		return len(required)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return names
}

func readField(name string, raw any) (field, error) {
	schema, _ := raw.(map[string]any)
	title, _ := schema["title"].(string)
	hint, _ := schema["description"].(string)
	made := field{name: name, label: cmp.Or(title, name), hint: hint, schema: schema}
	switch enum, listed := schema["enum"].([]any); {
	case listed:
		made.kind, made.options = choiceField, enum
	case schema["type"] == "string" && schema["format"] == "date":
		made.kind = dateField
	case schema["type"] == "string" && schema["format"] == "date-time":
		made.kind = instantField
	case schema["type"] == "string":
		made.kind = textField
	case schema["type"] == "number":
		made.kind = numberField
	case schema["type"] == "integer":
		made.kind = integerField
	case schema["type"] == "boolean":
		made.kind, made.options = choiceField, []any{true, false}
	case schema["type"] == "array":
		items, _ := schema["items"].(map[string]any)
		if enum, listed := items["enum"].([]any); listed {
			made.kind, made.options = choicesField, enum
		} else if items["type"] == "string" {
			made.kind = linesField
		} else {
			return field{}, cannotShow(name, "its items are neither text nor of a list")
		}
	default:
		return field{}, cannotShow(name, "it is "+value(schema["type"]))
	}
	return made, checkOptions(made)
}

func checkOptions(made field) error {
	if made.kind != choiceField && made.kind != choicesField {
		return nil
	}
	if len(made.options) == 0 || len(made.options) > maxOptions {
		return cannotShow(made.name, fmt.Sprintf("it has %d choices, Slack takes 1 to %d", len(made.options), maxOptions))
	}
	for _, choice := range made.options {
		if units(Clean(choiceText(choice))) > maxOption {
			return cannotShow(made.name, fmt.Sprintf("a choice has more than %d characters", maxOption))
		}
	}
	return nil
}

func cannotShow(name, why string) error {
	return soar.Errorf(soar.CodeInvalid, "card.ReadForm", "Slack cannot show the field %s: %s", Clean(name), Clean(why))
}

func choiceText(choice any) string {
	switch choice {
	case true:
		return "Yes"
	case false:
		return "No"
	default:
		return value(choice)
	}
}

// blocks gives the inputs.
func (f Form) blocks() []slack.Block {
	out := make([]slack.Block, len(f.fields))
	for i, asked := range f.fields {
		out[i] = input(asked.id, plain(asked.label, 150), asked.element(), asked.hint).WithOptional(!asked.required)
	}
	return out
}

func (f field) element() slack.BlockElement {
	preset, _ := f.schema["default"].(string)
	switch f.kind {
	case numberField, integerField:
		made := slack.NewNumberInputBlockElement(nil, Entry, f.kind == numberField)
		made.MinValue, made.MaxValue = f.number("minimum"), f.number("maximum")
		return made
	case choiceField:
		made := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, object("Choose"), Entry, f.choices()...)
		preset, some := f.schema["default"]
		for i, choice := range f.options {
			if some && choiceText(choice) == choiceText(preset) {
				made.InitialOption = made.Options[i]
			}
		}
		return made
	case choicesField:
		return slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, object("Choose"), Entry, f.choices()...)
	case dateField:
		made := slack.NewDatePickerBlockElement(Entry)
		if _, err := time.Parse(time.DateOnly, preset); err == nil {
			made.InitialDate = preset
		}
		return made
	case instantField:
		return slack.NewDateTimePickerBlockElement(Entry)
	case linesField:
		return area(maxInput)
	default:
		made := slack.NewPlainTextInputBlockElement(nil, Entry)
		made.Multiline, made.MaxLength = true, maxInput
		if shown, whole := cut(preset, maxInput); whole {
			made.InitialValue = shown
		}
		return made
	}
}

// number gives a bound for Slack to check; a bound of another form is checked by us alone.
func (f field) number(word string) string {
	raw, err := json.Marshal(f.schema[word])
	if _, bad := strconv.ParseInt(string(raw), 10, 32); err != nil || bad != nil {
		return ""
	}
	return string(raw)
}

func (f field) choices() []*slack.OptionBlockObject {
	out := make([]*slack.OptionBlockObject, len(f.options))
	for i, choice := range f.options {
		out[i] = option(strconv.Itoa(i), choiceText(choice))
	}
	return out
}

// Given is what stands in one input of a submitted modal: what was written, or the
// date or number as Slack writes it; the values of the options that were chosen.
type Given struct {
	Text    string
	Options []string
}

// Values are the inputs of a submitted modal, by block.
type Values map[string]Given

// Read gives the answer that was submitted, or what is wrong with it by block.
// Fields that were left empty are not in the answer.
func (f Form) Read(values Values) (answer map[string]any, faults map[string]string) {
	answer, faults = map[string]any{}, map[string]string{}
	for _, asked := range f.fields {
		given, problem := asked.read(values[asked.id])
		switch {
		case problem != "":
			faults[asked.id] = problem
		case given != nil:
			answer[asked.name] = given
		case asked.required:
			faults[asked.id] = "This is needed."
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return answer, nil
}

func (f field) read(in Given) (given any, problem string) {
	switch f.kind {
	case numberField, integerField:
		return number(strings.TrimSpace(in.Text), f.kind == integerField)
	case choiceField:
		return f.chosen(strings.Join(in.Options, " "))
	case choicesField:
		return f.allChosen(in.Options)
	case dateField:
		if _, err := time.Parse(time.DateOnly, in.Text); in.Text != "" && err != nil {
			return nil, "This is not a date."
		}
		return orNil(in.Text), ""
	case instantField:
		return instant(in.Text)
	case linesField:
		var lines []any
		for part := range strings.Lines(in.Text) {
			if part = strings.TrimSpace(part); part != "" {
				lines = append(lines, part)
			}
		}
		if lines == nil {
			return nil, ""
		}
		return lines, ""
	default:
		return orNil(in.Text), ""
	}
}

// instant reads the Unix seconds of a picker.
func instant(seconds string) (given any, problem string) {
	if seconds == "" {
		return nil, ""
	}
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || at < 0 || at > lastInstant {
		return nil, "This is not a date with a time."
	}
	return time.Unix(at, 0).UTC().Format(time.RFC3339), ""
}

const lastInstant = 253402300799 // the end of 9999

func orNil(text string) any {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return text
}

func number(text string, whole bool) (given any, problem string) {
	if text == "" {
		return nil, ""
	}
	if _, err := strconv.ParseInt(text, 10, 64); whole && err != nil {
		return nil, "This is not a whole number."
	}
	if !json.Valid([]byte(text)) || strings.ContainsAny(text, `"[{tfn`) {
		return nil, "This is not a number."
	}
	return json.Number(text), ""
}

func (f field) chosen(index string) (given any, problem string) {
	if index == "" {
		return nil, ""
	}
	at, err := strconv.Atoi(index)
	if err != nil || at < 0 || at >= len(f.options) {
		return nil, "This is not one of the choices."
	}
	return f.options[at], ""
}

func (f field) allChosen(selected []string) (given any, problem string) {
	var all []any
	for _, one := range selected {
		choice, problem := f.chosen(one)
		if problem != "" {
			return nil, problem
		}
		all = append(all, choice)
	}
	if all == nil {
		return nil, ""
	}
	return all, ""
}

// Fault puts what CompleteTask says of one field beside its input. With a field
// that is not asked for it stands at the first one; ok is false without any.
func (f Form) Fault(err *soar.Error) (faults map[string]string, ok bool) {
	if len(f.fields) == 0 {
		return nil, false
	}
	at := f.fields[0].id
	for _, asked := range f.fields {
		if rest, found := strings.CutPrefix(err.Field, "/answer/"+misfit.Escape(asked.name)); found && (rest == "" || rest[0] == '/') {
			at = asked.id
		}
	}
	return map[string]string{at: Fault(err.Message)}, true
}

// Fault cuts a sentence to what stands beside an input.
func Fault(message string) string {
	short, _ := cut(Clean(message), maxError)
	return short
}

func texts(list any) []string {
	all, _ := list.([]any)
	out := make([]string, 0, len(all))
	for _, one := range all {
		if text, ok := one.(string); ok {
			out = append(out, text)
		}
	}
	return out
}
