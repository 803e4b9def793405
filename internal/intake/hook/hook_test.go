package hook

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// The schemes themselves are tested at the door, in api/hook_test.go.

func parse(t *testing.T, text string) (*Scheme, []string) {
	t.Helper()
	document, faults := strictyaml.Load("verify.yaml", []byte(text), strictyaml.Limits{})
	if document == nil {
		t.Fatal(faults)
	}
	r := &strictyaml.Reader{File: "verify.yaml", List: faults}
	scheme := ParseScheme(r, document.Root)
	var told []string
	for _, fault := range r.List {
		told = append(told, fault.Position.String()+" "+fault.Rule+": "+fault.Message)
	}
	return scheme, told
}

func TestSchemeFaults(t *testing.T) {
	t.Parallel()
	const start = "scheme: hmac_sha256\nheader: X-Sig\nencoding: hex\n"
	for _, row := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "{}", []string{`needs the key "scheme"`, `needs the key "header"`, `needs the key "encoding"`}},
		{"another scheme", "scheme: none\nheader: X-Sig\nencoding: hex", []string{`1:9 choice: scheme must be hmac_sha256, not "none"`}},
		{"a misspelt key", start + "prefx: x", []string{`4:1 unknown_key: verify has no key "prefx"`}},
		{"a header with a blank", "scheme: hmac_sha256\nheader: X Sig\nencoding: hex", []string{"2:9 mapping_verify: header must be the name of a header"}},
		{"the header of tokens", "scheme: hmac_sha256\nheader: authorization\nencoding: hex", []string{"2:9 mapping_verify: header must be the name of a header, and not Authorization"}},
		{"body not signed", start + "timestamp: {header: X-T}\nsigned: '{timestamp}'", []string{"5:9 mapping_verify: signed must hold {body} once"}},
		{"body signed twice", start + "signed: '{body}{body}'", []string{"4:9 mapping_verify: signed must hold {body} once"}},
		{"a time that is not signed", start + "timestamp: {header: X-T}", []string{"4:12 mapping_verify: the timestamp is not part of what is signed"}},
		{"a time that stands nowhere", start + "signed: '{timestamp}.{body}'", []string{"4:9 mapping_verify: signed has {timestamp}, but nothing says where it stands"}},
		{"an unknown part", start + "signed: '{id}{body}'", []string{"4:9 mapping_verify: signed has {id}, which means nothing"}},
		{"a brace alone", start + "signed: '}{body}'", []string{"4:9 mapping_verify: signed has }, which means nothing"}},
		{"a tolerance of a day", start + "timestamp: {header: X-T, tolerance: 1d}\nsigned: '{timestamp}{body}'", []string{"range: tolerance must be from 1s to 1h"}},
		{"a tolerance without a unit", start + "timestamp: {header: X-T, tolerance: 300}\nsigned: '{timestamp}{body}'", []string{"duration: tolerance is a number without a unit"}},
		{"text", "sha256", []string{"wrong_type"}},
	} {
		_, told := parse(t, row.text)
		all := strings.Join(told, "\n")
		for _, want := range row.want {
			if !strings.Contains(all, want) {
				t.Errorf("%s: told\n%s\nwant %q", row.name, all, want)
			}
		}
		if len(told) != len(row.want) {
			t.Errorf("%s: %d faults, want %d:\n%s", row.name, len(told), len(row.want), all)
		}
	}
}

func TestSchemeAsRead(t *testing.T) {
	t.Parallel()
	got, told := parse(t, "scheme: hmac_sha256\nheader: webhook-signature\nprefix: 'v1,'\nseparator: ' '\nencoding: base64\nsecret: base64\ntimestamp: {header: webhook-timestamp}\nsigned: '{header:webhook-id}.{timestamp}.{body}'\n")
	want := &Scheme{
		Header: "Webhook-Signature", Prefix: "v1,", Separator: " ", Encoding: "base64", Secret: "base64",
		Timestamp: &Timestamp{Header: "Webhook-Timestamp", Tolerance: 5 * time.Minute},
		signed:    []part{{partHeader, "Webhook-Id"}, {partLiteral, "."}, {kind: partTimestamp}, {partLiteral, "."}, {kind: partBody}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Scheme{}, part{})); diff != "" || len(told) > 0 {
		t.Errorf("%v (-want +got):\n%s", told, diff)
	}
}

