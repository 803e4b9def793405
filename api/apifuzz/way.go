package apifuzz

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// way is one way in which requests are wrong. apply makes a right one wrong;
// false: there is nothing in this request that could be wrong so, and it is as it
// was.
type way struct {
	name  string
	apply func(*draw) bool
}

// makers lists all ways to be wrong.
func makers() []way {
	return []way{
		{"field_dropped", dropField},
		{"field_of_wrong_type", atSite(wrongType)},
		{"field_unknown", addField},
		{"field_too_long", atSite(tooLong)},
		{"field_too_short", atSite(tooShort)},
		{"field_not_in_list", atSite(notInList)},
		{"number_out_of_range", atSite(outOfRange)},
		{"field_of_bad_form", atSite(badForm)},
		{"field_null", atSite(null)},
		{"field_hostile", hostileField},
		{"path_of_bad_form", badPath},
		{"query_of_bad_form", badParameter("query")},
		{"header_of_bad_form", badParameter("header")},
		{"query_unknown", unknownQuery},
		{"query_twice", queryTwice},
		{"json_broken", brokenJSON},
		{"json_field_twice", fieldTwice},
		{"json_deep", deepJSON},
		{"json_other_kind", otherKind},
		{"body_hostile", hostileBody},
		{"body_missing", missingBody},
		{"body_not_asked_for", extraBody},
		{"content_type_wrong", wrongContentType},
		{"method_wrong", wrongMethod},
		{"token_missing", badToken("")},
		{"token_broken", brokenToken},
		{"token_refused", refusedToken},
		{"token_without_right", strangersToken},
	}
}

func badParameter(place string) func(*draw) bool {
	return func(d *draw) bool {
		candidates := d.operation.in(place)
		if len(candidates) == 0 {
			return false
		}
		p := candidates[d.rng.IntN(len(candidates))]
		text, wrong := d.badText(p.Schema.Value)
		if place == "header" {
			// A header that is empty after cleaning counts as one that was not sent.
			if text = asHeader(text); strings.TrimSpace(text) == "" {
				text = "!"
			}
			// Spaces at its ends do not arrive, and If-Match is free text.
			d.header.Set(p.Name, strings.TrimSpace(text))
			d.wrong = wrong && p.Schema.Value.Pattern != ""
			return true
		}
		d.query.Set(p.Name, text)
		d.wrong = wrong
		return true
	}
}

func badPath(d *draw) bool {
	candidates := d.operation.in("path")
	if len(candidates) == 0 {
		return false
	}
	p := candidates[d.rng.IntN(len(candidates))]
	text, wrong := d.badText(p.Schema.Value)
	if text == "" || text == "." || text == ".." {
		text = "%"
	}
	d.path[p.Name] = text
	d.wrong = wrong && p.Schema.Value.Pattern != ""
	return true
}

// maxParameter bounds a parameter, in characters: a request line that is longer
// than the server reads never gets to the door.
const maxParameter = 3000

// badText gives a text that a parameter's schema does not permit; wrong is false
// when it permits any.
func (d *draw) badText(s *openapi3.Schema) (text string, wrong bool) {
	value, ok := firstOf(d, s, notInList, outOfRange, badForm, tooLong, tooShort)
	switch {
	case ok:
		return fmt.Sprintf("%.*s", maxParameter, value), true
	case s.Type.Includes("boolean"):
		return pick(d.rng, []string{"1", "yes", "TRUE", "", "null"}), true
	case s.Type.Includes("integer"):
		return pick(d.rng, []string{"x", "", "0x10", "1_000", "１", "1.5", "99999999999999999999999999"}), true
	default:
		return pick(d.rng, hostile()), false
	}
}

func unknownQuery(d *draw) bool {
	d.query.Set(pick(d.rng, []string{"no_such_parameter", "Limit", "debug", "__proto__", "limit[]"}), "1")
	d.wrong = true
	return true
}

func queryTwice(d *draw) bool {
	for _, p := range d.operation.in("query") {
		d.query[p.Name] = []string{fmt.Sprint(d.plain(p.Schema.Value, 0)), fmt.Sprint(d.plain(p.Schema.Value, 0))}
		d.wrong = true
		return true
	}
	return false
}

