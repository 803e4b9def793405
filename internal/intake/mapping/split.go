package mapping

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/intake/textform"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of one request.
const (
	// BodyMost is how many bytes a body may have.
	BodyMost = 1 << 20
	// AlertsMost is how many alerts a body may hold.
	AlertsMost = 1_000
)

// piece is one alert's worth of a body: its bytes, the value in them, and what
// stood around it in an envelope. fault says why there is no value.
type piece struct {
	raw    []byte
	value  object
	around object
	fault  string
}

// split takes a body apart into alerts: a list at the top, lines of
// application/x-ndjson, or an envelope with a list at one of the paths. The error
// is for bodies that hold no alert at all; what holds something that cannot be
// read is a piece with a fault.
func split(contentType string, body []byte, envelopes [][]string) ([]piece, error) {
	const op = "intake.Accept"
	kind, err := mediaKind(contentType)
	if err != nil {
		return nil, err
	}
	if len(body) > BodyMost {
		return nil, soar.Errorf(soar.CodeInvalid, op, "the body has more than %d bytes", BodyMost)
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, soar.Errorf(soar.CodeInvalid, op, "the body is empty: send one alert as JSON")
	}
	if kind == lines {
		return splitLines(body, envelopes)
	}
	value, fault := decode(body)
	if fault == nil {
		return splitValue(body, value, envelopes)
	}
	if pieces, ok, err := splitOther(body, envelopes); ok || err != nil {
		return pieces, err
	}
	// Kept as an alert that could not be read.
	return []piece{{raw: body, fault: fault.Error()}}, nil //nolint:nilerr // the fault is in the piece
}

// splitOther reads what is not one JSON value: several of them, or lines in one of
// the text forms. ok is false when not one alert can be read.
func splitOther(body []byte, envelopes [][]string) (pieces []piece, ok bool, err error) {
	if values, whole := sequence(body); whole {
		for _, raw := range values {
			value, fault := decode(raw)
			if fault != nil {
				pieces = append(pieces, piece{raw: raw, fault: fault.Error()})
				continue
			}
			more, err := splitValue(raw, value, envelopes)
			if pieces = append(pieces, more...); err != nil || len(pieces) > AlertsMost {
				return nil, false, cmp.Or(err, tooMany())
			}
		}
		return pieces, true, nil
	}
	if !manyEvents(body) {
		if event, ok := textform.Parse(string(body), embedded); ok {
			return []piece{{raw: body, value: event}}, true, nil
		}
	}
	return textLines(body)
}

// manyEvents tells lines that are an event each from one event of several lines:
// each begins as the first one does.
func manyEvents(body []byte) bool {
	first, rest, ok := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
	if !ok || bytes.HasPrefix(first, []byte("<?xml")) || len(first) < 2 {
		return false
	}
	for line := range bytes.Lines(rest) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !bytes.HasPrefix(line, first[:2]) {
			return false
		}
	}
	return true
}

// textLines makes an alert of each line, when at least one can be read.
func textLines(body []byte) (pieces []piece, ok bool, err error) {
	for raw := range bytes.Lines(body) {
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			continue
		}
		event, read := textform.Parse(string(raw), embedded)
		if ok = ok || read; read {
			pieces = append(pieces, piece{raw: raw, value: event})
		} else {
			pieces = append(pieces, piece{raw: raw, fault: "the line is in none of the forms that are known: JSON, CEF, LEEF, syslog, key=value, XML"})
		}
		if len(pieces) > AlertsMost {
			return nil, false, tooMany()
		}
	}
	return pieces, ok, nil
}

// sequence takes several JSON objects or lists that follow each other apart. It
// answers false when there is something else in between, or just one.
func sequence(body []byte) ([]json.RawMessage, bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	var values []json.RawMessage
	for len(values) <= AlertsMost {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return values, len(values) > 1
		}
		if err != nil || (raw[0] != '{' && raw[0] != '[') {
			return nil, false
		}
		values = append(values, raw)
	}
	return values, true
}

