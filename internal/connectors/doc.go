// Package connectors is the one list of the connectors that this build has. A
// connector is added here by one line and lives in a folder of its own below,
// with its manifest, its code and its tests. Nothing registers itself.
package connectors
