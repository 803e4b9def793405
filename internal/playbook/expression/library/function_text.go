package library

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// textFunctions count characters (Unicode code points), never bytes.
func textFunctions() []entry {
	return []entry{
		{"upper(value text) text", "The text in upper case.", `upper("abc")`, `"ABC"`,
			mapText(strings.ToUpper)},
		{"lower(value text) text", "The text in lower case.", `lower("EVIL.Example")`, `"evil.example"`,
			mapText(strings.ToLower)},
		{"trim(value text, characters? text) text", "The text without white space, or without the given characters, at both ends.",
			`trim("  a b ")`, `"a b"`, trimText},
		{"trimPrefix(value text, prefix text) text", "The text without the prefix, if it starts with it.",
			`trimPrefix("CORP\\anna", "CORP\\")`, `"anna"`, func(_ *Meter, args []any) (any, error) {
				return strings.TrimPrefix(args[0].(string), args[1].(string)), nil
			}},
		{"trimSuffix(value text, suffix text) text", "The text without the suffix, if it ends with it.",
			`trimSuffix("host.corp.example", ".corp.example")`, `"host"`, func(_ *Meter, args []any) (any, error) {
				return strings.TrimSuffix(args[0].(string), args[1].(string)), nil
			}},
		{"hasPrefix(value text, prefix text) bool", "Whether the text starts with the prefix; the same as the operator startsWith.",
			`hasPrefix("srv-01", "srv-")`, `true`, func(_ *Meter, args []any) (any, error) {
				return strings.HasPrefix(args[0].(string), args[1].(string)), nil
			}},
		{"hasSuffix(value text, suffix text) bool", "Whether the text ends with the suffix; the same as the operator endsWith.",
			`hasSuffix("run.ps1", ".ps1")`, `true`, func(_ *Meter, args []any) (any, error) {
				return strings.HasSuffix(args[0].(string), args[1].(string)), nil
			}},
		{"indexOf(value text, part text) int", "Where the part first stands, counted in characters from 0; -1 when it does not.",
			`indexOf("user@host", "@")`, `4`, indexText(strings.Index)},
		{"lastIndexOf(value text, part text) int", "Where the part last stands, counted in characters from 0; -1 when it does not.",
			`lastIndexOf("a/b/c", "/")`, `3`, indexText(strings.LastIndex)},
		{"replace(value text, old text, new text) text", "The text with every old part replaced by the new one.",
			`replace("a-b-c", "-", "_")`, `"a_b_c"`, replaceText},
		{"repeat(value text, times int) text", "The text written several times.", `repeat("ab", 3)`, `"ababab"`, repeatText},
		{"split(value text, separator text, limit? int) list of text",
			"The parts between the separators, at most limit of them (0: all); the last one keeps the rest. An empty separator gives the characters.",
			`split("a,b,c", ",")`, `["a","b","c"]`, splitText},
		{"join(items list, separator? text) text", "The items in their text form, one after the other, with the separator between them.",
			`join(["a", "b", 3], ", ")`, `"a, b, 3"`, joinText},
		{"string(value any) text", "The text form: numbers as digits, null as nothing, lists and objects as JSON.",
			`string([1, 2.5, true])`, `"[1,2.5,true]"`, formatValue(data.Text)},
		{"toJSON(value any) text", "The value as JSON, with sorted names and without spaces.",
			`toJSON({b: 1, a: "x"})`, `"{\"a\":\"x\",\"b\":1}"`, formatValue(data.JSON)},
		{"fromJSON(value text) any", "The value that the JSON text holds, within the bounds for data.",
			`fromJSON("{\"score\": 7}").score`, `7`, readJSON},
	}
}

// mapText makes a body of a function from text to text. Upper case may be longer than what it
// came from, so it is paid for afterwards; the input is bounded before.
func mapText(change func(string) string) body {
	return func(m *Meter, args []any) (any, error) { return built(m, change(args[0].(string))) }
}

func trimText(m *Meter, args []any) (any, error) {
	value := args[0].(string)
	if len(args) == 1 {
		return strings.TrimFunc(value, unicode.IsSpace), nil
	}
	characters := args[1].(string)
	if err := m.Spend(len(value) * (len(characters) + 1) / bytesPerUnit); err != nil {
		return nil, err
	}
	return strings.Trim(value, characters), nil
}

// indexText makes a body that finds a part and counts characters instead of bytes.
func indexText(find func(s, part string) int) body {
	return func(_ *Meter, args []any) (any, error) {
		value := args[0].(string)
		at := find(value, args[1].(string))
		if at < 0 {
			return -1, nil
		}
		return utf8.RuneCountInString(value[:at]), nil
	}
}

// replaceText counts first, so that an explosion is refused before it is built.
func replaceText(m *Meter, args []any) (any, error) {
	value, old, replacement := args[0].(string), args[1].(string), args[2].(string)
	count := strings.Count(value, old)
	if err := m.build(len(value) + count*(len(replacement)-len(old))); err != nil {
		return nil, err
	}
	return strings.ReplaceAll(value, old, replacement), m.Spend(count)
}

func repeatText(m *Meter, args []any) (any, error) {
	value, times := args[0].(string), args[1].(int)
	switch {
	case times < 0:
		return nil, fmt.Errorf("repeat() needs 0 or more times, but got %d", times)
	case value == "":
		return "", nil
	case times > data.MaxBuiltText:
		return nil, data.ErrTextTooLong
	}
	if err := m.build(len(value) * times); err != nil {
		return nil, err
	}
	return strings.Repeat(value, times), nil
}

// splitText counts first: strings.SplitN allocates for its limit, not for what it finds.
func splitText(m *Meter, args []any) (any, error) {
	value, separator := args[0].(string), args[1].(string)
	count := strings.Count(value, separator)
	if separator != "" {
		count++
	}
	if limit := intArg(args, 2, 0); limit > 0 {
		count = min(count, limit)
	}
	if err := m.list(count); err != nil {
		return nil, err
	}
	if err := m.Spend(4 * count); err != nil {
		return nil, err
	}
	return textList(strings.SplitN(value, separator, count)), nil
}

func textList(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

func joinText(m *Meter, args []any) (any, error) {
	separator := textArg(args, 1, "")
	var out strings.Builder
	for i, item := range args[0].([]any) {
		form, err := m.format(item, data.Text)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			form = separator + form
		}
		if err := m.build(len(form)); err != nil {
			return nil, err
		}
		if out.Len()+len(form) > data.MaxBuiltText {
			return nil, data.ErrTextTooLong
		}
		out.WriteString(form)
	}
	return out.String(), nil
}

// formatValue makes a body of a function from any value to text.
func formatValue(form func(any) (string, error)) body {
	return func(m *Meter, args []any) (any, error) {
		text, err := m.format(args[0], form)
		if err != nil {
			return nil, err
		}
		return built(m, text)
	}
}

// format pays by the byte for a walk through a value of unknown size. The walk ends at the bound
// of built text, so paying afterwards is soon enough; a walk that failed costs as much as the
// longest one.
func (m *Meter) format(v any, form func(any) (string, error)) (string, error) {
	text, err := form(v)
	work := len(text)
	if err != nil {
		work = data.MaxBuiltText
	}
	if spent := m.Spend(work); spent != nil {
		return "", spent
	}
	return text, err
}

// readJSON pays by the byte: a JSON text may hold one value for every three.
func readJSON(m *Meter, args []any) (any, error) {
	text := args[0].(string)
	if err := m.Spend(6 * len(text)); err != nil {
		return nil, err
	}
	return data.ParseJSON(text)
}
