-- name: OnceTake :execrows
INSERT INTO idempotency_keys (id, digest, made, expires_at) VALUES (@id, @digest, @made, now() + @life::interval)
ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, made = excluded.made, status = NULL, media_type = '', etag = '',
    body = '', taken_at = now(), expires_at = excluded.expires_at
WHERE idempotency_keys.expires_at <= now();

-- name: OnceGet :one
SELECT digest, made, status, media_type, etag, body, (taken_at > now() - interval '1 minute')::boolean AS recent
FROM idempotency_keys WHERE id = $1 AND expires_at > now();

-- name: OnceAnswer :exec
INSERT INTO idempotency_keys (id, digest, status, media_type, etag, body, expires_at)
VALUES (@id, @digest, @status, @media_type, @etag, @body, now() + @life::interval)
ON CONFLICT (id) DO UPDATE SET status = excluded.status, media_type = excluded.media_type, etag = excluded.etag, body = excluded.body
WHERE idempotency_keys.digest = excluded.digest AND idempotency_keys.status IS NULL;

-- name: OncePurge :execrows
DELETE FROM idempotency_keys WHERE expires_at <= now();
