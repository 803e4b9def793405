// Command clocks shows that duties to notify are computed as worked examples say.
// It reads a file of vectors, computes each with the packs that ship, and prints
// what differs, what was compared, and how many passed of all. A name that nobody
// knows counts as not passed. Then incidents made up from a seed happen twice, in the
// simulator and in their workflow (see package twin), and every instant is compared.
// It exits 1 when a vector has not passed or an instant differs.
//
//	make show-clocks
//	make show-clocks VECTORS=path
package main
