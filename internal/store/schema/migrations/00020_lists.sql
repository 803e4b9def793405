-- What the register of containments and the list of evidence are found by. The
-- times stand in doc: a column beside it is filled from there, also for what was
-- stored before.
-- +goose Up
ALTER TABLE containments ADD COLUMN since timestamptz;
UPDATE containments SET since = (doc->>'since')::timestamptz;
ALTER TABLE containments ALTER COLUMN since SET NOT NULL;
CREATE INDEX containments_newest ON containments (since DESC, id DESC);
CREATE INDEX containments_held ON containments (since DESC, id DESC) WHERE state <> 'released';

ALTER TABLE evidence ADD COLUMN collected_at timestamptz;
UPDATE evidence SET collected_at = (doc->>'collected_at')::timestamptz;
ALTER TABLE evidence ALTER COLUMN collected_at SET NOT NULL;
CREATE INDEX evidence_newest ON evidence (collected_at DESC, id DESC);

-- +goose Down
ALTER TABLE evidence DROP COLUMN collected_at;
ALTER TABLE containments DROP COLUMN since;
