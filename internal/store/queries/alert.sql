-- AlertInsert stores a new alert, its raw body and the item that dispatches it in
-- one statement; it gives no row when the fingerprint is known.
-- name: AlertInsert :one
WITH added AS (
    INSERT INTO alerts (id, doc, fingerprint, source, parsed, severity, received_at)
    VALUES (@id, @doc, @fingerprint, @source, @parsed, @severity, @received_at)
    ON CONFLICT (fingerprint) DO NOTHING
    RETURNING id
), kept AS (
    INSERT INTO alert_raws (alert_id, sha256, body) SELECT added.id, @sha256, @body FROM added
), queued AS (
    INSERT INTO outbox (kind, key, priority, payload)
    SELECT @kind::text, added.id, @priority, @payload FROM added
)
SELECT added.id FROM added;

-- name: AlertLockByFingerprint :one
SELECT a.id, a.doc, a.severity, a.count, a.incident_id, coalesce(i.ended, false)::boolean AS ended
FROM alerts a LEFT JOIN incidents i ON i.id = a.incident_id
WHERE a.fingerprint = $1 FOR UPDATE OF a;

-- name: AlertCount :exec
UPDATE alerts SET count = count + 1, severity = @severity, last_at = now() WHERE id = @id;

-- name: AlertRawInsert :exec
INSERT INTO alert_raws (alert_id, sha256, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: AlertGet :one
SELECT doc, severity, count, incident_id FROM alerts WHERE id = $1;

-- name: AlertRaw :one
SELECT body FROM alert_raws WHERE alert_id = $1 ORDER BY ord LIMIT 1;

-- name: AlertLock :one
SELECT a.incident_id, coalesce(i.ended, false)::boolean AS ended
FROM alerts a LEFT JOIN incidents i ON i.id = a.incident_id
WHERE a.id = $1 FOR UPDATE OF a;

-- name: AlertLink :exec
UPDATE alerts SET incident_id = @incident_id::text WHERE id = @id;

-- name: AlertsOf :many
SELECT doc, severity, count, incident_id FROM alerts
WHERE incident_id = $1 ORDER BY received_at DESC, id DESC LIMIT $2;
