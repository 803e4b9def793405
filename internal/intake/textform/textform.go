package textform

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// Bounds of one event.
const (
	lineMost  = 256 << 10 // bytes
	pairsMost = 512       // members that a line may give
	depthMost = 32        // of XML
	nodesMost = 20_000    // of XML
)

// Object is an event in the shape of a JSON object: texts, lists and objects, and
// what JSON behind a header held.
type Object = map[string]any

// Parse reads one event. JSON says how a text that holds JSON is read; it may
// answer false. The answer is false for text that is in none of the forms.
func Parse(text string, readJSON func(string) (Object, bool)) (Object, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > lineMost {
		return nil, false
	}
	if strings.HasPrefix(text, "<") {
		if event, ok := readXML(text); ok {
			return event, true
		}
	}
	header, rest, framed := syslogHeader(text)
	event, ok := message(rest, readJSON)
	switch {
	case ok && framed:
		// The header's host is the one that passed it on.
		header["syslog_hostname"] = header["hostname"]
		delete(header, "hostname")
		for name, value := range header {
			if _, taken := event[name]; !taken && value != nil {
				event[name] = value
			}
		}
		return event, true
	case ok:
		return event, true
	case framed && strings.TrimSpace(rest) != "":
		header["message"] = strings.TrimSpace(rest)
		return header, true
	default:
		return nil, false
	}
}

// message reads what stands behind a header, or without one.
func message(text string, readJSON func(string) (Object, bool)) (Object, bool) {
	if at := strings.Index(text, "CEF:"); at >= 0 {
		return cef(text[at:])
	}
	if at := strings.Index(text, "LEEF:"); at >= 0 {
		return leef(text[at:])
	}
	if at := strings.IndexByte(text, '{'); at >= 0 && at < 512 {
		if event, ok := readJSON(text[at:]); ok {
			return event, true
		}
	}
	event := pairs(text)
	return event, len(event) >= 3
}

// syslogForm: <PRI>, then the version and fields of RFC 5424 or the date and host of
// the older form.
var (
	priority = regexp.MustCompile(`^<(\d{1,3})>`)
	newForm  = regexp.MustCompile(`^1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^\]\\]|\\.)*\])+) ?`)
	oldForm  = regexp.MustCompile(`^([A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}) (\S+) (?:([\w./-]{1,64})(?:\[(\d+)\])?: )?`)
)

// syslogHeader takes the header off and gives its fields.
func syslogHeader(text string) (header Object, rest string, ok bool) {
	header, rest = Object{}, text
	if part := priority.FindStringSubmatch(text); part != nil {
		n, err := strconv.Atoi(part[1])
		if err != nil || n > 191 {
			return nil, text, false
		}
		header["syslog_severity"], header["syslog_facility"] = strconv.Itoa(n%8), strconv.Itoa(n/8)
		rest, ok = text[len(part[0]):], true
	}
	if part := newForm.FindStringSubmatch(rest); part != nil {
		for i, name := range []string{"timestamp", "hostname", "appname", "procid", "msgid"} {
			if value := part[i+1]; value != "-" {
				header[name] = value
			}
		}
		if part[6] != "-" {
			for name, value := range pairs(strings.Trim(part[6], "[]")) {
				header[name] = value
			}
		}
		return header, strings.TrimPrefix(rest[len(part[0]):], "\ufeff"), true
	}
	if part := oldForm.FindStringSubmatch(rest); part != nil {
		header["syslog_date"], header["hostname"] = part[1], part[2]
		if part[3] != "" {
			header["appname"] = part[3]
		}
		if part[4] != "" {
			header["procid"] = part[4]
		}
		return header, rest[len(part[0]):], true
	}
	return header, rest, ok
}

// cef reads the seven fields of the header, in which | and \ are escaped, and the
// extension. What a label names is kept under that name too.
func cef(text string) (Object, bool) {
	parts := splitEscaped(strings.TrimPrefix(text, "CEF:"), '|', 8)
	if len(parts) < 7 {
		return nil, false
	}
	event := Object{}
	for i, name := range []string{"cef_version", "device_vendor", "device_product", "device_version", "device_event_class_id", "event_name", "severity"} {
		event[name] = strings.TrimSpace(unescape(parts[i]))
	}
	if len(parts) < 8 {
		return event, true
	}
	extension := pairs(parts[7])
	for name, value := range extension {
		if label, ok := extension[name+"Label"].(string); ok {
			event[label] = value
		}
		event[name] = value
	}
	return event, true
}

// leef reads version 1 and 2; the second may name its delimiter.
func leef(text string) (Object, bool) {
	version, _, _ := strings.Cut(strings.TrimPrefix(text, "LEEF:"), "|")
	fields := 6
	if version == "2.0" {
		fields = 7
	}
	parts := strings.SplitN(strings.TrimPrefix(text, "LEEF:"), "|", fields)
	if len(parts) < 6 {
		return nil, false
	}
	delimiter := "\t"
	if len(parts) == 7 {
		if named := leefDelimiter(parts[5]); named != "" {
			delimiter = named
		}
	}
	event := Object{}
	for i, name := range []string{"leef_version", "device_vendor", "device_product", "device_version", "event_id"} {
		event[name] = parts[i]
	}
	event["event_name"] = parts[4]
	for i, pair := range strings.Split(parts[len(parts)-1], delimiter) {
		if name, value, ok := strings.Cut(pair, "="); ok && i < pairsMost {
			event[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return event, true
}

func leefDelimiter(text string) string {
	if hex, ok := strings.CutPrefix(strings.TrimPrefix(text, "0"), "x"); ok {
		if n, err := strconv.ParseUint(hex, 16, 8); err == nil {
			return string(rune(n))
		}
	}
	return text
}

// pairForm: a name and =, at the start or behind a space, a comma or a semicolon.
var pairForm = regexp.MustCompile(`(?:^|[\s,;])([A-Za-z_@][\w.@\-\[\]]{0,99})=`)

// pairs reads key=value. A value ends where the next name begins, or with its
// quotes.
func pairs(text string) Object {
	found := pairForm.FindAllStringSubmatchIndex(text, pairsMost)
	event, quotedTo := Object{}, 0
	for i, at := range found {
		if at[0] < quotedTo {
			continue // inside quotes
		}
		value := text[at[1]:]
		if strings.HasPrefix(value, `"`) {
			if end := closingQuote(value); end > 0 {
				event[text[at[2]:at[3]]] = unescape(value[1:end])
				quotedTo = at[1] + end
				continue
			}
		}
		if i+1 < len(found) {
			value = text[at[1]:max(found[i+1][0], at[1])]
		}
		event[text[at[2]:at[3]]] = unescape(strings.TrimRight(strings.TrimSpace(value), ",;"))
	}
	return event
}

// closingQuote gives where the quotes that text starts with end, or 0.
func closingQuote(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return 0
}

// splitEscaped splits at a separator that no backslash stands before, into at most
// n parts.
func splitEscaped(text string, separator byte, n int) []string {
	var parts []string
	start := 0
	for i := 0; i < len(text) && len(parts) < n-1; i++ {
		switch text[i] {
		case '\\':
			i++
		case separator:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

func unescape(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\|`, `|`, `\=`, `=`, `\"`, `"`, `\n`, "\n", `\r`, "").Replace(text)
}

// JSONObject is a reader of JSON for callers without bounds of their own.
func JSONObject(text string) (Object, bool) {
	var event Object
	err := json.Unmarshal([]byte(text), &event)
	return event, err == nil && event != nil
}
