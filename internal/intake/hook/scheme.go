package hook

import (
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// ruleVerify is the rule that faults of a verify block are reported under, besides
// those of strictyaml.
const ruleVerify = "mapping_verify"

// Forms of signatures and secrets.
const (
	schemeHMAC     = "hmac_sha256"
	encodingHex    = "hex"
	encodingBase64 = "base64"
	secretText     = "text"
	secretBase64   = "base64" // after whsec_, which is cut off
)

// Bounds of the time that a signature is good for.
const (
	toleranceLeast   = time.Second
	toleranceMost    = time.Hour
	toleranceDefault = 5 * time.Minute
)

// Scheme is how one tool signs: HMAC-SHA-256 over a text that holds the body.
type Scheme struct {
	Header    string     // canonical name of the header with the signature
	Prefix    string     // before each signature: "sha256="
	Separator string     // between several signatures; empty: there is one
	Encoding  string     // hex (lower case) or base64
	Secret    string     // text: the key is the secret's bytes; base64: they are decoded first
	Timestamp *Timestamp // nil: nothing says when it was signed
	signed    []part
}

// Timestamp says where the time of signing stands, in seconds since 1970.
type Timestamp struct {
	Header    string        // may be the header of the signature
	Prefix    string        // before it, among the parts of that header
	Tolerance time.Duration // how far from now it may be, either way
}

// part is one piece of the signed text.
type part struct {
	kind partKind
	text string // of a literal; name of a header
}

type partKind int

const (
	partLiteral partKind = iota
	partBody
	partTimestamp
	partHeader
)

var (
	headerForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)
	pieceForm  = regexp.MustCompile(`\{[^{}]*\}|[^{}]+|[{}]`)
)

// ParseScheme reads a verify block and reports its faults to r. The scheme is of no
// use when there were any.
func ParseScheme(r *strictyaml.Reader, n *strictyaml.Node) *Scheme {
	known := []string{"scheme", "header", "prefix", "separator", "encoding", "secret", "timestamp", "signed"}
	if !r.Keys(n, "verify", known, []string{"scheme", "header", "encoding"}) {
		return nil
	}
	r.Choice(n.Get("scheme"), "scheme", []string{schemeHMAC})
	s := &Scheme{
		Header: header(r, n.Get("header")), Encoding: r.Choice(n.Get("encoding"), "encoding", []string{encodingHex, encodingBase64}),
		Prefix: optionalText(r, n.Get("prefix"), "prefix"), Separator: optionalText(r, n.Get("separator"), "separator"), Secret: secretText,
	}
	if secret := n.Get("secret"); secret != nil {
		s.Secret = r.Choice(secret, "secret", []string{secretText, secretBase64})
	}
	s.Timestamp = timestamp(r, n.Get("timestamp"))
	s.signed = []part{{kind: partBody}}
	if signed := n.Get("signed"); signed != nil {
		s.signed = template(r, signed)
	}
	s.checkTimestamp(r, n)
	return s
}

func optionalText(r *strictyaml.Reader, n *strictyaml.Node, what string) string {
	if n == nil {
		return ""
	}
	return r.Text(n, what)
}

func header(r *strictyaml.Reader, n *strictyaml.Node) string {
	name := optionalText(r, n, "header")
	if n != nil && !n.Bad && (!headerForm.MatchString(name) || textproto.CanonicalMIMEHeaderKey(name) == "Authorization") {
		r.Fault(n, ruleVerify, "header must be the name of a header, and not Authorization", "as X-Hub-Signature-256; Authorization carries a token")
	}
	return textproto.CanonicalMIMEHeaderKey(name)
}

func timestamp(r *strictyaml.Reader, n *strictyaml.Node) *Timestamp {
	if n == nil || !r.Keys(n, "timestamp", []string{"header", "prefix", "tolerance"}, []string{"header"}) {
		return nil
	}
	t := &Timestamp{Header: header(r, n.Get("header")), Prefix: optionalText(r, n.Get("prefix"), "prefix"), Tolerance: toleranceDefault}
	if tolerance := n.Get("tolerance"); tolerance != nil {
		t.Tolerance = r.Duration(tolerance, "tolerance", toleranceLeast, toleranceMost)
	}
	return t
}

// template reads text with {body}, {timestamp} and {header:Name} in it.
func template(r *strictyaml.Reader, n *strictyaml.Node) []part {
	var parts []part
	bodies := 0
	for _, piece := range pieceForm.FindAllString(r.Text(n, "signed"), -1) {
		name, isHeader := strings.CutPrefix(strings.Trim(piece, "{}"), "header:")
		switch {
		case piece == "{body}":
			bodies++
			parts = append(parts, part{kind: partBody})
		case piece == "{timestamp}":
			parts = append(parts, part{kind: partTimestamp})
		case isHeader && piece[0] == '{' && headerForm.MatchString(name):
			parts = append(parts, part{partHeader, textproto.CanonicalMIMEHeaderKey(name)})
		case strings.ContainsAny(piece, "{}"):
			r.Fault(n, ruleVerify, fmt.Sprintf("signed has %s, which means nothing", piece), "known: {body}, {timestamp}, {header:Name}")
		default:
			parts = append(parts, part{partLiteral, piece})
		}
	}
	if bodies != 1 {
		r.Fault(n, ruleVerify, "signed must hold {body} once", "a signature that does not cover the body proves nothing")
	}
	return parts
}

// checkTimestamp refuses a time that is checked but not signed, which anybody can
// set, and one that is signed but not checked.
func (s *Scheme) checkTimestamp(r *strictyaml.Reader, n *strictyaml.Node) {
	signed := false
	for _, p := range s.signed {
		signed = signed || p.kind == partTimestamp
	}
	switch {
	case s.Timestamp != nil && !signed && n.Get("timestamp") != nil:
		r.Fault(n.Get("timestamp"), ruleVerify, "the timestamp is not part of what is signed", "write signed: with {timestamp} in it")
	case s.Timestamp == nil && signed && n.Get("timestamp") == nil:
		r.Fault(n.Get("signed"), ruleVerify, "signed has {timestamp}, but nothing says where it stands", "write timestamp: {header: NAME}")
	}
}
