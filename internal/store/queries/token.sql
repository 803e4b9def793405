-- name: TokenInsert :exec
INSERT INTO tokens (id, name, hash, actor, roles, source, scopes, cidrs, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: TokenFind :one
SELECT * FROM tokens WHERE id = $1;

-- name: TokenList :many
SELECT * FROM tokens ORDER BY created_at DESC, id;

-- name: TokenRevoke :execrows
UPDATE tokens SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL;

-- name: TokenTouch :exec
UPDATE tokens SET last_used_at = now()
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute');
