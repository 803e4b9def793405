package codec

import (
	"encoding/binary"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// Metadata of an encrypted payload. The first two names are those that other codecs
// use, too.
const (
	metaKey      = "encryption-key-id"
	metaCipher   = "encryption-cipher"
	metaWorkflow = "encryption-workflow-id" // whom it is bound to; absent: nobody
	encrypted    = "binary/encrypted"
	cipherName   = "AES-256-GCM"
)

// Options of New.
type Options struct {
	Ring      *Ring
	Namespace string

	// PermitPlaintext reads payloads that are not encrypted, while an installation
	// moves to encryption. Without it a plain payload is refused: whoever can write
	// into Temporal's database could put one there.
	PermitPlaintext bool
}

// Codec encrypts and decrypts payloads. It is safe for many goroutines.
type Codec struct {
	options  Options
	workflow string // whose payloads these are; empty: not known
	blocking bool   // see ForWorker
	inTask   bool
}

// New makes a codec.
func New(options Options) *Codec { return &Codec{options: options} }

// ForWorker gives a codec that panics inside workflow tasks instead of giving an
// error: the SDK then tries the task again until a worker with the right keys takes
// it. An error would end the workflow, and with it the incident.
func (c *Codec) ForWorker() *Codec {
	worker := *c
	worker.blocking = true
	return &worker
}

// WithSerializationContext implements converter.PayloadCodecWithSerializationContext.
func (c *Codec) WithSerializationContext(context converter.SerializationContext) converter.PayloadCodec {
	bound := *c
	switch about := context.(type) {
	case converter.WorkflowSerializationContext:
		bound.workflow, bound.inTask = about.WorkflowID, c.blocking
	case converter.ActivitySerializationContext:
		bound.workflow, bound.inTask = about.WorkflowID, false
	default: // what is not about one workflow is bound to the namespace alone
		bound.workflow, bound.inTask = "", false
	}
	return &bound
}

// Encode encrypts each payload. One that is encrypted already stays as it is, so that
// the codec endpoint can be asked twice.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if isEncrypted(payload) {
			out[i] = payload
			continue
		}
		plain, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("encrypt a payload: %w", err)
		}
		key := c.options.Ring.Active()
		sealed := &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encrypted), metaKey: []byte(key), metaCipher: []byte(cipherName)},
			Data:     c.options.Ring.seal(pack(plain), c.bound(key, c.workflow)),
		}
		if c.workflow != "" {
			sealed.Metadata[metaWorkflow] = []byte(c.workflow)
		}
		out[i] = sealed
	}
	return out, nil
}

// Decode decrypts each payload.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		plain, err := c.decode(payload)
		if err != nil {
			err = fmt.Errorf("a payload cannot be read: %w", err)
			if c.inTask {
				panic(err)
			}
			return nil, err
		}
		out[i] = plain
	}
	return out, nil
}

func (c *Codec) decode(payload *commonpb.Payload) (*commonpb.Payload, error) {
	if !isEncrypted(payload) {
		if c.options.PermitPlaintext {
			return payload, nil
		}
		return nil, errors.New("it is not encrypted, and plain text is not permitted")
	}
	owner := string(payload.GetMetadata()[metaWorkflow])
	if owner != "" && c.workflow != "" && owner != c.workflow {
		return nil, fmt.Errorf("it belongs to the workflow %q, not to %q", owner, c.workflow)
	}
	key := string(payload.GetMetadata()[metaKey])
	packed, err := c.options.Ring.open(key, payload.GetData(), c.bound(key, owner))
	if err != nil {
		return nil, err
	}
	plain, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	var out commonpb.Payload
	if err := proto.Unmarshal(plain, &out); err != nil {
		return nil, errors.New("what was encrypted is no payload")
	}
	return &out, nil
}

func (c *Codec) bound(key, workflow string) []byte {
	return fields("payload", key, c.options.Namespace, workflow)
}

func isEncrypted(payload *commonpb.Payload) bool {
	return string(payload.GetMetadata()[converter.MetadataEncoding]) == encrypted
}

// fields joins texts so that no two lists of texts give the same bytes.
func fields(purpose string, texts ...string) []byte {
	out := []byte("tocsin/" + purpose + "/v1")
	for _, text := range texts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(text))) //nolint:gosec // names of a few bytes
		out = append(out, text...)
	}
	return out
}
