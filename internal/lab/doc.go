// Package lab is a small stand-in for the systems that a response acts on: an
// EDR, a directory, a firewall, a mail system and a reputation service, behind
// one HTTP server. It is labelled LAB wherever it shows itself. It contains no
// product and protects nothing.
//
//	New       the server: an http.Handler over the shipped dataset
//	effects   each change that really happened is one line of a file, fsynced
//	          before the answer and read again at start
//	faults    POST /fault makes a path slow, broken, mute or lying, some times
//
// The effects file is the outside judge of "each action done once": it counts
// changes of the lab's state, not calls, and shares nothing with the product that
// is judged. The connectors that talk to this server are in
// internal/connectors/lab.
package lab
