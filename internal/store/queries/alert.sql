-- AlertsInsert stores new alerts, their raw bodies and the items that dispatch
-- them, and gives the ids of those whose fingerprint was not known. The rows come
-- sorted by fingerprint, each once: two transactions that wait for one another's
-- fingerprints would else be a deadlock.
-- name: AlertsInsert :many
WITH input AS (
    SELECT unnest(@ids::text[]) AS id, unnest(@docs::json[]) AS doc, unnest(@fingerprints::text[]) AS fingerprint,
           unnest(@sources::text[]) AS source, unnest(@parsed::boolean[]) AS parsed, unnest(@severities::text[]) AS severity,
           unnest(@received::timestamptz[]) AS received_at, unnest(@sums::bytea[]) AS sha256, unnest(@bodies::bytea[]) AS body,
           unnest(@priorities::smallint[]) AS priority, unnest(@orders::json[]) AS dispatch
), added AS (
    INSERT INTO alerts (id, doc, fingerprint, source, parsed, severity, received_at)
    SELECT input.id, input.doc, input.fingerprint, input.source, input.parsed, input.severity, input.received_at FROM input
    ON CONFLICT (fingerprint) DO NOTHING
    RETURNING id
), kept AS (
    INSERT INTO alert_raws (alert_id, sha256, body)
    SELECT input.id, input.sha256, input.body FROM input JOIN added ON added.id = input.id
), queued AS (
    INSERT INTO outbox (kind, key, priority, payload)
    SELECT @kind::text, input.id, input.priority, input.dispatch FROM input JOIN added ON added.id = input.id
)
SELECT added.id FROM added;

-- name: AlertsLockByFingerprint :many
SELECT a.id, a.fingerprint, a.doc, a.severity, a.count, a.incident_id, coalesce(i.ended, false)::boolean AS ended
FROM alerts a LEFT JOIN incidents i ON i.id = a.incident_id
WHERE a.fingerprint = ANY (@fingerprints::text[]) ORDER BY a.fingerprint FOR UPDATE OF a;

-- name: AlertsCount :exec
WITH input AS (
    SELECT unnest(@ids::text[]) AS id, unnest(@times::integer[]) AS times, unnest(@severities::text[]) AS severity
)
UPDATE alerts SET count = alerts.count + input.times, severity = input.severity, last_at = now()
FROM input WHERE alerts.id = input.id;

-- name: AlertRawsInsert :exec
INSERT INTO alert_raws (alert_id, sha256, body)
SELECT unnest(@ids::text[]), unnest(@sums::bytea[]), unnest(@bodies::bytea[])
ON CONFLICT DO NOTHING;

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
