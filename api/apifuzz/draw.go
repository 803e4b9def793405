package apifuzz

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// draw is one request while it is drawn.
type draw struct {
	drawer
	run       *run
	operation *operation
	holder    holder

	path        map[string]string
	query       url.Values
	header      http.Header
	body        any    // of JSON bodies
	text        []byte // of the others, or what a body is made into; nil: body counts
	contentType string
	method      string
	token       string
	wrong       bool // it must not be taken
	refused     int  // the status that a bad token must get; 0: the token is good
}

func newDraw(r *run, o *operation, rng *rand.Rand, h holder) *draw {
	return &draw{drawer: drawer{rng: rng}, run: r, operation: o, holder: h}
}

// right draws a request as it should be.
func (d *draw) right() {
	o := d.operation
	d.sites, d.text, d.body, d.wrong, d.refused = nil, nil, nil, false, 0
	d.path, d.query, d.header = map[string]string{}, url.Values{}, http.Header{}
	d.method, d.token, d.contentType = o.method, d.holder.token, o.mediaType
	for _, p := range o.parameters {
		switch {
		case p.In == "path":
			d.path[p.Name] = d.pathValue(p)
		case !p.Required && d.rng.IntN(3) > 0:
		case p.In == "query":
			d.query.Set(p.Name, fmt.Sprint(d.plain(p.Schema.Value, 0)))
		default:
			d.header.Set(p.Name, asHeader(fmt.Sprint(d.plain(p.Schema.Value, 0))))
		}
	}
	d.rightBody()
}

// pathValue takes something that exists, mostly. What deletes is not let loose on
// it: it would take away what the other requests are about, the tokens too.
func (d *draw) pathValue(p *openapi3.Parameter) string {
	known := d.run.values(p.Name)
	switch {
	case p.Name == "source" && d.holder.source != "":
		return d.holder.source
	case len(known) > 0 && d.operation.method != http.MethodDelete && d.rng.IntN(5) > 0:
		return pick(d.rng, known)
	}
	if value := fmt.Sprint(d.plain(p.Schema.Value, 0)); strings.TrimSpace(value) != "" {
		return value
	}
	return "x"
}

func (d *draw) rightBody() {
	o := d.operation
	switch {
	case o.mediaType == "":
	case o.mediaType == "*/*":
		d.contentType = "application/json"
		d.text, _ = json.Marshal(map[string]any{"title": pick(d.rng, names()), "x": d.anything()})
	case o.mediaType != "application/json":
		d.text = []byte(pick(d.rng, hostile()) + "a: b\n")
		if example, ok := o.example.(string); ok {
			d.text = []byte(example)
		}
	case !o.bodyRequired && d.rng.IntN(4) == 0:
		d.contentType = ""
	default:
		d.body = d.value(o.schema, site{required: true, set: func(v any) { d.body = v }}, 0)
	}
}

// bytes gives the body as it stands.
func (d *draw) bytes() []byte {
	if d.text != nil || d.operation.mediaType == "" || d.contentType == "" {
		return d.text
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d.body); err != nil {
		return []byte("null") // drawn values are of JSON's kinds only
	}
	return bytes.TrimRight(out.Bytes(), "\n")
}

// request is what is sent.
func (d *draw) request(way string) request {
	path := d.operation.path
	for name, value := range d.path {
		path = strings.Replace(path, "{"+name+"}", url.PathEscape(value), 1)
	}
	if len(d.query) > 0 {
		path += "?" + d.query.Encode()
	}
	q := request{way: way, method: d.method, path: path, header: d.header, body: d.bytes(), token: d.token, wrong: d.wrong, refused: d.refused}
	if d.contentType != "" && (len(q.body) > 0 || d.operation.mediaType != "") {
		q.header.Set("Content-Type", d.contentType)
	}
	return q
}

// asHeader leaves what a header can hold: Go's client refuses the rest itself.
func asHeader(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}
