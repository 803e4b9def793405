// Package protocol holds every name and payload that crosses Temporal: the
// workflow and its input, activities with their requests and results, updates,
// the query, search attributes, the task queue.
//
// It is vocabulary only: constants, structs and three pure functions. A name never
// changes its meaning; a payload field is added, never reused. Both sides
// (workflows, and activities or internal/temporalclient) import it and nothing
// of each other. No payload holds a secret or more than 64 KiB of one value:
// longer results go by reference to the blob store.
package protocol
