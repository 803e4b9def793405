-- name: TaskIncident :one
SELECT incident_id FROM tasks WHERE id = $1;

-- name: TaskLock :one
SELECT status, answer_id, doc, answer, holding FROM tasks WHERE id = $1 FOR UPDATE;

-- name: TaskGet :one
SELECT doc, answer, holding FROM tasks WHERE id = $1;

-- name: TaskAnswer :exec
UPDATE tasks SET answer_id = @answer_id::text, answer = @answer WHERE id = @id;

-- name: TaskHold :exec
UPDATE tasks SET holding = @holding WHERE id = @id;

-- name: TasksOf :many
SELECT doc, answer, holding FROM tasks WHERE incident_id = $1 ORDER BY created_at, id;
