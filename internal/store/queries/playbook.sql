-- name: PlaybookInsert :execrows
INSERT INTO playbook_versions (digest, playbook, version, source, plan, published_by, published_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING;

-- name: PlaybookOtherSource :one
SELECT EXISTS (SELECT FROM playbook_versions WHERE playbook = $1 AND version = $2 AND source <> $3);

-- name: PlaybookByDigest :one
SELECT v.*, (a.digest IS NOT NULL)::boolean AS active
FROM playbook_versions v LEFT JOIN playbook_active a ON a.digest = v.digest
WHERE v.digest = $1;

-- name: PlaybookByVersion :one
SELECT v.*, (a.digest IS NOT NULL)::boolean AS active
FROM playbook_versions v LEFT JOIN playbook_active a ON a.digest = v.digest
WHERE v.playbook = $1 AND v.version = $2 ORDER BY active DESC, v.ord DESC LIMIT 1;

-- name: PlaybookVersions :many
SELECT v.*, (a.digest IS NOT NULL)::boolean AS active
FROM playbook_versions v LEFT JOIN playbook_active a ON a.digest = v.digest
WHERE v.playbook = @playbook ORDER BY v.ord DESC LIMIT @most;

-- name: PlaybookNewest :one
SELECT v.*, (a.digest IS NOT NULL)::boolean AS active
FROM playbook_versions v LEFT JOIN playbook_active a ON a.digest = v.digest
WHERE v.playbook = $1 ORDER BY active DESC, v.ord DESC LIMIT 1;

-- name: PlaybookActive :many
SELECT v.*, true AS active
FROM playbook_active a JOIN playbook_versions v ON v.digest = a.digest ORDER BY v.playbook;

-- name: PlaybookList :many
SELECT v.playbook, v.version, v.digest, v.published_by, v.published_at, v.ord, (a.digest IS NOT NULL)::boolean AS active
FROM playbook_versions v LEFT JOIN playbook_active a ON a.digest = v.digest
WHERE v.ord < @before ORDER BY v.ord DESC LIMIT @most;

-- name: PlaybookActivate :execrows
INSERT INTO playbook_active (playbook, digest) VALUES (@playbook, sqlc.narg(digest))
ON CONFLICT (playbook) DO UPDATE SET digest = excluded.digest WHERE playbook_active.digest IS DISTINCT FROM excluded.digest;
