package activities

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what an action may bring back.
const (
	maxOutput     = 64 << 10 // bytes of JSON in a result; beyond it values go by reference
	maxBlobOutput = 16 << 20
	maxEvidence   = 1 << 30 // bytes of one item
	evidenceTime  = 10 * time.Minute
)

// storeEvidence streams the items into the store, each with its first custody
// entry. Bodies are read once and closed whatever happens.
func (t *attempt) storeEvidence(ctx context.Context, items []connector.Item) ([]protocol.EvidenceRef, error) {
	defer discard(items)
	var refs []protocol.EvidenceRef
	for _, item := range items {
		ref, err := t.storeItem(ctx, item)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

func (t *attempt) storeItem(ctx context.Context, item connector.Item) (protocol.EvidenceRef, error) {
	sum256, sum512, size, err := t.deps.Store.BlobPut(ctx, item.Body, maxEvidence)
	if err != nil {
		return protocol.EvidenceRef{}, err
	}
	now, by := t.deps.Now().UTC(), t.actor()
	kept := soar.Evidence{
		ID: evidenceID(t.request.Key, item.Name, sum256), IncidentID: t.request.IncidentID, StepPath: t.request.StepKey,
		Name: item.Name, MediaType: item.MediaType, Bytes: size, SHA256: sum256, SHA512: sum512,
		Source: item.Source, Method: t.method(), Volatility: item.Volatility, CollectedBy: by, CollectedAt: now, TLP: soar.TLPAmber,
	}
	custody := soar.CustodyEntry{EvidenceID: kept.ID, Seq: 1, What: "collected", By: by, Why: "step " + t.request.StepKey + " of playbook " + t.request.Playbook, SHA256: sum256, At: now}
	if err := t.deps.Store.EvidenceInsert(ctx, kept, custody, t.evidenceEvent(kept)); err != nil {
		return protocol.EvidenceRef{}, err
	}
	return protocol.EvidenceRef{ID: kept.ID, Name: kept.Name, SHA256: sum256, Bytes: size}, nil
}

// method says how an item was obtained, to be repeated by somebody else.
func (t *attempt) method() string {
	args, err := json.Marshal(t.request.Args)
	if err != nil {
		return t.ref()
	}
	return t.ref() + " " + string(args)
}

// storedEvidence finds what an earlier attempt of the same action stored.
func (t *attempt) storedEvidence(ctx context.Context) ([]protocol.EvidenceRef, error) {
	if !t.action.Evidence {
		return nil, nil
	}
	items, err := t.deps.Store.EvidenceList(ctx, t.request.IncidentID)
	if err != nil {
		return nil, err
	}
	var refs []protocol.EvidenceRef
	for _, item := range items {
		if item.ID == evidenceID(t.request.Key, item.Name, item.SHA256) {
			refs = append(refs, protocol.EvidenceRef{ID: item.ID, Name: item.Name, SHA256: item.SHA256, Bytes: item.Bytes})
		}
	}
	return refs, nil
}

// evidenceID is made of what the item is, so that collecting the same again makes
// no second item and other contents never meet under one id.
func evidenceID(key, name, digest string) string {
	const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	sum := sha256.Sum256([]byte(key + "\x00" + name + "\x00" + digest))
	return "EVD-" + base32.NewEncoding(crockford).EncodeToString(sum[:])[:10]
}

func discard(items []connector.Item) {
	for _, item := range items {
		if item.Body != nil {
			_ = item.Body.Close()
		}
	}
}

// bound keeps an output within what may cross Temporal: the longest values go to
// the blob store until the rest fits.
func (t *attempt) bound(ctx context.Context, output map[string]any) (map[string]any, error) {
	sizes, total, err := sizesOf(output)
	if err != nil || total <= maxOutput {
		return output, err
	}
	output = maps.Clone(output)
	names := slices.SortedFunc(maps.Keys(sizes), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(sizes[b]), len(sizes[a])), cmp.Compare(a, b))
	})
	for _, name := range names {
		if total <= maxOutput {
			break
		}
		reference, err := t.refer(ctx, sizes[name])
		if err != nil {
			return nil, err
		}
		total -= len(sizes[name]) - len(`{"by_reference":true,"len":1234567890,"sha256":""}`) - 64
		output[name] = reference
	}
	return output, nil
}

func (t *attempt) refer(ctx context.Context, body []byte) (map[string]any, error) {
	sum256, _, _, err := t.deps.Store.BlobPut(ctx, bytes.NewReader(body), maxBlobOutput)
	if err != nil {
		return nil, err
	}
	return map[string]any{"by_reference": true, "sha256": sum256, "len": len(body)}, nil
}

func sizesOf(output map[string]any) (sizes map[string][]byte, total int, err error) {
	sizes = map[string][]byte{}
	for name, value := range output {
		body, err := json.Marshal(value)
		if err != nil {
			return nil, 0, soar.Wrap(soar.CodeInvalid, "activities.bound", err, "the output field %s cannot be written as JSON", name)
		}
		sizes[name] = body
		total += len(body) + len(name) + 4
	}
	return sizes, total, nil
}
