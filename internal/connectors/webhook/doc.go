// Package webhook is the connector that posts JSON to a system of the site and signs
// it by the scheme of Standard Webhooks (standardwebhooks.com), for which libraries in
// most languages exist. As a way of notify it carries messages to people's systems.
//
// A request is a POST with these headers:
//
//	Webhook-Id         the same however often it is sent: a receiver keeps it and drops what it has
//	Webhook-Timestamp  seconds since 1970, when this attempt was made: refuse what is older than five minutes
//	Webhook-Signature  "v1," and the base64 of HMAC-SHA256 over ID.TIMESTAMP.BODY; with two secrets, two of them with a space between
//	Idempotency-Key    the same as Webhook-Id
//
// The key of the HMAC is the setting signing_secret: what follows whsec_, decoded
// from base64, or else the bytes of the text. The body is what was signed, byte for
// byte; to check it in Python, before the body is parsed:
//
//	signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw_body
//	wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
//	fresh = abs(time.time() - int(headers['webhook-timestamp'])) < 300
//	good = fresh and any(hmac.compare_digest(wanted, s) for s in headers['webhook-signature'].split())
//
// The body is an object:
//
//	id           as Webhook-Id
//	type         what data is: "notification", or what a playbook says
//	timestamp    when it was made, RFC 3339
//	incident_id  left out when it is about none
//	data         of a notification: message_id, kind, at, urgent, tlp, reduced, subject, text, about, template, severity, incident_id
//
// With reduced the label lets out only ids, severity and kind. Texts hold what
// attackers wrote: a receiver must show them as text.
//
// Any 2xx means that the receiver has it. It is sent again after 408, 425, 429, 5xx
// and when no answer came, under the same id: at least once.
package webhook
