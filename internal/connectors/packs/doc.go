// Package packs holds the declared connectors of vendors' products that ship with
// Tocsin: one folder a product, with its YAML file and its tests. It has no code
// beside what reads the files; internal/connectors/README.md explains the format
// and says what each was run against.
package packs
