package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// maxRecordPage bounds one RecordList: entries may have a megabyte each.
const maxRecordPage = 1000

// RecordAppend adds entries to a chain, in their order, in one transaction.
// Payloads that have no canonical form are invalid.
func (s *Store) RecordAppend(ctx context.Context, chain string, events ...record.Payload) error {
	return s.write(ctx, "store.RecordAppend", func(ctx context.Context, t *tx) error {
		return t.append(ctx, chain, events...)
	})
}

// RecordList gives up to limit entries of a chain after a number, in their order;
// limit 0 or over 1,000 means 1,000. An unknown chain has no entries.
func (s *Store) RecordList(ctx context.Context, chain string, afterSeq int64, limit int) ([]record.Entry, error) {
	if limit <= 0 || limit > maxRecordPage {
		limit = maxRecordPage
	}
	var out []record.Entry
	err := s.read(ctx, "store.RecordList", func(ctx context.Context) error {
		rows, err := s.queries.RecordEntries(ctx, sqlcgen.RecordEntriesParams{Chain: chain, AfterSeq: afterSeq, Most: int32(limit)})
		out = make([]record.Entry, 0, len(rows))
		for _, r := range rows {
			e := record.Entry{Chain: r.Chain, Seq: r.Seq, Prev: r.Prev, Salt: r.Salt, Commitment: r.Commitment, Hash: r.Hash, Payload: r.Payload}
			if len(e.Prev) == 0 {
				e.Prev = nil
			}
			out = append(out, e)
		}
		return err
	})
	return out, err
}

// RecordHeads gives the last entry of every chain, sorted by chain, as they were
// at one moment: what a checkpoint signs.
func (s *Store) RecordHeads(ctx context.Context) ([]record.Head, error) {
	var out []record.Head
	err := s.read(ctx, "store.RecordHeads", func(ctx context.Context) error {
		rows, err := s.queries.RecordHeads(ctx)
		out = make([]record.Head, 0, len(rows))
		for _, r := range rows {
			out = append(out, record.Head{Chain: r.Chain, Seq: r.Seq, Hash: r.Hash})
		}
		return err
	})
	return out, err
}

// append adds entries to a chain within a transaction. The row of the head is
// locked until it ends, so a chain has one writer and no gap. Call it after
// locking anything else and before inserting outbox items: then the items of an
// incident get their numbers in the order of their commits.
func (t *tx) append(ctx context.Context, chain string, events ...record.Payload) error {
	if len(events) == 0 {
		return nil
	}
	head, err := t.lockHead(ctx, chain)
	if err != nil {
		return err
	}
	arg := sqlcgen.RecordEntriesInsertParams{Chain: chain, HeadSeq: head.Seq, HeadHash: head.Hash}
	for _, event := range events {
		e, err := t.link(chain, arg.HeadSeq+1, arg.HeadHash, event)
		if err != nil {
			return err
		}
		// Prev is "" and not NULL for the first entry.
		arg.Prevs = append(arg.Prevs, append([]byte{}, e.Prev...))
		arg.Seqs = append(arg.Seqs, e.Seq)
		arg.Salts = append(arg.Salts, e.Salt)
		arg.Payloads = append(arg.Payloads, e.Payload)
		arg.Commitments = append(arg.Commitments, e.Commitment)
		arg.Hashes = append(arg.Hashes, e.Hash)
		arg.Ats = append(arg.Ats, event.At.UTC().Truncate(time.Microsecond))
		arg.Kinds = append(arg.Kinds, postgres.Clean(event.Kind))
		arg.HeadSeq, arg.HeadHash = e.Seq, e.Hash
	}
	return t.later.RecordEntriesInsert(ctx, arg)
}

func (t *tx) link(chain string, seq int64, prev []byte, event record.Payload) (record.Entry, error) {
	salt := make([]byte, record.SaltBytes)
	if _, err := io.ReadFull(t.random, salt); err != nil {
		return record.Entry{}, fmt.Errorf("salt: %w", err)
	}
	e, err := record.New(chain, seq, prev, event, salt)
	if err != nil {
		return record.Entry{}, soar.Wrap(soar.CodeInvalid, "store.append", err, "the event cannot be recorded")
	}
	return e, nil
}

func (t *tx) lockHead(ctx context.Context, chain string) (sqlcgen.RecordHeadLockRow, error) {
	head, err := t.RecordHeadLock(ctx, chain)
	if !errors.Is(err, pgx.ErrNoRows) {
		return head, err
	}
	if err := t.later.RecordHeadInsert(ctx, chain); err != nil {
		return head, err
	}
	return t.RecordHeadLock(ctx, chain)
}
