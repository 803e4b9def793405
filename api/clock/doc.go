// Package clock answers the API's operations on what runs out, and on the metrics of
// the programme; a folder of its own because api is full.
package clock
