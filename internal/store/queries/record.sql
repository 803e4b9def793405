-- name: RecordHeadLock :one
SELECT seq, hash FROM record_heads WHERE chain = $1 FOR NO KEY UPDATE;

-- name: RecordHeadInsert :exec
INSERT INTO record_heads (chain, seq, hash) VALUES ($1, 0, '') ON CONFLICT DO NOTHING;

-- name: RecordEntriesInsert :exec
WITH added AS (
    INSERT INTO record_entries (chain, seq, prev, salt, payload, commitment, hash, at, kind)
    SELECT @chain::text, unnest(@seqs::bigint[]), unnest(@prevs::bytea[]), unnest(@salts::bytea[]),
           unnest(@payloads::bytea[]), unnest(@commitments::bytea[]), unnest(@hashes::bytea[]),
           unnest(@ats::timestamptz[]), unnest(@kinds::text[])
)
UPDATE record_heads SET seq = @head_seq, hash = @head_hash WHERE record_heads.chain = @chain::text;

-- name: RecordEntries :many
SELECT chain, seq, prev, salt, payload, commitment, hash FROM record_entries
WHERE chain = @chain AND seq > @after_seq ORDER BY seq LIMIT @most;

-- name: RecordHeads :many
SELECT chain, seq, hash FROM record_heads WHERE seq > 0 ORDER BY chain;
