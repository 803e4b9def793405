-- Who was told what by which way, one row for each message, recipient and way.
-- +goose Up
CREATE TABLE notices (
    id          text PRIMARY KEY, -- hash of message, person and way: the key of the delivery
    message_id  text NOT NULL,
    incident_id text, -- NULL: about no incident
    person      text NOT NULL, -- empty: a way that reaches a place
    way         text NOT NULL,
    kind        text NOT NULL,
    about       text NOT NULL DEFAULT '',
    audience    text NOT NULL DEFAULT '',
    subject     text NOT NULL,
    body        text NOT NULL DEFAULT '', -- of what is held, for its summary
    urgent      boolean NOT NULL,
    state       text NOT NULL,
    attempts    integer NOT NULL DEFAULT 0,
    passing     boolean NOT NULL DEFAULT false, -- failed for now: tried again when no way is left
    problem     text NOT NULL DEFAULT '',
    template    text NOT NULL DEFAULT '',
    summary     text NOT NULL DEFAULT '',
    planned_at  timestamptz NOT NULL,
    due_at      timestamptz,
    changed_at  timestamptz NOT NULL,
    UNIQUE (message_id, person, way)
);
CREATE INDEX notices_incident ON notices (incident_id, planned_at);
CREATE INDEX notices_person ON notices (person, planned_at);
CREATE INDEX notices_planned ON notices (planned_at, id);
CREATE INDEX notices_held ON notices (due_at) WHERE state = 'held';
CREATE INDEX notices_summary ON notices (summary) WHERE summary <> '';

-- +goose Down
DROP TABLE notices;
