-- name: CorrelationLock :exec
SELECT pg_advisory_xact_lock(hashtextextended(@correlation_key::text, 7405));

-- name: IncidentFindOpen :one
SELECT doc FROM incidents
WHERE correlation_key = @correlation_key AND correlation_key <> '' AND NOT ended AND opened_at >= @since
ORDER BY opened_at DESC, id DESC LIMIT 1;

-- name: IncidentInsert :exec
INSERT INTO incidents (id, doc, title, status, severity, category, owner, ended, correlation_key,
                       opened_at, acknowledged_at, contained_at, closed_at)
VALUES (@id, @doc, @title, @status, @severity, @category, @owner, @ended, @correlation_key,
        @opened_at, @acknowledged_at, @contained_at, @closed_at);

-- IncidentLock locks without blocking the foreign keys that point here.
-- name: IncidentLock :one
SELECT journal_seq, ended FROM incidents WHERE id = $1 FOR NO KEY UPDATE;

-- name: IncidentGet :one
SELECT doc FROM incidents WHERE id = $1;

-- name: IncidentUpdate :exec
UPDATE incidents SET doc = @doc, title = @title, status = @status, severity = @severity,
    category = @category, owner = @owner, ended = @ended, acknowledged_at = @acknowledged_at,
    contained_at = @contained_at, closed_at = @closed_at, updated_at = now()
WHERE id = @id;

-- name: JournalSeq :exec
UPDATE incidents SET journal_seq = @journal_seq WHERE id = @id;

-- name: CommandInsert :execrows
INSERT INTO commands (id, incident_id, name, digest) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: CommandGet :one
SELECT incident_id, name, digest FROM commands WHERE id = $1;
