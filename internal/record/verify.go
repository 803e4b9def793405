package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// FaultKind says what is wrong, for programs.
type FaultKind string

// Kinds of fault.
const (
	FaultChain      FaultKind = "wrong_chain"        // the entry names another chain
	FaultGap        FaultKind = "gap"                // a number is missing, doubled or out of order
	FaultLink       FaultKind = "broken_link"        // it does not follow the entry before it
	FaultPayload    FaultKind = "changed_payload"    // the payload or salt is not what was committed to
	FaultMissing    FaultKind = "missing_payload"    // the payload is gone
	FaultHash       FaultKind = "wrong_hash"         // the hash is not that of the entry's parts
	FaultTail       FaultKind = "cut_tail"           // a checkpoint knows of entries that are not there
	FaultCheckpoint FaultKind = "differs_checkpoint" // a checkpoint knows another hash at this number
)

// Fault is one thing wrong with a chain.
type Fault struct {
	Seq  int64     `json:"seq"` // the entry, 0 when it concerns the whole chain
	Kind FaultKind `json:"kind"`
	What string    `json:"what"` // one sentence for people
}

// Report is what a verification found.
type Report struct {
	Chain       string  `json:"chain"`
	Entries     int     `json:"entries"`
	First       int64   `json:"first"`       // number of the first entry seen
	Last        int64   `json:"last"`        // number of the last entry seen
	Head        string  `json:"head"`        // hash of the last entry, hex
	Checkpoints int     `json:"checkpoints"` // checkpoints of this chain that were compared
	Faults      []Fault `json:"faults,omitempty"`
}

// OK tells whether nothing was wrong. Without a checkpoint that says nothing of
// a tail that was cut off.
func (r Report) OK() bool { return len(r.Faults) == 0 }

// Verify checks a chain, given in its order from the first entry, and compares
// it with the checkpoints that name it. The chain's name is that of the first
// entry, or of the first checkpoint when there is no entry.
//
// Every entry is checked by itself as well as against the one before, so that
// one fault does not hide the next. Checkpoints must have been verified by
// VerifyCheckpoint.
func Verify(entries []Entry, checkpoints ...Checkpoint) Report {
	var chain string
	switch {
	case len(entries) > 0:
		chain = entries[0].Chain
	case len(checkpoints) > 0:
		chain = checkpoints[0].Chain
	}
	v := NewVerifier(chain, checkpoints...)
	for _, e := range entries {
		v.Add(e)
	}
	return v.Report()
}

// Verifier checks one chain entry by entry, for chains that do not fit into
// memory. It is for one goroutine.
type Verifier struct {
	report  Report
	prev    []byte
	pending map[int64][]Checkpoint // by number, until the entry comes
	highest Checkpoint
}

// NewVerifier starts at the beginning of the named chain. Checkpoints of other
// chains are left aside.
func NewVerifier(chain string, checkpoints ...Checkpoint) *Verifier {
	v := &Verifier{report: Report{Chain: chain}, pending: map[int64][]Checkpoint{}}
	for _, c := range checkpoints {
		if c.Chain != chain {
			continue
		}
		v.report.Checkpoints++
		v.pending[c.Seq] = append(v.pending[c.Seq], c)
		if c.Seq > v.highest.Seq {
			v.highest = c
		}
	}
	return v
}

// Add checks the next entry.
func (v *Verifier) Add(e Entry) {
	if e.Chain != v.report.Chain {
		v.fault(e.Seq, FaultChain, "entry belongs to chain %q, not to %q", e.Chain, v.report.Chain)
	}
	if want := v.report.Last + 1; e.Seq != want {
		v.fault(e.Seq, FaultGap, "expected entry %d here, found %d", want, e.Seq)
	}
	if !bytes.Equal(e.Prev, v.prev) {
		v.fault(e.Seq, FaultLink, "entry does not follow the one before it")
	}
	v.checkPayload(e)
	if !bytes.Equal(e.Hash, link(e.Chain, e.Seq, e.Prev, e.Commitment)) {
		v.fault(e.Seq, FaultHash, "hash is not that of the entry's parts")
	}
	for _, c := range v.pending[e.Seq] {
		if !bytes.Equal(c.Hash, e.Hash) {
			v.fault(e.Seq, FaultCheckpoint, "the checkpoint of %s has another hash", formatTime(c.At))
		}
	}
	if v.report.Entries == 0 {
		v.report.First = e.Seq
	}
	v.report.Entries++
	v.report.Last = e.Seq
	v.prev = e.Hash
}

func (v *Verifier) checkPayload(e Entry) {
	switch {
	case e.Payload == nil:
		v.fault(e.Seq, FaultMissing, "payload is missing")
	case len(e.Salt) != SaltBytes:
		v.fault(e.Seq, FaultPayload, "salt has %d bytes, want %d", len(e.Salt), SaltBytes)
	case len(e.Commitment) != sha256.Size || !bytes.Equal(e.Commitment, commitment(e.Salt, e.Payload)):
		v.fault(e.Seq, FaultPayload, "payload is not the one that was recorded")
	}
}

// Report ends the verification: only now is a cut tail seen.
func (v *Verifier) Report() Report {
	if v.highest.Seq > v.report.Last {
		v.fault(v.highest.Seq, FaultTail, "chain ends at entry %d, but the checkpoint of %s knows entry %d",
			v.report.Last, formatTime(v.highest.At), v.highest.Seq)
	}
	v.report.Head = hex.EncodeToString(v.prev)
	return v.report
}

func (v *Verifier) fault(seq int64, kind FaultKind, format string, args ...any) {
	v.report.Faults = append(v.report.Faults, Fault{Seq: seq, Kind: kind, What: fmt.Sprintf(format, args...)})
}
