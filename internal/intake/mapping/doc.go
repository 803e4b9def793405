// Package mapping turns what a detection tool sent into alerts of our own shape.
//
// Everything in a body may have been written by an attacker. So a body is read
// once, by a decoder that is strict about duplicate names and bounded in depth and
// size; text is cleaned and cut; nothing is ever evaluated. What cannot be read is
// still an alert, with the reason, and keeps its bytes.
//
//	body -> split (list, lines, envelope) -> decode -> source's mapping -> guesses -> fingerprint -> alert
//
// A source is a YAML file with expressions over body, in ../sources; adding one is
// adding a file and its samples. Fields that were guessed by their names are
// listed in Alert.Guessed. Ids, storing and dispatch are in internal/intake.
package mapping
