package codec_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

// sealedFor gives payloads, and what a worker makes of them in a workflow.
func sealedFor(t *testing.T, c *codec.Codec, workflow string, values ...string) (plain, sealed []*commonpb.Payload) {
	t.Helper()
	for _, value := range values {
		plain = append(plain, text(value))
		sealed = append(sealed, encode(t, of(c, workflow), text(value)))
	}
	return plain, sealed
}

func request(t *testing.T, payloads ...*commonpb.Payload) []byte {
	t.Helper()
	body, err := protojson.Marshal(&commonpb.Payloads{Payloads: payloads})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestAnswerDecrypts(t *testing.T) {
	t.Parallel()
	keys := ring(t, map[string]secret.String{"k": newKey(t)}, "k")
	c := codec.New(codec.Options{Ring: keys, Namespace: "default"})
	plainOne, one := sealedFor(t, c, "INC-1", "a", strings.Repeat("b", 5000))
	plainTwo, two := sealedFor(t, c, "INC-2", "c")
	open := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`"read by everybody"`)}

	got, err := c.Answer(request(t, append(append(two, open), one...)...))
	if err != nil {
		t.Fatal(err)
	}
	if got.Decrypted != 3 || !cmp.Equal(got.Workflows, []string{"INC-1", "INC-2"}) {
		t.Errorf("it says %d payloads of %q", got.Decrypted, got.Workflows)
	}
	var answered commonpb.Payloads
	if err := protojson.Unmarshal(got.Body, &answered); err != nil {
		t.Fatal(err)
	}
	want := append(append(plainTwo, open), plainOne...)
	if diff := cmp.Diff(want, answered.GetPayloads(), protocmp.Transform()); diff != "" {
		t.Errorf("payloads (-want +got):\n%s", diff)
	}
}

func TestAnswerRefuses(t *testing.T) {
	t.Parallel()
	keys := ring(t, map[string]secret.String{"k": newKey(t)}, "k")
	c := codec.New(codec.Options{Ring: keys, Namespace: "default"})
	_, sealed := sealedFor(t, c, "INC-1", "a")
	_, other := sealedFor(t, codec.New(codec.Options{Ring: keys, Namespace: "other"}), "INC-1", "a")
	_, moved := sealedFor(t, c, "INC-1", "a")
	moved[0].Metadata["encryption-workflow-id"] = []byte("INC-2")
	_, changed := sealedFor(t, c, "INC-1", "a")
	changed[0].Data[20] ^= 1
	_, short := sealedFor(t, c, "INC-1", "a")
	short[0].Data = short[0].Data[:5]
	_, keyless := sealedFor(t, c, "INC-1", "a")
	keyless[0].Metadata["encryption-key-id"] = []byte("\xff\x00")

	for name, row := range map[string]struct {
		body []byte
		want string
	}{
		"nothing":           {nil, "the body is not"},
		"no JSON":           {[]byte("<xml/>"), "the body is not"},
		"a list":            {[]byte("[]"), "the body is not"},
		"null in the list":  {[]byte(`{"payloads":[null]}`), "the body is not"},
		"no base64":         {[]byte(`{"payloads":[{"metadata":{"encoding":"binary/encrypted!"}}]}`), "the body is not"},
		"other fields":      {[]byte(`{"payloads":[],"encode":true}`), "the body is not"},
		"deep":              {[]byte(strings.Repeat(`{"payloads":[`, 20000)), "the body is not"},
		"too many":          {[]byte(`{"payloads":[{}` + strings.Repeat(",{}", 1024) + `]}`), "there are 1025 payloads"},
		"another namespace": {request(t, sealed[0], other[0]), "payloads[1]: it cannot be decrypted"},
		"another workflow":  {request(t, moved...), "payloads[0]: it cannot be decrypted"},
		"changed bytes":     {request(t, changed...), "payloads[0]: it cannot be decrypted"},
		"half of it":        {request(t, short...), "payloads[0]: it cannot be decrypted"},
		"a key of garbage":  {request(t, keyless...), "payloads[0]: it is encrypted under the key"},
		"only a claim":      {[]byte(`{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA=="}}]}`), "payloads[0]: it is encrypted under the key"},
	} {
		got, err := c.Answer(row.body)
		if soar.CodeOf(err) != soar.CodeInvalid || !strings.HasPrefix(soar.MessageOf(err), row.want) || got.Body != nil {
			t.Errorf("%s: got %v (%s), want %q", name, err, soar.MessageOf(err), row.want)
		}
	}
}
