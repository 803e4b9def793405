// Package timeline lists every moment at which the clocks of an incident would ring:
// the objectives of a policy and the duties of the packs, warnings and due times,
// in order. It computes with what the workflow computes with, and is what
// `tocsin simulate clocks` prints.
package timeline
