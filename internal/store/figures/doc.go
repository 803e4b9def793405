// Package figures counts what the database holds, for metrics and the doctor.
package figures
