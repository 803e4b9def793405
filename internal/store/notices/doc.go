// Package notices keeps who was told what by which way: one row for each message,
// recipient and way.
//
// Plan decides under a lock per recipient whether a message goes at once or waits
// for a summary, so that many messages at the same time are counted right. Note
// writes what became of one delivery with its entry of the record. Gather turns
// what waited into one message of the outbox.
package notices
