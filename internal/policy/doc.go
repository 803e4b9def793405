// Package policy holds what a site decides about its response, as typed files:
// which alerts are incidents and of what category, how severity follows from
// impact and urgency, which alerts belong together, the agreed objectives, who
// is told, what is authorised beforehand, and what must not be touched.
//
// Each file is strict YAML: an unknown key, a missing cell of the matrix or an
// expression that does not compile is told with its place, all faults at once.
// Files that a site does not have come from defaults/.
//
//	dir or defaults -> strictyaml -> one reader per file -> *Policy
//
// A Policy never changes and asks nobody the time. Clocks are computed in
// internal/deadline; the protected list is applied in internal/guard; incidents
// are opened in internal/intake.
package policy
