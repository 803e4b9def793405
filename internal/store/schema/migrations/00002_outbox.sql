-- Work that was committed with the change that needs it. Listeners on the channel
-- tocsin_outbox are told by the store after the commit, not by a trigger: NOTIFY
-- within the transaction makes all commits of the database wait for each other.
-- payload is json, not jsonb: jsonb refuses \u0000 and very large numbers, and an
-- attacker who writes alert text must not be able to make an insert fail.
-- +goose Up
CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,
    key         text NOT NULL,
    dedupe      text UNIQUE,
    priority    smallint NOT NULL,
    payload     json NOT NULL,
    attempts    integer NOT NULL DEFAULT 0,
    problem     text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    next_at     timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    done_at     timestamptz,
    parked_at   timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX outbox_next ON outbox (priority DESC, id) WHERE done_at IS NULL AND parked_at IS NULL;
CREATE INDEX outbox_key ON outbox (key, id) WHERE done_at IS NULL AND parked_at IS NULL;
CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX outbox_parked ON outbox (parked_at) WHERE parked_at IS NOT NULL;

-- +goose Down
DROP TABLE outbox;