func TestSecretsThatEndTheStart(t *testing.T) {
	t.Parallel()
	text, _ := parse(t, "scheme: hmac_sha256\nheader: X-Sig\nencoding: hex\n")
	encoded, _ := parse(t, "scheme: hmac_sha256\nheader: X-Sig\nencoding: hex\nsecret: base64\n")
	schemes := func(source string) *Scheme { return map[string]*Scheme{"text": text, "encoded": encoded}[source] }
	const good, short = "0123456789abcdef", "0123456789abcde"
	for _, row := range []struct {
		name, source string
		secrets      []string
		want         string // "": it starts
	}{
		{"one", "text", []string{good}, ""},
		{"two", "text", []string{good, good + "x"}, ""},
		{"base64", "encoded", []string{"whsec_MDEyMzQ1Njc4OWFiY2RlZg=="}, ""},
		{"none", "text", nil, "needs 1 to 4 secrets"},
		{"five", "text", []string{good, good, good, good, good}, "needs 1 to 4 secrets"},
		{"empty", "text", []string{""}, "secret 1 has 0 bytes, at least 16"},
		{"short", "text", []string{good, short}, "secret 2 has 15 bytes"},
		{"no base64", "encoded", []string{good + "!"}, "secret 1 is not base64"},
		{"short once decoded", "encoded", []string{"whsec_MDEyMw=="}, "secret 1 has 4 bytes"},
		{"no such source", "gihub", []string{good}, "no source gihub"},
	} {
		var secrets []secret.String
		for _, s := range row.secrets {
			secrets = append(secrets, secret.New(s))
		}
		_, err := NewVerifier(Options{Scheme: schemes, Secrets: map[string][]secret.String{row.source: secrets}})
		if (err == nil) != (row.want == "") || (err != nil && !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), "0123456789") {
			t.Errorf("%s: the error shows the secret: %v", row.name, err)
		}
	}
}

func TestPrincipalOfASignature(t *testing.T) {
	t.Parallel()
	scheme, _ := parse(t, "scheme: hmac_sha256\nheader: X-Sig\nencoding: hex\n")
	v, err := NewVerifier(Options{Scheme: func(string) *Scheme { return scheme }, Secrets: map[string][]secret.String{"tool": {secret.New("Jefe, what do you")}}})
	if err != nil {
		t.Fatal(err)
	}
	// Made with: printf 'want for nothing?' | openssl dgst -sha256 -hmac 'Jefe, what do you'
	header := http.Header{"X-Sig": {"c87e19ba6f8b821e74dd64c130d4ad06982cf51185488fabeb25723449f1ef14"}}
	got, err := v.Verify(t.Context(), "tool", header, func() ([]byte, error) { return []byte("want for nothing?"), nil })
	want := soar.Principal{Actor: soar.Actor{Kind: soar.ActorTool, ID: "tool"}, Roles: []soar.Role{soar.RoleTool}, Source: "tool", Scopes: []string{"alert:send"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// FuzzVerify: no header and no body makes it panic or fit without the secret.
func FuzzVerify(f *testing.F) {
	f.Add("v1=00,t=1", "msg", "1772452800", "body")
	f.Add("v1,AAAA v1,", "a.b", "-1", "")
	scheme := &Scheme{
		Header: "S", Prefix: "v1=", Separator: ",", Encoding: encodingHex, Timestamp: &Timestamp{Header: "T", Tolerance: time.Hour},
		signed: []part{{partHeader, "I"}, {partLiteral, "."}, {kind: partTimestamp}, {partLiteral, "."}, {kind: partBody}},
	}
	keys := []secret.String{secret.New("a secret that nobody knows")}
	f.Fuzz(func(t *testing.T, signature, id, stamp, body string) {
		header := http.Header{"S": {signature}, "I": {id}, "T": {stamp}}
		if scheme.verify(keys, header, []byte(body), time.Unix(1772452800, 0)) == nil {
			t.Errorf("%q fits", signature)
		}
	})
}
