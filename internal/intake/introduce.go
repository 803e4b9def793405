package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// subscription is how Amazon SNS introduces itself to a new subscriber. Whoever opens
// the URL confirms that he wants the messages.
type subscription struct {
	Type         string `json:"Type"`
	TopicArn     string `json:"TopicArn"`
	SubscribeURL string `json:"SubscribeURL"`
}

// introduction gives the alert for a body by which Amazon SNS asks for the
// confirmation of a subscription. Nothing is fetched: the body came from outside, and
// so did the URL in it. It is kept for a person, and opens no incident.
func introduction(source string, body []byte) (mapping.Message, bool) {
	if !bytes.Contains(body, []byte("SubscriptionConfirmation")) {
		return mapping.Message{}, false
	}
	var asked subscription
	if json.Unmarshal(body, &asked) != nil || asked.Type != "SubscriptionConfirmation" || asked.SubscribeURL == "" {
		return mapping.Message{}, false
	}
	what := "To confirm the subscription, open the address in the field subscribe_url."
	if !ofAmazon(asked.SubscribeURL) {
		what = "The address in the field subscribe_url is not one of Amazon's. Do not open it."
	}
	sum := sha256.Sum256(body)
	identity := sha256.Sum256([]byte("introduction\x00" + source + "\x00" + string(sum[:])))
	return mapping.Message{Raw: body, Alert: soar.Alert{
		Source: source, Parsed: true, Severity: soar.SeverityInfo, State: soar.StateTest,
		Title:       "Amazon SNS asks to confirm a subscription",
		Description: what, Fingerprint: hex.EncodeToString(identity[:]),
		Fields:    map[string]any{"topic_arn": soar.Shorten(asked.TopicArn, 500), "subscribe_url": soar.Shorten(asked.SubscribeURL, 4000)},
		RawSHA256: hex.EncodeToString(sum[:]), RawBytes: len(body),
	}}, true
}

func ofAmazon(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Scheme == "https" && parsed.User == nil && parsed.Port() == "" &&
		(strings.HasSuffix(parsed.Hostname(), ".amazonaws.com") || strings.HasSuffix(parsed.Hostname(), ".amazonaws.com.cn"))
}
