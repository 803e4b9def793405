// Package outbox is the loop that carries out committed work: it claims items,
// gives each to the handler of its kind, and settles it.
//
//	claim -> handler -> done
//	                 -> retry, later each time       (the world is away: for ever)
//	                 -> park, after a few attempts   (it will never work: a person looks)
//
// It wakes when items were added and every two seconds besides. Handlers run side
// by side up to a bound; items with one key are never carried out at once, which
// the store sees to. A handler may be run again for the same item, after a crash
// or a lost answer: it must bear that.
//
// What the items mean is the handlers' business; which transaction writes them is
// the store's. internal/app brings the two together.
package outbox
