-- Links to the approval page, as they go out by mail: never the link itself, only
-- the hash of its token. One link is for one person and one approval.
-- +goose Up
CREATE TABLE approval_links (
    hash        bytea PRIMARY KEY, -- SHA-256 of the token
    approval_id text NOT NULL,
    incident_id text NOT NULL,
    person      text NOT NULL,
    made_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz -- set: its person has decided with it
);
CREATE INDEX approval_links_approval ON approval_links (approval_id);

-- +goose Down
DROP TABLE approval_links;
