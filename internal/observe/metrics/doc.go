// Package metrics counts what the process does and shows it in Prometheus's
// format: own metrics, those of Temporal's SDK, and those of the Go runtime.
//
// Own names begin with tocsin_ and end in their unit. Each is defined in one
// place, where it is made, and METRICS.md is written from there. Labels take
// values from lists that are known when the process starts; whatever else comes
// is counted as "other", so that nobody outside can make series.
//
// What happened is counted where it happened. What is (open incidents, waiting
// approvals, the outbox) is read from the database when it is scraped, not more
// often than every ten seconds, and is left out when it cannot be read: a gauge
// that stands still would lie.
package metrics
