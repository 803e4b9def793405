// Package tlsfiletest makes certificates for tests of real TLS: an authority of the
// test's own, and what it issues, in files.
package tlsfiletest
