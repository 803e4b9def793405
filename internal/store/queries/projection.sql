-- An id belongs to one incident for ever: the last line of each upsert keeps one
-- incident's journal from writing over another's rows.

-- name: RunUpsert :batchexec
INSERT INTO runs (incident_id, run_id, doc) VALUES ($1, $2, $3)
ON CONFLICT (incident_id, run_id) DO UPDATE SET doc = excluded.doc;

-- name: StepUpsert :batchexec
INSERT INTO steps (incident_id, key, run_id, doc) VALUES ($1, $2, $3, $4)
ON CONFLICT (incident_id, key) DO UPDATE SET doc = excluded.doc, run_id = excluded.run_id;

-- name: ApprovalUpsert :batchexec
INSERT INTO approvals (id, incident_id, doc, status, requested_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET doc = excluded.doc, status = excluded.status, expires_at = excluded.expires_at
WHERE approvals.incident_id = excluded.incident_id;

-- name: TaskUpsert :batchexec
INSERT INTO tasks (id, incident_id, doc, status, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET doc = excluded.doc, status = excluded.status
WHERE tasks.incident_id = excluded.incident_id;

-- name: ContainmentUpsert :batchexec
INSERT INTO containments (id, incident_id, doc, state, since) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET doc = excluded.doc, state = excluded.state
WHERE containments.incident_id = excluded.incident_id;

-- name: ObjectiveUpsert :batchexec
INSERT INTO objectives (incident_id, name, doc) VALUES ($1, $2, $3)
ON CONFLICT (incident_id, name) DO UPDATE SET doc = excluded.doc;

-- name: RunsOf :many
SELECT doc FROM runs WHERE incident_id = $1 ORDER BY ord;

-- name: StepsOf :many
SELECT doc FROM steps WHERE incident_id = $1 ORDER BY ord;

-- name: ContainmentsOf :many
SELECT doc FROM containments WHERE incident_id = $1 ORDER BY ord;

-- name: ObjectivesOf :many
SELECT doc FROM objectives WHERE incident_id = $1 ORDER BY ord;

-- RunsOpen gives the playbooks under way, the newest first; the oldest of very many
-- are left out.
-- name: RunsOpen :many
SELECT r.incident_id, r.run_id, (r.doc->>'playbook')::text AS playbook, (r.doc->>'digest')::text AS digest
FROM incidents i JOIN runs r ON r.incident_id = i.id
WHERE NOT i.ended AND r.doc->>'status' = 'running'
ORDER BY r.ord DESC LIMIT 5000;
