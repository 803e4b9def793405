-- name: ApprovalIncident :one
SELECT incident_id FROM approvals WHERE id = $1;

-- name: ApprovalLock :one
SELECT status FROM approvals WHERE id = $1 FOR UPDATE;

-- Clock is read after a lock was got: waiting for it must not make a late decision
-- count as in time.
-- name: Clock :one
SELECT clock_timestamp()::timestamptz AS now;

-- name: ApprovalGet :one
SELECT doc FROM approvals WHERE id = $1;

-- name: DecisionGet :one
SELECT doc FROM decisions WHERE id = $1;

-- name: DecisionInsert :exec
INSERT INTO decisions (id, approval_id, by_kind, by_id, doc) VALUES ($1, $2, $3, $4, $5);

-- name: DecisionsOf :many
SELECT doc FROM decisions WHERE approval_id = ANY (@approvals::text[]) ORDER BY ord;

-- name: ApprovalsOf :many
SELECT doc FROM approvals WHERE incident_id = $1 ORDER BY requested_at, id;