type bodyKind int

const (
	single bodyKind = iota
	lines
)

// mediaKind says how a body is to be read. Some tools send JSON as text/plain or
// say nothing.
func mediaKind(contentType string) (bodyKind, error) {
	if strings.TrimSpace(contentType) == "" {
		return single, nil
	}
	kind, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
	case kind == "application/x-ndjson", kind == "application/ndjson", kind == "application/jsonl":
		return lines, nil
	case kind == "application/json", kind == "text/json", kind == "text/plain", kind == "text/xml", kind == "application/xml", strings.HasSuffix(kind, "+json"), strings.HasSuffix(kind, "+xml"):
		return single, nil
	}
	fault := soar.Errorf(soar.CodeInvalid, "intake.Accept", "alerts are taken as application/json or application/x-ndjson, not as %q", soar.Shorten(contentType, 60))
	fault.Field = "Content-Type"
	return single, fault
}

func splitLines(body []byte, envelopes [][]string) ([]piece, error) {
	var all []piece
	for raw := range bytes.Lines(body) {
		raw = bytes.TrimSpace(raw)
		if len(raw) == 0 {
			continue
		}
		value, err := decode(raw)
		if err != nil {
			all = append(all, piece{raw: raw, fault: err.Error()})
		} else if more, err := splitValue(raw, value, envelopes); err != nil {
			return nil, err
		} else {
			all = append(all, more...)
		}
		if len(all) > AlertsMost {
			return nil, tooMany()
		}
	}
	return all, nil
}

func tooMany() error {
	return soar.Errorf(soar.CodeInvalid, "intake.Accept", "the body holds more than %d alerts: send them in several requests", AlertsMost)
}

func splitValue(raw []byte, value any, envelopes [][]string) ([]piece, error) {
	switch v := value.(type) {
	case object:
		inner, bytesOf, around := unwrap(v, raw)
		if list, items, name := enveloped(inner, bytesOf, envelopes); list != nil {
			return splitList(raw, list, items, but(inner, name))
		}
		return []piece{{raw: raw, value: inner, around: around}}, nil
	case []any:
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, fmt.Errorf("take a list apart: %w", err)
		}
		if len(items) == 0 {
			return nil, soar.Errorf(soar.CodeInvalid, "intake.Accept", "the body is an empty list: it holds no alert")
		}
		return splitList(raw, v, items, nil)
	default:
		return []piece{{raw: raw, fault: "the body is JSON, but not an object or a list of objects"}}, nil
	}
}

// splitList makes one piece of each item. A list without any object is one piece.
func splitList(whole []byte, values []any, items []json.RawMessage, around object) ([]piece, error) {
	if len(values) > AlertsMost {
		return nil, tooMany()
	}
	pieces, objects := make([]piece, 0, len(values)), 0
	for i, value := range values {
		if members, ok := value.(object); ok {
			pieces = append(pieces, piece{raw: items[i], value: members, around: around})
			objects++
			continue
		}
		pieces = append(pieces, piece{raw: items[i], fault: "an item of the list is not an object"})
	}
	if objects == 0 {
		return []piece{{raw: whole, fault: "the body is a list, but not of objects"}}, nil
	}
	return pieces, nil
}

// unwrap takes the envelopes of SNS (a message that is JSON in text), of Pub/Sub
// (in base64) and of EventBridge (an event under detail) off what they carry, one inside the other.
func unwrap(value object, raw []byte) (inner object, bytesOf []byte, around object) {
	if text, ok := value["Message"].(string); ok && value["Type"] == "Notification" && value["TopicArn"] != nil {
		if message, ok := embedded(text); ok {
			value, raw = message, []byte(text)
		}
	}
	if message, ok := value["message"].(object); ok && value["subscription"] != nil {
		if text, ok := message["data"].(string); ok {
			if inner, decoded, ok := encoded(text); ok {
				return inner, decoded, nil
			}
		}
	}
	detail, ok := value["detail"].(object)
	if !ok || value["detail-type"] == nil || len(detail) == 0 {
		return value, raw, nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return value, raw, nil
	}
	return detail, members["detail"], but(value, "detail")
}

