// Package duty computes duties to notify: what a law, a regulator or a contract
// asks to be reported, to whom, until when.
//
//	packs (YAML) -> Read -> *Library of Regimes
//	Regime + Facts + zone -> Compute -> Outcome: applies yes, no or unknown; one Due for each stage
//
// A regime is data: its trigger, its stages, what starts each clock, the term, caps
// and reliefs, with the source and how well it was verified. The rules of counting
// are here and know no regime. Facts are what people declared about an incident;
// a fact that nobody declared is unknown, and what is unknown is computed as if it
// applied and says so: nobody is told too late because a number was missing.
//
// A duty without a fixed term gets no clock: none is invented. None of this is
// legal advice.
package duty
