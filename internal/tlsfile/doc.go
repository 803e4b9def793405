// Package tlsfile is TLS from files: certificates that are read again when their
// files change, trusted roots, and what went wrong in a handshake told in terms of
// the settings that are to be mended.
//
// It knows neither configuration nor protocols; others say what their settings are
// called (Names).
package tlsfile
