// Package preview renders messages to people as each way would send them, without
// sending anything: for who writes templates, and for who wants to know what leaves.
package preview
