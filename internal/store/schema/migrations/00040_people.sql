-- Who takes part in the response, and which roles they hold since when. A role that
-- is taken away keeps its row: who could decide on a day must stay known.
-- +goose Up
CREATE TABLE people (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    email      text NOT NULL DEFAULT '',
    zone       text NOT NULL DEFAULT '', -- IANA; empty: UTC
    active     boolean NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE role_grants (
    person   text NOT NULL REFERENCES people,
    role     text NOT NULL,
    since    timestamptz NOT NULL,
    ended_at timestamptz, -- null: held
    PRIMARY KEY (person, role, since)
);
CREATE UNIQUE INDEX role_grants_held ON role_grants (person, role) WHERE ended_at IS NULL;

-- +goose Down
DROP TABLE role_grants;
DROP TABLE people;
