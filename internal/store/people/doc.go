// Package people keeps the directory: who takes part in the response with which
// roles, what they are qualified to decide, and when they are away.
package people
