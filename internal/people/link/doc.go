// Package link makes and reads the links to the approval page that go out by mail.
// A link's token has at least 128 bits of chance, is for one person and one approval,
// and only its hash is kept.
package link
