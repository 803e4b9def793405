// Package smtp is the connector that sends mail through a mail server. Its one
// action has the same arguments as the lab's, so that an instance named "mail"
// carries the notifications too.
//
// A message is one effect. The ledger is told after the connection is secured and
// signed in, just before MAIL FROM; a refusal before the end of the message means
// that nothing was sent, a connection that breaks while the message is handed over
// means that nobody knows. The Message-ID is made from the idempotency key, so that
// a message that was sent twice is one for those who look at it.
package smtp
