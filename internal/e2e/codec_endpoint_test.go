package e2e

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

// token gives the text of a token of a person with this role.
func (p *product) token(t *testing.T, role soar.Role, scopes ...string) string {
	t.Helper()
	issued, err := p.app.Tokens().Issue(t.Context(), soar.System("test"),
		access.TokenRequest{Name: "codec", Person: string(role) + "@lab.invalid", Roles: []soar.Role{role}, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return issued.Text.Reveal()
}

// remote is the codec that Temporal's command line has with --codec-endpoint and
// --codec-auth.
func (p *product) remote(token string) converter.PayloadCodec {
	return converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{
		Endpoint: p.url + "/codec",
		ModifyRequest: func(request *http.Request) error {
			request.Header.Set("X-Namespace", "default")
			request.Header.Set("Authorization", "Bearer "+token)
			return nil
		},
	})
}

// asked sends one request to the codec endpoint.
func (p *product) asked(t *testing.T, header map[string]string, body []byte) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/codec/decode", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	whole, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(whole)
}

// TestCodecEndpointGivesOnlyWhatOneMaySee asks for payloads of an incident, of another
// namespace and of nobody's incident.
func TestCodecEndpointGivesOnlyWhatOneMaySee(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	incident := v.incidentOf(t, v.send(t, canaryAlert("1", "web-01")))
	ring, err := codec.NewRing(v.keys, "first")
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(namespace, workflow string) []byte {
		plain := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`"canary-title"`)}
		bound := codec.New(codec.Options{Ring: ring, Namespace: namespace}).WithSerializationContext(converter.WorkflowSerializationContext{WorkflowID: workflow})
		payloads, err := bound.Encode([]*commonpb.Payload{plain})
		if err != nil {
			t.Fatal(err)
		}
		body, err := protojson.Marshal(&commonpb.Payloads{Payloads: payloads})
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	analyst, own := v.token(t, soar.RoleAnalyst), sealed("default", incident)
	blind := v.token(t, soar.RoleAnalyst, string(access.PayloadDecode))
	for name, row := range map[string]struct {
		token, namespace string
		body             []byte
		status           int
		want             string
	}{
		"an analyst":            {analyst, "default", own, 200, "ImNhbmFyeS10aXRsZSI="},
		"nobody":                {"", "default", own, 401, "a token is needed"},
		"a manager":             {v.token(t, soar.RoleManager), "default", own, 403, "payload:decode"},
		"who sees no incidents": {blind, "default", own, 404, "there is no incident " + incident},
		"nobody's incident":     {analyst, "default", sealed("default", "INC-2026-ZZZZZZ"), 404, "there is no incident INC-2026-ZZZZZZ"},
		"another header":        {analyst, "other", own, 400, "only payloads of the namespace"},
		"no header":             {analyst, "", own, 400, "only payloads of the namespace"},
		"another namespace":     {analyst, "default", sealed("other", incident), 400, "another namespace"},
		"garbage":               {analyst, "default", []byte("garbage"), 400, "the body is not"},
	} {
		header := map[string]string{"X-Namespace": row.namespace}
		if row.token != "" {
			header["Authorization"] = "Bearer " + row.token
		}
		if status, text := v.asked(t, header, row.body); status != row.status || !strings.Contains(text, row.want) {
			t.Errorf("%s: got %d %s, want %d with %s", name, status, text, row.status, row.want)
		}
	}
}
