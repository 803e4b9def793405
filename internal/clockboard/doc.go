// Package clockboard is the managers' view: everything that runs out, in all
// incidents, sorted by what is due next.
//
// It reads what workflows reported; a clock is moved, met and breached there.
package clockboard
