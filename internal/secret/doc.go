// Package secret keeps secret values from being shown: String prints [redacted]
// wherever it is formatted, logged or marshalled.
package secret
