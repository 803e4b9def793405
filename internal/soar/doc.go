// Package soar holds the nouns of incident response as the rest of the product
// speaks of them: alert, incident, step, action, approval, task, containment,
// evidence, objective, actor, and the one coded error.
//
// It imports only the standard library and knows no database, no HTTP and no
// Temporal. Times are UTC. Names in JSON are snake_case and carry their unit.
// Rules that need more than a noun live elsewhere: deadlines in
// internal/deadline, permissions in internal/access, the guard in
// internal/guard, the hash chain in internal/record.
package soar
