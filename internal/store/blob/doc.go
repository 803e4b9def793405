// Package blob keeps evidence bytes as files named by their SHA-256. What was put
// is never changed or overwritten; reading checks the digest.
//
//	<dir>/ab/cd/abcd...   the bytes, read-only
//	<dir>/tmp/            files that are being written; leftovers of a crash
//
// A path is made from a digest alone, never from a name that came from outside.
// What is known of an item (name, source, custody) is in the database, not here.
package blob
