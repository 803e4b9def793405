// Package lab holds the connectors for the lab server of internal/lab: lab_edr,
// lab_directory, lab_firewall, lab_mail and lab_intel. They are a lab stand-in,
// not real products; a real product's connector has the same actions.
//
// One kind is one manifest and one table of calls. How a call travels is in
// internal/connector, the server in internal/lab; nothing here knows either's
// inside.
package lab
