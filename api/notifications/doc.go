// Package notifications answers the API's operations on what people were told: what
// was sent to whom by which way, and a test of a way.
package notifications
