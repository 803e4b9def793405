// Package trial tries correlation rules on past alerts: which of them would have come
// together, beside which did. It changes nothing.
package trial
