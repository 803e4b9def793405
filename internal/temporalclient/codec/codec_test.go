package codec_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

func newKey(t testing.TB) secret.String {
	t.Helper()
	key, err := codec.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ring(t testing.TB, keys map[string]secret.String, active string) *codec.Ring {
	t.Helper()
	made, err := codec.NewRing(keys, active)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// of gives the codec as the SDK would use it for a workflow; "" when the SDK does
// not say for which.
func of(c *codec.Codec, workflow string) converter.PayloadCodec {
	if workflow == "" {
		return c
	}
	return c.WithSerializationContext(converter.WorkflowSerializationContext{Namespace: "ignored", WorkflowID: workflow})
}

func text(data string) *commonpb.Payload {
	return &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: []byte("json/plain"), "other": []byte("kept")}, Data: []byte(data)}
}

func encode(t testing.TB, c converter.PayloadCodec, payload *commonpb.Payload) *commonpb.Payload {
	t.Helper()
	out, err := c.Encode([]*commonpb.Payload{payload})
	if err != nil || len(out) != 1 {
		t.Fatal(out, err)
	}
	return out[0]
}

func decode(c converter.PayloadCodec, payload *commonpb.Payload) (*commonpb.Payload, error) {
	out, err := c.Decode([]*commonpb.Payload{payload})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// TestRoundTrip comes back to the same payload whatever it holds, and shows none of it.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	c := codec.New(codec.Options{Ring: ring(t, map[string]secret.String{"a": newKey(t)}, ""), Namespace: "n"})
	rapid.Check(t, func(t *rapid.T) {
		payload := text(strings.Repeat(rapid.StringN(0, 200, -1).Draw(t, "data"), rapid.IntRange(1, 50).Draw(t, "times")))
		workflow := rapid.SampledFrom([]string{"", "INC-1"}).Draw(t, "workflow")
		sealed, err := of(c, workflow).Encode([]*commonpb.Payload{payload})
		if err != nil {
			t.Fatal(err)
		}
		back, err := of(c, rapid.SampledFrom([]string{"", workflow}).Draw(t, "reader")).Decode(sealed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(payload, back[0], protocmp.Transform()); diff != "" {
			t.Fatal(diff)
		}
		if whole, _ := proto.Marshal(sealed[0]); len(payload.Data) > 8 && bytes.Contains(whole, payload.Data) {
			t.Fatal("the data shows")
		}
	})
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	keys := map[string]secret.String{"old": newKey(t), "new": newKey(t)}
	c := codec.New(codec.Options{Ring: ring(t, keys, "new"), Namespace: "n"})
	sealed := encode(t, of(c, "INC-1"), text("canary"))
	changed := func(change func(*commonpb.Payload)) *commonpb.Payload {
		copied := proto.Clone(sealed).(*commonpb.Payload)
		change(copied)
		return copied
	}
	for name, row := range map[string]struct {
		reader  converter.PayloadCodec
		payload *commonpb.Payload
		want    string
	}{
		"another workflow":     {of(c, "INC-2"), sealed, `it belongs to the workflow "INC-1", not to "INC-2"`},
		"another namespace":    {of(codec.New(codec.Options{Ring: ring(t, keys, "new"), Namespace: "m"}), "INC-1"), sealed, "another namespace"},
		"a forged workflow":    {of(c, "INC-2"), changed(func(p *commonpb.Payload) { p.Metadata["encryption-workflow-id"] = []byte("INC-2") }), "cannot be decrypted"},
		"a dropped workflow":   {of(c, "INC-2"), changed(func(p *commonpb.Payload) { delete(p.Metadata, "encryption-workflow-id") }), "cannot be decrypted"},
		"a changed byte":       {of(c, "INC-1"), changed(func(p *commonpb.Payload) { p.Data[20] ^= 1 }), "changed bytes"},
		"cut":                  {of(c, "INC-1"), changed(func(p *commonpb.Payload) { p.Data = p.Data[:5] }), "cannot be decrypted"},
		"another key's name":   {of(c, "INC-1"), changed(func(p *commonpb.Payload) { p.Metadata["encryption-key-id"] = []byte("old") }), "cannot be decrypted"},
		"a key that is gone":   {of(codec.New(codec.Options{Ring: ring(t, map[string]secret.String{"old": keys["old"]}, ""), Namespace: "n"}), "INC-1"), sealed, `under the key "new", which is not in the ring`},
		"another key":          {of(codec.New(codec.Options{Ring: ring(t, map[string]secret.String{"new": newKey(t)}, ""), Namespace: "n"}), "INC-1"), sealed, "another key of that name"},
		"plain text":           {of(c, "INC-1"), text("x"), "plain text is not permitted"},
		"another's encryption": {of(c, "INC-1"), changed(func(p *commonpb.Payload) { p.Metadata = map[string][]byte{"encoding": []byte("binary/encrypted")} }), `under the key ""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decode(row.reader, row.payload)
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestRotationAndMigration(t *testing.T) {
	t.Parallel()
	keys := map[string]secret.String{"old": newKey(t), "new": newKey(t)}
	before := codec.New(codec.Options{Ring: ring(t, map[string]secret.String{"old": keys["old"]}, ""), Namespace: "n"})
	after := codec.New(codec.Options{Ring: ring(t, keys, "new"), Namespace: "n"})
	if back, err := decode(after, encode(t, before, text("x"))); err != nil || string(back.Data) != "x" {
		t.Errorf("the rotated ring does not read what the old key wrote: %v", err)
	}
	if got := string(encode(t, after, text("x")).Metadata["encryption-key-id"]); got != "new" {
		t.Errorf("it encrypts under %q", got)
	}
	moving := codec.New(codec.Options{Ring: ring(t, keys, "new"), Namespace: "n", PermitPlaintext: true})
	if back, err := decode(moving, text("plain")); err != nil || string(back.Data) != "plain" {
		t.Errorf("plain text is not read while it is permitted: %v", err)
	}
	sealed := encode(t, after, text("x"))
	if again := encode(t, after, sealed); again != sealed {
		t.Error("what is encrypted was encrypted again")
	}
}

// TestWorkersBlockAndDoNotFail: an error would end the workflow.
func TestWorkersBlockAndDoNotFail(t *testing.T) {
	t.Parallel()
	c := codec.New(codec.Options{Ring: ring(t, map[string]secret.String{"a": newKey(t)}, ""), Namespace: "n"})
	worker := c.ForWorker()
	task := worker.WithSerializationContext(converter.WorkflowSerializationContext{WorkflowID: "INC-1"})
	activity := worker.WithSerializationContext(converter.ActivitySerializationContext{WorkflowID: "INC-1"})
	if _, err := decode(activity, text("x")); err == nil {
		t.Error("an activity read plain text")
	}
	if _, err := decode(of(c, "INC-1"), text("x")); err == nil {
		t.Error("a client read plain text")
	}
	defer func() {
		if caught := fmt.Sprint(recover()); !strings.Contains(caught, "plain text is not permitted") {
			t.Errorf("a workflow task got %q instead of a panic", caught)
		}
	}()
	_, _ = decode(task, text("x"))
	t.Error("a workflow task went on")
}

func TestRings(t *testing.T) {
	t.Parallel()
	good := newKey(t)
	for name, row := range map[string]struct {
		keys   map[string]secret.String
		active string
		want   string
	}{
		"none":           {nil, "", "there is no key"},
		"two, no active": {map[string]secret.String{"a": good, "b": good}, "", "several keys (a, b)"},
		"unknown active": {map[string]secret.String{"a": good}, "b", `the active key "b" is not among the keys: a`},
		"not base64":     {map[string]secret.String{"a": secret.New("canary!")}, "", "key a: want 32 bytes in base64"},
		"too short":      {map[string]secret.String{"a": secret.New("Y2FuYXJ5")}, "", "key a: want 32 bytes in base64"},
		"a strange name": {map[string]secret.String{"a b": good}, "", "cannot be the name of a key"},
	} {
		if _, err := codec.NewRing(row.keys, row.active); err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}

func TestCanariesKnowTheirKey(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	made := ring(t, map[string]secret.String{"a": key}, "")
	canary := made.Canary()
	if err := ring(t, map[string]secret.String{"a": key, "b": newKey(t)}, "b").OpensCanary("a", canary); err != nil {
		t.Error(err)
	}
	if err := ring(t, map[string]secret.String{"a": newKey(t)}, "").OpensCanary("a", canary); err == nil || !strings.Contains(err.Error(), "is not the one") {
		t.Errorf("another key: %v", err)
	}
	err := ring(t, map[string]secret.String{"b": key}, "").OpensCanary("a", canary)
	if unknown, ok := errors.AsType[codec.UnknownKeyError](err); !ok || unknown.ID != "a" {
		t.Errorf("a key that is gone: %v", err)
	}
}

// TestLargeTextIsCompressed: payloads have a limit, and encryption must not bring
// incidents nearer to it.
func TestLargeTextIsCompressed(t *testing.T) {
	t.Parallel()
	c := codec.New(codec.Options{Ring: ring(t, map[string]secret.String{"a": newKey(t)}, ""), Namespace: "n"})
	if got := len(encode(t, c, text(strings.Repeat(`{"host":"web-01"}`, 1000))).Data); got > 1000 {
		t.Errorf("17,000 bytes that repeat became %d", got)
	}
	random := make([]byte, 20000)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	if got := len(encode(t, c, text(string(random))).Data); got > 20200 {
		t.Errorf("20,000 random bytes became %d", got)
	}
}
