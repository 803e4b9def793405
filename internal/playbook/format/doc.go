// Package format writes a playbook in its one canonical form: keys in the order of
// internal/playbook/grammar, two spaces of indentation, one blank line at most.
// Comments, quotes, blocks and the choice between [a, b] and a list of dashes stay
// as the author wrote them.
//
// It moves the text of values and never writes a value anew, and it reads its own
// result again: what does not mean the same as before is not given out.
package format
