package activities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// memory is a store that keeps the contract of internal/store and nothing else.
// Step is called before and after each operation takes effect, with its number
// in the attempt that asks: a test stops an attempt there for good.
type memory struct {
	step func(ctx context.Context, where string)
	down func(op string) error

	mu        sync.Mutex
	entries   map[string]soar.LedgerEntry
	created   map[string]time.Time
	events    []record.Payload
	freeze    soar.Freeze
	protected []soar.Protected
	approvals map[string]soar.Approval
	blobs     map[string][]byte
	items     []soar.Evidence
	custody   []soar.CustodyEntry
	batches   []protocol.JournalBatch
}

func newMemory() *memory {
	return &memory{
		step: func(context.Context, string) {}, down: func(string) error { return nil },
		entries: map[string]soar.LedgerEntry{}, created: map[string]time.Time{}, approvals: map[string]soar.Approval{}, blobs: map[string][]byte{},
	}
}

// op does one thing in one transaction.
func (m *memory) op(ctx context.Context, name string, do func() error) error {
	m.step(ctx, name+" before")
	if err := m.down(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return soar.Wrap(soar.CodeUnavailable, name, err, "the database did not answer in time")
	}
	m.mu.Lock()
	err := do()
	m.mu.Unlock()
	m.step(ctx, name+" after")
	return err
}

func (m *memory) LedgerGet(ctx context.Context, key string) (entry soar.LedgerEntry, err error) {
	err = m.op(ctx, "LedgerGet", func() error {
		found, ok := m.entries[key]
		if !ok {
			return soar.Errorf(soar.CodeNotFound, "LedgerGet", "no such entry")
		}
		entry = found
		return nil
	})
	return entry, err
}

func (m *memory) LedgerBegin(ctx context.Context, entry soar.LedgerEntry, event record.Payload) (current soar.LedgerEntry, created bool, err error) {
	err = m.op(ctx, "LedgerBegin", func() error {
		if found, ok := m.entries[entry.Key]; ok {
			current = found
			return nil
		}
		m.entries[entry.Key], m.created[entry.Key] = entry, time.Now()
		m.events = append(m.events, event)
		current, created = entry, true
		return nil
	})
	return current, created, err
}

func (m *memory) LedgerMove(ctx context.Context, key string, from []soar.LedgerState, to soar.LedgerState, change soar.LedgerChange, event *record.Payload) (out soar.LedgerEntry, err error) {
	err = m.op(ctx, "LedgerMove "+string(to), func() error {
		entry, ok := m.entries[key]
		switch {
		case !ok:
			return soar.Errorf(soar.CodeNotFound, "LedgerMove", "no such entry")
		case !slices.Contains(from, entry.State):
			return soar.Errorf(soar.CodeConflict, "LedgerMove", "the action is %s, not %v", entry.State, from)
		case change.Fence != nil && *change.Fence != entry.Attempts:
			return soar.Errorf(soar.CodeConflict, "LedgerMove", "attempt %d took over", entry.Attempts)
		case !entry.State.MayBecome(to):
			return soar.Errorf(soar.CodeInvalid, "LedgerMove", "%s cannot become %s", entry.State, to)
		}
		entry.State, entry.Error = to, change.Error
		if change.Output != nil {
			entry.Output = change.Output
		}
		if change.Attempt {
			entry.Attempts++
		}
		m.entries[key] = entry
		if event != nil {
			m.events = append(m.events, *event)
		}
		out = entry
		return nil
	})
	return out, err
}

func (m *memory) LedgerCount(ctx context.Context, incidentID, action string, window time.Duration) (incident, recent int, err error) {
	err = m.op(ctx, "LedgerCount", func() error {
		for key, entry := range m.entries {
			if entry.State == soar.LedgerFailed || !strings.HasSuffix(entry.Action, "."+action) {
				continue
			}
			if entry.IncidentID == incidentID {
				incident++
			}
			if time.Since(m.created[key]) < window {
				recent++
			}
		}
		return nil
	})
	return incident, recent, err
}

func (m *memory) FreezeGet(ctx context.Context) (freeze soar.Freeze, err error) {
	err = m.op(ctx, "FreezeGet", func() error { freeze = m.freeze; return nil })
	return freeze, err
}

func (m *memory) ProtectedList(ctx context.Context) (list []soar.Protected, err error) {
	err = m.op(ctx, "ProtectedList", func() error { list = m.protected; return nil })
	return list, err
}

func (m *memory) ApprovalGet(ctx context.Context, id string) (approval soar.Approval, err error) {
	err = m.op(ctx, "ApprovalGet", func() error {
		found, ok := m.approvals[id]
		if !ok {
			return soar.Errorf(soar.CodeNotFound, "ApprovalGet", "no such approval")
		}
		approval = found
		return nil
	})
	return approval, err
}

func (m *memory) BlobPut(ctx context.Context, in io.Reader, limit int64) (sum256, sum512 string, size int64, err error) {
	body, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return "", "", 0, err
	}
	err = m.op(ctx, "BlobPut", func() error {
		short, long := sha256.Sum256(body), sha512.Sum512(body)
		sum256, sum512, size = hex.EncodeToString(short[:]), hex.EncodeToString(long[:]), int64(len(body))
		m.blobs[sum256] = bytes.Clone(body)
		return nil
	})
	return sum256, sum512, size, err
}

func (m *memory) EvidenceInsert(ctx context.Context, item soar.Evidence, custody soar.CustodyEntry, event record.Payload) error {
	return m.op(ctx, "EvidenceInsert", func() error {
		for _, known := range m.items {
			if known.ID == item.ID && known.SHA256 != item.SHA256 {
				return soar.Errorf(soar.CodeConflict, "EvidenceInsert", "exists with other contents")
			}
			if known.ID == item.ID {
				return nil
			}
		}
		m.items, m.custody, m.events = append(m.items, item), append(m.custody, custody), append(m.events, event)
		return nil
	})
}

func (m *memory) EvidenceList(ctx context.Context, incidentID string) (items []soar.Evidence, err error) {
	err = m.op(ctx, "EvidenceList", func() error {
		for _, item := range m.items {
			if item.IncidentID == incidentID {
				items = append(items, item)
			}
		}
		return nil
	})
	return items, err
}

func (m *memory) RecordAppend(ctx context.Context, _ string, events ...record.Payload) error {
	return m.op(ctx, "RecordAppend", func() error { m.events = append(m.events, events...); return nil })
}

func (m *memory) JournalWrite(ctx context.Context, batch protocol.JournalBatch) (receipt protocol.JournalReceipt, err error) {
	err = m.op(ctx, "JournalWrite", func() error {
		m.batches = append(m.batches, batch)
		for _, event := range batch.Events {
			receipt.LastSeq = max(receipt.LastSeq, event.Seq)
		}
		return nil
	})
	return receipt, err
}

func (m *memory) DecisionsCommitted(ctx context.Context, asked protocol.DecisionsRequest) (out protocol.CommittedDecisions, err error) {
	err = m.op(ctx, "DecisionsCommitted", func() error {
		out.Decisions = m.approvals[asked.ApprovalID].Decisions
		return nil
	})
	return out, err
}

func (m *memory) entry(key string) soar.LedgerEntry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[key]
}

// kinds lists the record entries' kinds in order.
func (m *memory) kinds() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var kinds []string
	for _, event := range m.events {
		kinds = append(kinds, event.Kind)
	}
	return kinds
}

func (m *memory) keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.entries))
}
