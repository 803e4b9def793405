-- What the workflow shows of itself, for lists and pages; and what people said
-- to it. ord keeps the order in which things first appeared.
-- +goose Up
CREATE TABLE runs (
    incident_id text NOT NULL REFERENCES incidents (id),
    run_id      text NOT NULL,
    doc         json NOT NULL,
    ord         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (incident_id, run_id)
);
CREATE TABLE steps (
    incident_id text NOT NULL REFERENCES incidents (id),
    key         text NOT NULL,
    run_id      text NOT NULL,
    doc         json NOT NULL,
    ord         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (incident_id, key)
);

CREATE TABLE approvals (
    id           text PRIMARY KEY,
    incident_id  text NOT NULL REFERENCES incidents (id),
    doc          json NOT NULL,
    status       text NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX approvals_newest ON approvals (requested_at DESC, id DESC);
CREATE INDEX approvals_pending ON approvals (requested_at DESC, id DESC) WHERE status = 'pending';
CREATE INDEX approvals_of_incident ON approvals (incident_id, requested_at DESC, id DESC);

CREATE TABLE decisions (
    id          text PRIMARY KEY,
    approval_id text NOT NULL REFERENCES approvals (id),
    by_kind     text NOT NULL,
    by_id       text NOT NULL,
    doc         json NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    ord         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    UNIQUE (approval_id, by_kind, by_id)
);
CREATE TRIGGER decisions_no_change BEFORE UPDATE OR DELETE ON decisions
    FOR EACH ROW EXECUTE FUNCTION tocsin_append_only();
CREATE TRIGGER decisions_no_truncate BEFORE TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION tocsin_append_only();
ALTER TABLE decisions ENABLE ALWAYS TRIGGER decisions_no_change;
ALTER TABLE decisions ENABLE ALWAYS TRIGGER decisions_no_truncate;

-- answer is what a person sent; the workflow's view in doc follows.
CREATE TABLE tasks (
    id          text PRIMARY KEY,
    incident_id text NOT NULL REFERENCES incidents (id),
    doc         json NOT NULL,
    status      text NOT NULL,
    created_at  timestamptz NOT NULL,
    answer_id   text,
    answer      json
);
CREATE INDEX tasks_newest ON tasks (created_at DESC, id DESC);
CREATE INDEX tasks_open ON tasks (created_at DESC, id DESC) WHERE status = 'open';
CREATE INDEX tasks_of_incident ON tasks (incident_id, created_at DESC, id DESC);

CREATE TABLE containments (
    id          text PRIMARY KEY,
    incident_id text NOT NULL REFERENCES incidents (id),
    doc         json NOT NULL,
    state       text NOT NULL,
    ord         bigint NOT NULL GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX containments_of_incident ON containments (incident_id, ord);

CREATE TABLE objectives (
    incident_id text NOT NULL REFERENCES incidents (id),
    name        text NOT NULL,
    doc         json NOT NULL,
    ord         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (incident_id, name)
);

-- Every command to a workflow by its id, for ever: the outbox forgets, this not.
CREATE TABLE commands (
    id          text PRIMARY KEY,
    incident_id text NOT NULL REFERENCES incidents (id),
    name        text NOT NULL,
    digest      bytea NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE commands;
DROP TABLE objectives;
DROP TABLE containments;
DROP TABLE tasks;
DROP TABLE decisions;
DROP TABLE approvals;
DROP TABLE steps;
DROP TABLE runs;
