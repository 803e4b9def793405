// Package stall is a server's address that can stand still: a TCP proxy in front of a
// real server, for tests of what happens when PostgreSQL or Temporal is slow, hangs,
// or is gone.
package stall
