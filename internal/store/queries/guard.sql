-- ActionInsert gives no row when the key is there already.
-- name: ActionInsert :one
INSERT INTO actions (key, incident_id, step_path, action, risk, target, args, attempts, state)
VALUES (@key, @incident_id, @step_path, @action, @risk, @target, @args, @attempts, 'intent')
ON CONFLICT (key) DO NOTHING
RETURNING *;

-- name: ActionGet :one
SELECT * FROM actions WHERE key = $1;

-- ActionMove gives no row when the entry is in none of the states before, or when
-- its attempts are not those of the fence.
-- name: ActionMove :one
UPDATE actions SET state = @state, attempts = attempts + @more::integer,
    output = coalesce(sqlc.narg(output), output), error = @error, updated_at = now()
WHERE key = @key AND state = ANY (@before::text[])
  AND (sqlc.narg(fence)::integer IS NULL OR attempts = sqlc.narg(fence)::integer)
RETURNING *;

-- name: ActionsOf :many
SELECT * FROM actions WHERE incident_id = $1 ORDER BY created_at, key;

-- name: FreezeGet :one
SELECT doc FROM kill_switch WHERE id = 1;

-- name: FreezeSet :exec
INSERT INTO kill_switch (id, doc) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc;

-- name: ProtectedList :many
SELECT class, pattern, reason FROM protected ORDER BY class, pattern;

-- name: ProtectedDelete :exec
DELETE FROM protected;

-- name: ProtectedInsert :batchexec
INSERT INTO protected (class, pattern, reason) VALUES ($1, $2, $3);

-- name: ActionCounts :one
SELECT count(*) FILTER (WHERE incident_id = @incident_id)::bigint AS incident,
       count(*) FILTER (WHERE created_at > now() - @span::interval)::bigint AS recent
FROM actions
WHERE split_part(action, '.', 2) = @name::text AND state <> 'failed'
  AND (incident_id = @incident_id OR created_at > now() - @span::interval);
