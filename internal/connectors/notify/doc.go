// Package notify is the connector behind notify.send: it hands a message for
// people to a queue and does not wait for its delivery.
//
// The queue is the product's outbox; what delivers from there (mail, chat,
// console) is plugged in by internal/app. The message's id is the action's
// idempotency key, so that a step that is tried again tells people once.
package notify
