// Package observe is how the process tells what it does: its version, and logs
// as log/slog, where every line says which incident, run, step and request it is
// about, secrets are redacted, and nothing that an attacker wrote can forge a
// line or hide in it.
//
// Below it: metrics (Prometheus), tracing (OpenTelemetry), health (what /readyz
// answers) and systemd (what the service manager is told).
package observe
