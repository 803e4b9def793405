-- Keys that encrypted payloads in Temporal: never the keys themselves, but a text
-- sealed under each, so that a start can prove that its ring reads what is there.
-- +goose Up
CREATE TABLE payload_keys (
    id         text PRIMARY KEY,
    canary     bytea NOT NULL,
    first_used timestamptz NOT NULL DEFAULT now(),
    retired    timestamptz -- set: nothing that matters is encrypted under it any more
);

-- +goose Down
DROP TABLE payload_keys;
