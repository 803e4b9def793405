// Package sources holds the mappings that are shipped: one YAML file per detection
// tool, and under testdata/<source> the samples that it is tested with, written by
// hand from the tool's documented shape, each with the alerts that it gives
// (go test ./internal/intake/mapping -run Samples -update writes those).
//
// What a mapping may say, and what reads it, is in ../mapping.
package sources
