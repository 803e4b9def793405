-- name: OutboxInsert :exec
INSERT INTO outbox (kind, key, dedupe, priority, payload)
VALUES (@kind, @key, sqlc.narg(dedupe), @priority, @payload)
ON CONFLICT (dedupe) DO NOTHING;

-- OutboxLockWaiting finds an item that nobody has begun; the lock keeps it so
-- until the asking transaction ends.
-- name: OutboxLockWaiting :many
SELECT id FROM outbox
WHERE kind = $1 AND key = $2 AND done_at IS NULL AND parked_at IS NULL AND attempts = 0
FOR UPDATE;

-- name: OutboxRaise :exec
UPDATE outbox SET priority = greatest(priority, @priority) WHERE id = ANY (@ids::bigint[]);

-- OutboxClaim takes the oldest open item of a key only. That is asked row by row
-- and not as a join: without fresh statistics the planner joins in a way that takes
-- seconds when one key has thousands of items. A claim does not wait for the disk: one
-- that a power cut takes back is made again, and handlers bear that.
-- name: OutboxClaim :many
WITH picked AS (
    SELECT o.id FROM outbox o
    WHERE o.done_at IS NULL AND o.parked_at IS NULL
      AND o.kind = ANY (@kinds::text[])
      AND o.next_at <= now()
      AND (o.lease_until IS NULL OR o.lease_until <= now())
      AND o.id = (
          SELECT oldest.id FROM outbox oldest
          WHERE oldest.key = o.key AND oldest.done_at IS NULL AND oldest.parked_at IS NULL
          ORDER BY oldest.id LIMIT 1)
    ORDER BY o.priority DESC, o.id
    LIMIT @most
    FOR UPDATE OF o SKIP LOCKED
)
UPDATE outbox SET attempts = attempts + 1, lease_until = now() + @lease::interval
FROM picked, (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried
WHERE outbox.id = picked.id
RETURNING outbox.id, outbox.kind, outbox.key, outbox.payload, outbox.attempts, outbox.created_at,
          outbox.problem, outbox.priority;

-- name: OutboxDone :execrows
UPDATE outbox SET done_at = now(), lease_until = NULL, problem = '' WHERE id = $1 AND done_at IS NULL;

-- name: OutboxRetry :execrows
UPDATE outbox SET next_at = @next, lease_until = NULL, problem = @problem WHERE id = @id AND done_at IS NULL;

-- name: OutboxPark :execrows
UPDATE outbox SET parked_at = now(), lease_until = NULL, problem = @problem WHERE id = @id AND done_at IS NULL;

-- name: OutboxUnpark :execrows
UPDATE outbox SET parked_at = NULL, next_at = now(), attempts = 0 WHERE id = $1 AND parked_at IS NOT NULL;

-- name: OutboxParked :many
SELECT id, kind, key, payload, attempts, created_at, problem FROM outbox
WHERE parked_at IS NOT NULL ORDER BY parked_at LIMIT $1;

-- name: OutboxStats :one
SELECT (SELECT count(*) FROM outbox w WHERE w.done_at IS NULL AND w.parked_at IS NULL)::bigint AS waiting,
       (SELECT coalesce(extract(epoch FROM now() - min(f.created_at)), 0) FROM outbox f
        WHERE f.done_at IS NULL AND f.parked_at IS NULL)::float8 AS oldest_seconds,
       (SELECT count(*) FROM outbox p WHERE p.parked_at IS NOT NULL)::bigint AS parked;

-- name: OutboxPurge :execrows
DELETE FROM outbox WHERE id IN (
    SELECT d.id FROM outbox d WHERE d.done_at < now() - @age::interval LIMIT @most);
