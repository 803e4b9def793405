-- Slack: which event was taken already, and which user is which person.
-- +goose Up
CREATE TABLE slack_nonces (
    hash     bytea PRIMARY KEY CHECK (octet_length(hash) = 32), -- SHA-256; of what, says internal/slack/door
    taken_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX slack_nonces_taken ON slack_nonces (taken_at);

CREATE TABLE slack_codes (
    hash       bytea PRIMARY KEY CHECK (octet_length(hash) = 32), -- SHA-256 of a one-time code
    team       text NOT NULL,
    slack_user text NOT NULL,
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX slack_codes_of ON slack_codes (team, slack_user);

-- A link that ended keeps its row: who could decide on a day must stay known.
CREATE TABLE slack_identities (
    team       text NOT NULL,
    slack_user text NOT NULL,
    person     text NOT NULL,
    linked_at  timestamptz NOT NULL,
    linked_by  jsonb NOT NULL,
    ended_at   timestamptz, -- null: linked
    PRIMARY KEY (team, slack_user, linked_at)
);
CREATE UNIQUE INDEX slack_identities_user ON slack_identities (team, slack_user) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX slack_identities_person ON slack_identities (team, person) WHERE ended_at IS NULL;

-- +goose Down
DROP TABLE slack_identities;
DROP TABLE slack_codes;
DROP TABLE slack_nonces;
