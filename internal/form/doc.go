// Package form holds the answers to tasks against their forms, and fills in what the
// form gives by default. It is pure: the use case asks it before anything is kept, the
// workflow again before it takes an answer over, and the checker of playbooks what a
// form may hold.
//
//	form (JSON Schema), answer -> Fill -> the answer with defaults, or Faults
//	                           -> Check -> nil or Faults
//
// A form is the part of JSON Schema 2020-12 that internal/diag/strictschema lets
// through. It is closed: an object that names its properties takes no others, unless it
// says additionalProperties itself. Formats are checked, not remarked. Numbers are
// those that JSON parsers agree on: whole numbers up to 2^53-1 on either side (RFC 7493).
// A form refers to nothing outside itself.
package form
