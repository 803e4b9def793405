-- Published playbooks and API tokens.
-- +goose Up
CREATE TABLE playbook_versions (
    digest       text PRIMARY KEY,
    playbook     text NOT NULL,
    version      text NOT NULL,
    source       bytea NOT NULL,
    plan         json NOT NULL,
    published_by json NOT NULL,
    published_at timestamptz NOT NULL,
    ord          bigint NOT NULL GENERATED ALWAYS AS IDENTITY
);
-- A version has one source. It may have several plans: the same text compiled
-- with other connectors.
CREATE INDEX playbook_versions_version ON playbook_versions (playbook, version);
CREATE INDEX playbook_versions_newest ON playbook_versions (playbook, ord DESC);
CREATE UNIQUE INDEX playbook_versions_ord ON playbook_versions (ord);

CREATE TABLE playbook_active (
    playbook text PRIMARY KEY,
    digest   text REFERENCES playbook_versions (digest) -- null: disabled
);

CREATE TABLE tokens (
    id           text PRIMARY KEY,
    name         text NOT NULL,
    hash         bytea NOT NULL,
    actor        json NOT NULL,
    roles        text[] NOT NULL,
    source       text NOT NULL,
    scopes       text[] NOT NULL,
    cidrs        text[] NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- +goose Down
DROP TABLE tokens;
DROP TABLE playbook_active;
DROP TABLE playbook_versions;
