// Command clocks shows that duties to notify are computed as worked examples say.
// It reads a file of vectors, computes each with the packs that ship, and prints
// what differs, what was compared, and how many passed of all. A name that nobody
// knows counts as not passed. It exits 1 when a vector has not passed.
//
//	make show-clocks
//	make show-clocks VECTORS=path
package main
