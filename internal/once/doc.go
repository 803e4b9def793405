// Package once carries the idempotency key of a request from the door to the store, so
// that the key is taken in the transaction that does what was asked: both are
// committed or neither is.
//
// The door puts a Key into the context. A store method that changes something takes it
// in its own transaction; a key that is taken already ends that transaction. The door
// keeps the answer under the key afterwards and gives it to whoever sends the key again.
package once
