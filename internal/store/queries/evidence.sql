-- name: EvidenceInsert :execrows
INSERT INTO evidence (id, incident_id, doc, sha256, collected_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING;

-- name: EvidenceGet :one
SELECT doc, incident_id FROM evidence WHERE id = $1;

-- name: EvidenceOf :many
SELECT doc FROM evidence WHERE incident_id = $1 ORDER BY ord;

-- name: CustodyLast :one
SELECT coalesce(max(seq), 0)::integer FROM custody_entries WHERE evidence_id = $1;

-- name: CustodyInsert :exec
INSERT INTO custody_entries (evidence_id, seq, doc) VALUES ($1, $2, $3);

-- name: CustodyOf :many
SELECT doc FROM custody_entries WHERE evidence_id = $1 ORDER BY seq;
