package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// TestVector signs the example that Standard Webhooks publishes for its libraries.
func TestVector(t *testing.T) {
	t.Parallel()
	key, err := keyOf(secret.New("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
	if err != nil {
		t.Fatal(err)
	}
	got := sign([]secret.String{key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", `{"test": 2432232314}`)
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}

// takesURL gives the suite's address to a connector whose address is a secret.
type takesURL struct{ connector.Connector }

func (k takesURL) Manifest() *manifest.Manifest {
	copied := *k.Connector.Manifest()
	copied.Settings = append([]manifest.Setting{{Name: "at", Description: "of the test"}}, copied.Settings...)
	return &copied
}

func (k takesURL) Open(config connector.Config) (connector.Instance, error) {
	config.Secrets["url"] = secret.New(config.Settings["at"] + "/hook?token=" + config.Secrets["url"].Reveal())
	delete(config.Settings, "at")
	return k.Connector.Open(config)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	kind, err := Kind(nil)
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Run(t, connectortest.Suite{
		Kind:     takesURL{kind},
		Settings: func(url string) map[string]string { return map[string]string{"at": url} },
		Cases: map[string]connectortest.Case{"post": {
			Args: func(string) map[string]any { return map[string]any{"data": map[string]any{"a": 1.0}} }, AnyBody: true, Answer: "thanks",
		}},
	})
}

// arrived is what a receiver got, after it looked whether the signature is good.
type arrived struct {
	header http.Header
	query  string
	body   []byte
}

// verify is what doc.go tells receivers to do.
func verify(t *testing.T, a arrived, key []byte) {
	t.Helper()
	stamp, err := strconv.ParseInt(a.header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil || stamp != noon.Unix() {
		t.Errorf("timestamp %q", a.header.Get("Webhook-Timestamp"))
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(a.header.Get("Webhook-Id") + "." + a.header.Get("Webhook-Timestamp") + "."))
	mac.Write(a.body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for one := range strings.FieldsSeq(a.header.Get("Webhook-Signature")) {
		if hmac.Equal([]byte(one), []byte(want)) {
			return
		}
	}
	t.Errorf("no good signature in %q", a.header.Get("Webhook-Signature"))
}

func receiverAt(t *testing.T, answer func(n int, w http.ResponseWriter)) (url string, got *[]arrived) {
	t.Helper()
	got = &[]arrived{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = append(*got, arrived{r.Header.Clone(), r.URL.RequestURI(), body})
		answer(len(*got), w)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func open(t *testing.T, secrets, settings map[string]string) (connector.Instance, error) {
	t.Helper()
	kind, err := Kind(func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	config := connector.Config{Instance: "soc", Settings: settings, Secrets: map[string]secret.String{}}
	for name, value := range secrets {
		config.Secrets[name] = secret.New(value)
	}
	registry := connector.NewRegistry()
	if err := registry.Open(kind, config); err != nil {
		return nil, err
	}
	instance, _, _ := registry.Find("soc")
	return instance, nil
}

func post(t *testing.T, instance connector.Instance, data any) (connector.Result, error) {
	t.Helper()
	return instance.Do(t.Context(), connector.Call{
		Action: "post", Key: "5a1c0e", IncidentID: "INC-2026-000001", Args: map[string]any{"type": "host_isolated", "data": data},
		Sent: func(context.Context) error { return nil },
	})
}

func TestPost(t *testing.T) {
	t.Parallel()
	url, got := receiverAt(t, func(n int, w http.ResponseWriter) {
		if n == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	fresh, old := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")), "the secret of last year"
	instance, err := open(t, map[string]string{"url": url + "/in?token=t-0123456", "signing_secret": "whsec_" + fresh, "old_signing_secret": old}, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]any{"host": "ws-042\r\nWebhook-Id: forged", "note": "<script>"}
	if _, err := post(t, instance, data); connector.Classify(err, true).Class != connector.Unknown {
		t.Errorf("502 after the event was sent: %v", err)
	}
	result, err := post(t, instance, data)
	if err != nil || !cmp.Equal(result.Output, map[string]any{"id": "5a1c0e", "status": 200}) {
		t.Fatalf("%v %v", result.Output, err)
	}
	if len(*got) != 2 {
		t.Fatalf("%d requests", len(*got))
	}
	for _, one := range *got {
		verify(t, one, []byte("0123456789abcdef0123456789abcdef"))
		verify(t, one, []byte(old))
		if one.query != "/in?token=t-0123456" || one.header.Get("Content-Type") != "application/json" || one.header.Get("Webhook-Id") != "5a1c0e" || one.header.Get("Idempotency-Key") != "5a1c0e" {
			t.Errorf("%s %v", one.query, one.header)
		}
		var body map[string]any
		if err := json.Unmarshal(one.body, &body); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"id": "5a1c0e", "type": "host_isolated", "timestamp": "2026-03-02T12:00:00Z", "incident_id": "INC-2026-000001", "data": data}
		if diff := cmp.Diff(want, body); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	good := map[string]string{"url": "https://hook.invalid/x", "signing_secret": "sixteen letters!"}
	with := func(name, value string) map[string]string {
		row := map[string]string{}
		for n, v := range good {
			row[n] = v
		}
		row[name] = value
		return row
	}
	rows := map[string]struct {
		secrets, settings map[string]string
		says              string
	}{
		"no secret":                  {map[string]string{"url": good["url"]}, nil, `"signing_secret" is required`},
		"a short secret":             {with("signing_secret", "short"), nil, "signing_secret: it is too short"},
		"a secret that is no base64": {with("signing_secret", "whsec_*****************"), nil, "signing_secret: what follows whsec_ is no base64"},
		"a short old secret":         {with("old_signing_secret", "whsec_QUJD"), nil, "old_signing_secret: it is too short"},
		"no address":                 {with("url", "hook.invalid"), nil, "setting url: it cannot be read"},
		"plain http":                 {with("url", "http://hook.invalid/x"), nil, "not encrypted"},
		"a password in it":           {with("url", "https://a:b@hook.invalid/x"), nil, "user or password"},
		"a network that is none":     {good, map[string]string{"networks": "10.0.0.1"}, "setting networks"},
		"a setting that is none":     {good, map[string]string{"secret": "x"}, `"secret" is not a plain setting`},
	}
	for name, row := range rows {
		if _, err := open(t, row.secrets, row.settings); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	instance, err := open(t, good, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := post(t, instance, strings.Repeat("x", bodyMost)); err == nil || !strings.Contains(err.Error(), "at most 262144") {
		t.Errorf("a huge event: %v", err)
	}
	if _, err := instance.Do(t.Context(), connector.Call{Action: "post", Args: map[string]any{"data": map[string]any{}}}); connector.Classify(err, false).Class != connector.Permanent {
		t.Errorf("without a key: %v", err)
	}
	if _, err := open(t, good, map[string]string{"plaintext": "allowed", "networks": " 10.0.0.0/8 , 192.0.2.0/24"}); err != nil {
		t.Error(err)
	}
}

// TestNetworks: an address that leads elsewhere than the networks say is not called.
func TestNetworks(t *testing.T) {
	t.Parallel()
	url, got := receiverAt(t, func(int, http.ResponseWriter) {})
	instance, err := open(t, map[string]string{"url": url, "signing_secret": "sixteen letters!"}, map[string]string{"networks": "192.0.2.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := post(t, instance, map[string]any{}); connector.Classify(err, false).Class != connector.Permanent || len(*got) != 0 {
		t.Errorf("%v, %d requests", err, len(*got))
	}
}
