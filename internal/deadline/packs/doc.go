// Package packs holds the duties to notify that ship with the product, as YAML:
// one file for each region, facts.yaml with the words they share and calendars.yaml
// with working days. Each regime names its source and how well it was verified.
// It is data with a source, not legal advice.
//
// A site adds and replaces in a folder of its own, duties below the folder of
// policy files: a regime, a fact or a calendar of the same name replaces the one
// that ships. What the files mean is package duty.
package packs