func brokenJSON(d *draw) bool {
	if !d.operation.json() || d.body == nil {
		return false
	}
	whole := d.bytes()
	d.text = pick(d.rng, [][]byte{
		whole[:len(whole)-1], whole[:len(whole)/2], append(slices.Clone(whole), "{}"...), append([]byte("\ufeff"), whole...),
		bytes.ReplaceAll(whole, []byte(`"`), []byte(`'`)), append(slices.Clone(whole[:len(whole)-1]), ",}"...), []byte("{\"a\": \"\xff\xfe\"}"),
		[]byte("\x00"), []byte("{\"reason\":\"a\\u0000b\"}"), []byte("{\"reason\":\"\\ud800\"}extra"), []byte("NaN"), []byte("title=x&reason=y"),
	})
	d.wrong = !bytes.Equal(d.text, whole)
	return true
}

func fieldTwice(d *draw) bool {
	fields, ok := d.body.(map[string]any)
	if !d.operation.json() || !ok || len(fields) == 0 {
		return false
	}
	whole := d.bytes()
	d.text = append(append([]byte("{"), whole[1:len(whole)-1]...), ","...)
	d.text = append(d.text, whole[1:]...)
	d.wrong = true
	return true
}

func deepJSON(d *draw) bool {
	if !d.operation.json() {
		return false
	}
	depth := 70 + d.rng.IntN(100)
	left, right := `{"a":`, `}`
	if d.rng.IntN(2) == 0 {
		left, right = `[`, `]`
	}
	d.text = []byte(strings.Repeat(left, depth) + "1" + strings.Repeat(right, depth))
	d.contentType, d.wrong = d.operation.mediaType, true
	return true
}

func otherKind(d *draw) bool {
	if !d.operation.json() {
		return false
	}
	d.text = []byte(pick(d.rng, []string{"[]", "null", "7", "true", `"text"`, "[{}]", "1e999"}))
	d.contentType, d.wrong = d.operation.mediaType, true
	return true
}

// hostileBody is for bodies that are not looked at field by field.
func hostileBody(d *draw) bool {
	if d.operation.mediaType == "" || d.operation.json() {
		return false
	}
	d.text = []byte(pick(d.rng, []string{
		"{", "[]", "[[[[", "null", "\x00\x01\x02", "\xff\xfe\x00", "a: &x [*x]", "a: &x {b: 1}\nc: {<<: *x}", "!!python/object:x {}", "- - - - -", "\t\tx", "%YAML 9.9",
		"tocsin: v1\n---\ntocsin: v1\n", "{\"title\": 1}", "[{\"title\":\"a\"},7,null]", "{\"title\":\"a\",\"title\":\"b\"}", "title=a&b=c",
		strings.Repeat("[", 5000), strings.Repeat("a: {", 3000), "\"" + strings.Repeat("a", 70000) + "\"", "{\"n\": 123456789012345678901234567890, \"e\": 1e999}",
	}))
	return true
}

func missingBody(d *draw) bool {
	if !d.operation.bodyRequired {
		return false
	}
	d.text, d.body, d.contentType = nil, nil, ""
	d.wrong = true
	return true
}

func extraBody(d *draw) bool {
	if d.operation.mediaType != "" || d.operation.public() || d.method == http.MethodGet && d.rng.IntN(2) == 0 {
		return false
	}
	d.text, d.contentType, d.wrong = []byte(`{"a":1}`), "application/json", true
	return true
}

func wrongContentType(d *draw) bool {
	if d.operation.mediaType == "" || d.operation.mediaType == "*/*" || len(d.bytes()) == 0 {
		return false
	}
	d.text = d.bytes()
	d.contentType = pick(d.rng, []string{"text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x", "application/json5", ";;", "application/ json"})
	d.wrong = true
	return true
}

func wrongMethod(d *draw) bool {
	var taken []string
	for _, o := range d.run.described.operations {
		if covers(o.path, d.operation.path) {
			taken = append(taken, o.method)
		}
	}
	free := slices.DeleteFunc([]string{"GET", "PUT", "POST", "DELETE", "PATCH", "TRACE", "BREW"}, func(m string) bool { return slices.Contains(taken, m) })
	d.method, d.wrong = free[d.rng.IntN(len(free))], true
	return true
}

// covers tells whether a path of one pattern may be one of the other.
func covers(pattern, path string) bool {
	theirs := strings.Split(path, "/")
	for i, part := range strings.Split(pattern, "/") {
		if i >= len(theirs) || (part != theirs[i] && !strings.HasPrefix(part, "{") && !strings.HasPrefix(theirs[i], "{")) {
			return false
		}
	}
	return strings.Count(pattern, "/") == len(theirs)-1
}
