// Package record is the append-only, hash-chained record of what happened: the
// canonical form of an entry, how entries are linked, how a chain is verified,
// signed checkpoints of heads, and the file format that chains are exported in.
//
// One chain per incident, named by the incident's id, and the chain "system"
// for configuration, tokens and playbooks. An entry's hash is
//
//	C    = SHA-256(salt || payload)
//	H(n) = SHA-256("tocsin/record/v1" || 0 || f(chain) || f(n) || f(H(n-1)) || f(C))
//
// where f(x) is the length of x as 8 bytes, big endian, and then x; n is 8 bytes,
// big endian; H(0) is empty. The payload is hashed as the bytes that are stored,
// never as something built again from them.
//
// A chain alone does not show that its tail was cut off: keep signed checkpoints
// where the administrator of the database cannot change them.
//
// Nothing here touches a disk, a database, a network or a clock. internal/store
// keeps the chains; testdata/verify.py is a second, independent verifier.
package record
