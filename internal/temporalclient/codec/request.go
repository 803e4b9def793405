package codec

import (
	"fmt"
	"maps"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// mostPayloads bounds one request to the codec endpoint. The Temporal UI asks for
// what one event holds.
const mostPayloads = 1024

// Answer is what the codec endpoint found in one request.
type Answer struct {
	Body      []byte   // {"payloads": [...]}, in the order of the request
	Decrypted int      // payloads that were encrypted
	Workflows []string // whose they are, sorted; a payload may be nobody's
}

// Answer decrypts the body of a request to a codec endpoint, {"payloads": [...]} as
// protobuf's JSON has it. A payload that is not encrypted is given back as it came,
// whatever PermitPlaintext says: the asker has read it already, and search attributes
// are never encrypted. One that cannot be decrypted makes the whole request invalid,
// because the protocol has no place for an error beside each.
func (c *Codec) Answer(body []byte) (Answer, error) {
	const op = "codec.Answer"
	var asked commonpb.Payloads
	if err := protojson.Unmarshal(body, &asked); err != nil {
		return Answer{}, soar.Wrap(soar.CodeInvalid, op, err, `the body is not {"payloads": [...]} in the JSON form of Temporal's payloads`)
	}
	if len(asked.GetPayloads()) > mostPayloads {
		return Answer{}, soar.Errorf(soar.CodeInvalid, op, "there are %d payloads in the body, at most %d are taken", len(asked.GetPayloads()), mostPayloads)
	}
	found, whose := Answer{}, map[string]bool{}
	for i, payload := range asked.GetPayloads() {
		if !isEncrypted(payload) {
			continue
		}
		plain, err := c.decode(payload)
		if err != nil {
			return Answer{}, soar.Wrap(soar.CodeInvalid, op, err, "payloads[%d]: %s", i, err)
		}
		asked.Payloads[i] = plain
		found.Decrypted++
		if owner := string(payload.GetMetadata()[metaWorkflow]); owner != "" {
			whose[owner] = true
		}
	}
	found.Workflows = slices.Sorted(maps.Keys(whose))
	var err error
	if found.Body, err = protojson.Marshal(&asked); err != nil {
		return Answer{}, fmt.Errorf("write the decrypted payloads: %w", err)
	}
	return found, nil
}

// Namespace is whose payloads the codec encrypts and decrypts.
func (c *Codec) Namespace() string { return c.options.Namespace }
