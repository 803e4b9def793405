// Package codec encrypts what crosses Temporal: every input, result, update, query
// answer, heartbeat, memo, marker, summary and detail, and the message and stack of
// every failure. Temporal keeps and shows ciphertext; only who holds the key ring
// reads it. Names stay readable: workflow ids, types, task queues, search attributes,
// the types of errors.
//
// # Form
//
// AES-256-GCM with a random nonce under one of the ring's keys; the metadata names
// the key. What is sealed is the whole payload (metadata and data) as protobuf, with
// one byte before it that tells whether it was compressed; compression is tried from
// 512 bytes on. A payload is bound, as associated data, to the namespace and to the
// workflow id.
//
// # Why the workflow id travels in the metadata
//
// The SDK says for which workflow it serialises, but not everywhere, and what it says
// has changed between its releases: an id that were only taken from there would make
// histories of an older release unreadable. So the id that was known at encryption is
// written into the metadata and authenticated; at decryption it must equal the id that
// the SDK tells, if it tells one. A payload that is moved into another workflow is
// refused wherever the SDK says whose it should be, a payload of another namespace
// always, and no release of the SDK can make one unreadable by saying less. Who
// replays a history outside of a worker must name its workflow (OriginalExecution).
//
// # The codec endpoint
//
// Temporal's UI and command line read what is encrypted by asking POST /codec/decode
// of the server (api/codec.go); Answer is what it does. What it sees are payloads: it
// knows whose they are by the workflow id above, which is the incident's id, and who
// asks must be allowed to see that incident. A payload that is bound to no workflow is
// given to everybody with the permission payload:decode; Tocsin writes none into
// histories. The label of a single piece of evidence is not looked at, unlike in the
// API: payloads do not say which piece they tell of.
//
// Random nonces permit 2^32 payloads under one key; rotate long before.
package codec