// but gives an object without one of its members: what stands around an alert must
// not hold another alert.
func but(value object, name string) object {
	rest := maps.Clone(value)
	delete(rest, name)
	return rest
}

// enveloped gives the list of objects at the first path that has one, with the
// bytes of its items and the name at the top that it stands under.
func enveloped(value object, raw []byte, paths [][]string) ([]any, []json.RawMessage, string) {
	for _, path := range paths {
		if alone := path[0] == ""; alone {
			if path = path[1:]; !onlyPages(value, path[0]) {
				continue
			}
		}
		list, bytesOfList := follow(value, raw, path)
		first, ok := firstObject(list)
		if !ok || (isAlert(value) && first["startsAt"] == nil) {
			continue
		}
		var items []json.RawMessage
		if json.Unmarshal(bytesOfList, &items) == nil && len(items) == len(list) {
			return list, items, path[0]
		}
	}
	return nil, nil, ""
}

// follow walks names down to a list and gives it with its bytes, or nil.
func follow(value object, raw []byte, path []string) ([]any, []byte) {
	var at any = value
	for _, name := range path {
		members, ok := at.(object)
		if !ok {
			return nil, nil
		}
		var inner map[string]json.RawMessage
		if members[name] == nil || json.Unmarshal(raw, &inner) != nil {
			return nil, nil
		}
		at, raw = members[name], inner[name]
	}
	list, _ := at.([]any)
	return list, raw
}

// isAlert tells an alert that lists what belongs to it from an envelope: it says
// itself what it is about.
func isAlert(value object) bool {
	return firstOf(value, "title", "Title", "name", "Name", "severity", "Severity", "description") != nil
}

// commonEnvelopes are where tools without a mapping of their own put several
// alerts into one body. Paths that begin with "" count only where nothing else
// stands beside the list.
func commonEnvelopes() [][]string {
	paths := [][]string{{"alerts"}, {"Alerts"}, {"Findings"}, {"findings"}, {"incidents"}, {"detections"}, {"events"}, {"Records"}, {"records"}, {"results"}, {"logEvents"}}
	for _, name := range vagueNames() {
		paths = append(paths, []string{"", name})
	}
	return paths
}

// vagueNames are names of lists that hold alerts in an answer of an API and parts
// of one alert elsewhere: they count only where nothing else stands beside them.
func vagueNames() []string {
	return []string{"value", "data", "items", "objects", "resources", "result", "hits", "issues", "offenses", "notables", "signals", "threats", "messages", "notifications", "entries", "list", "rows", "content"}
}

// onlyPages tells whether nothing stands beside a list but what says which page of
// how many it is.
func onlyPages(value object, list string) bool {
	for name, member := range value {
		if name == list {
			continue
		}
		if _, isText := member.(string); isText && !slices.Contains(pageNames(), joined(name)) {
			return false
		}
		if _, isObject := member.(object); isObject && !slices.Contains(pageNames(), joined(name)) {
			return false
		}
		if _, isList := member.([]any); isList && joined(name) != "errors" && joined(name) != "warnings" {
			return false
		}
	}
	return true
}

// pageNames are names of texts and objects that stand beside a list of alerts.
func pageNames() []string {
	return []string{
		"odatacontext", "odatanextlink", "next", "nextlink", "nextpage", "previous", "cursor", "nextcursor", "status", "message", "code", "type", "id", "version", "apiversion", "specversion",
		"schemaversion", "requestid", "meta", "metadata", "links", "paging", "pagination", "page", "pageinfo", "errors", "queryid", "scrollid", "nexttoken", "kind", "object", "event", "action",
	}
}

// joined gives a name as one word, in the form of segments.
func joined(name string) string { return strings.Join(segments(name), "") }
