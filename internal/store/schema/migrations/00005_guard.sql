-- The action ledger, the kill switch and the protected targets.
-- +goose Up
CREATE TABLE actions (
    key         text PRIMARY KEY,
    incident_id text NOT NULL REFERENCES incidents (id),
    step_path   text NOT NULL,
    action      text NOT NULL,
    risk        text NOT NULL,
    target      text NOT NULL,
    args        json NOT NULL,
    state       text NOT NULL CHECK (state IN
        ('intent', 'sent', 'confirmed', 'failed', 'unknown', 'reconciled', 'compensated')),
    attempts    integer NOT NULL DEFAULT 0,
    output      json,
    error       text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX actions_of_incident ON actions (incident_id, created_at, key);
-- The budgets of the guard count by the action's name after the dot.
CREATE INDEX actions_by_name ON actions (split_part(action, '.', 2), created_at);
CREATE INDEX actions_unsettled ON actions (updated_at) WHERE state IN ('intent', 'sent', 'unknown');

CREATE TABLE kill_switch (
    id  smallint PRIMARY KEY CHECK (id = 1),
    doc json NOT NULL
);

CREATE TABLE protected (
    class   text NOT NULL,
    pattern text NOT NULL,
    reason  text NOT NULL,
    PRIMARY KEY (class, pattern)
);

-- +goose Down
DROP TABLE protected;
DROP TABLE kill_switch;
DROP TABLE actions;
