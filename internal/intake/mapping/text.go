package mapping

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of an alert. Together they keep it below 64 KiB of JSON for most bodies;
// fit cuts the rest.
const (
	lineMost  = 1 << 10 // bytes of a name, a title, an id
	textMost  = 8_000   // bytes of the description; below what expressions hold, so that a cut is seen
	itemMost  = 2 << 10 // bytes of an item of a list
	listMost  = 64      // items of a list
	alertMost = 64 << 10
	nameMost  = 200      // bytes of a name in Fields
	allFields = 24 << 10 // bytes of Fields as JSON
	exactMost = 1 << 53  // whole numbers beyond it change in programs that count in float64
)

// clean makes text storable everywhere: valid UTF-8 without NUL and other control
// characters, save for line ends (as \n) and tabs.
func clean(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if r < ' ' || (r >= 0x7f && r <= 0x9f) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError)))
}

// cut shortens text to at most limit bytes at a rune's border, and tells whether
// it had to.
func cut(text string, limit int) (string, bool) {
	if len(text) <= limit {
		return text, false
	}
	end := limit
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], true
}

// line makes one line of text, without what turns the direction of writing.
func line(text string) string { return strings.TrimSpace(soar.Shorten(text, len(text)+1)) }

// texts gives the texts of a text or of a list, also of objects with one name that
// says what it is ({"value": "x"}), at most listMost, each once.
func texts(value any) []string {
	var all []string
	add := func(text string) {
		text = line(text)
		if text != "" && len(text) <= itemMost && len(all) < listMost && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	switch v := value.(type) {
	case []any:
		for _, item := range v[:min(len(v), 4*listMost)] {
			if members, ok := item.(object); ok {
				item = firstOf(members, "value", "name", "id", "url", "uid")
			}
			if text, ok := scalarText(item); ok {
				add(text)
			}
		}
	default:
		if text, ok := scalarText(value); ok {
			add(text)
		}
	}
	return all
}

func firstOf(members object, names ...string) any {
	for _, name := range names {
		if value, ok := members[name]; ok && value != nil {
			return value
		}
	}
	return nil
}

// address reads an address, also in brackets, with a port or a zone; the first one
// of a list.
func address(value any) string {
	for _, text := range texts(value) {
		if pair, err := netip.ParseAddrPort(text); err == nil {
			return pair.Addr().Unmap().WithZone("").String()
		}
		if at, err := netip.ParseAddr(strings.Trim(text, "[]\"' ")); err == nil {
			return at.Unmap().WithZone("").String()
		}
	}
	return ""
}

// limits bounds what prune copies.
type limits struct{ text, items, names, depth int }

// forFields are those of Alert.Fields, forExpressions those of the environment of
// mappings, which expression.Normalise would otherwise replace by references.
func forFields() limits      { return limits{text: 1 << 10, items: listMost, names: 4 * listMost, depth: 7} }
func forExpressions() limits { return limits{text: 8 << 10, items: 256, names: 1024, depth: 15} }

// prune copies a value within limits: text cleaned and cut, lists and objects
// shortened, numbers as numbers where they stay exact and as text where they would
// not. What is too deep is left out.
func prune(value any, most limits) any {
	switch v := value.(type) {
	case string:
		text, _ := cut(clean(v), most.text)
		return text
	case json.Number:
		return exactNumber(v)
	case []any:
		if most.depth--; most.depth < 0 {
			return nil
		}
		items := make([]any, 0, min(len(v), most.items))
		for _, item := range v[:min(len(v), most.items)] {
			items = append(items, prune(item, most))
		}
		return items
	case object:
		if most.depth--; most.depth < 0 {
			return nil
		}
		return pruneObject(v, most)
	default:
		return v
	}
}

func pruneObject(members object, most limits) object {
	kept := object{}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value := prune(members[name], most)
		if value == nil || len(kept) >= most.names {
			continue
		}
		if len(name) > nameMost {
			name, _ = cut(name, nameMost)
		}
		kept[clean(name)] = value
	}
	return kept
}

func exactNumber(digits json.Number) any {
	if n, err := digits.Int64(); err == nil && n < exactMost && n > -exactMost {
		return n
	}
	if f, err := digits.Float64(); err == nil && strings.ContainsAny(string(digits), ".eE") {
		return f
	}
	text, _ := cut(string(digits), itemMost)
	return text
}

// fit cuts an alert until its JSON has at most alertMost bytes, what matters least
// first, and lists what was cut in Truncated. Escapes can make six bytes of one, so
// the bounds of single fields are not enough.
func fit(a *soar.Alert) {
	if size(a.Fields) > allFields {
		a.Fields = scalarsOf(a.Fields)
		noteCut(a, "fields")
	}
	if size(a) > alertMost {
		a.Fields = nil
		noteCut(a, "fields")
	}
	for limit := itemMost; size(a) > alertMost && limit > 0; limit /= 4 {
		shrink(a, limit)
	}
	slices.Sort(a.Truncated)
}

// shrink cuts every text to limit bytes and every list to eight items.
func shrink(a *soar.Alert, limit int) {
	for name, text := range map[string]*string{
		"title": &a.Title, "reported_severity": &a.Reported, "description": &a.Description, "external_id": &a.ExternalID, "rule.id": &a.Rule.ID, "rule.name": &a.Rule.Name,
		"host.name": &a.Host.Name, "host.id": &a.Host.ID, "host.os": &a.Host.OS, "user.name": &a.User.Name, "user.email": &a.User.Email, "user.id": &a.User.ID,
	} {
		short, shortened := cut(*text, limit)
		if *text = short; shortened {
			noteCut(a, name)
		}
	}
	for name, list := range map[string]*[]string{"urls": &a.URLs, "hashes": &a.Hashes, "domains": &a.Domains, "techniques": &a.Techniques, "indicators": &a.Indicators, "tags": &a.Tags} {
		if len(*list) > 8 {
			*list = (*list)[:8]
			noteCut(a, name)
		}
		for i, text := range *list {
			short, shortened := cut(text, limit)
			if (*list)[i] = short; shortened {
				noteCut(a, name)
			}
		}
	}
}

func noteCut(a *soar.Alert, name string) {
	if !slices.Contains(a.Truncated, name) {
		a.Truncated = append(a.Truncated, name)
	}
}

// size is the number of bytes as JSON.
func size(value any) int {
	body, err := json.Marshal(value)
	if err != nil {
		return alertMost + 1
	}
	return len(body)
}

// scalarsOf keeps what stands at the top, up to allFields bytes.
func scalarsOf(fields object) object {
	kept, left := object{}, allFields
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, ok := scalarText(fields[name]); !ok {
			continue
		}
		if left -= size(fields[name]) + len(name) + 4; left < 0 {
			break
		}
		kept[name] = fields[name]
	}
	return kept
}
