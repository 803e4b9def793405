-- Incidents and the alerts they come from. doc is the noun as JSON; a column
-- beside it is what lists filter and sort by, or what changes by itself.
-- +goose Up
CREATE TABLE incidents (
    id              text PRIMARY KEY,
    doc             json NOT NULL,
    title           text NOT NULL,
    status          text NOT NULL,
    severity        text NOT NULL,
    category        text NOT NULL,
    owner           text NOT NULL,
    ended           boolean NOT NULL,
    correlation_key text NOT NULL,
    opened_at       timestamptz NOT NULL,
    acknowledged_at timestamptz,
    contained_at    timestamptz,
    closed_at       timestamptz,
    journal_seq     bigint NOT NULL DEFAULT 0,
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX incidents_newest ON incidents (opened_at DESC, id DESC);
CREATE INDEX incidents_open ON incidents (opened_at DESC, id DESC) WHERE NOT ended;
CREATE INDEX incidents_correlation ON incidents (correlation_key, opened_at DESC)
    WHERE NOT ended AND correlation_key <> '';

CREATE TABLE alerts (
    id          text PRIMARY KEY,
    doc         json NOT NULL,
    fingerprint text NOT NULL UNIQUE,
    source      text NOT NULL,
    parsed      boolean NOT NULL,
    severity    text NOT NULL,
    count       integer NOT NULL DEFAULT 1,
    incident_id text REFERENCES incidents (id),
    received_at timestamptz NOT NULL,
    last_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX alerts_newest ON alerts (received_at DESC, id DESC);
CREATE INDEX alerts_of_source ON alerts (source, received_at DESC, id DESC);
CREATE INDEX alerts_of_incident ON alerts (incident_id, received_at DESC, id DESC) WHERE incident_id IS NOT NULL;
CREATE INDEX alerts_unparsed ON alerts (received_at DESC, id DESC) WHERE NOT parsed;

-- What the tools sent, byte for byte. The same bytes are kept once per alert.
CREATE TABLE alert_raws (
    alert_id    text NOT NULL REFERENCES alerts (id),
    sha256      bytea NOT NULL,
    body        bytea NOT NULL CHECK (octet_length(body) <= 1048576),
    received_at timestamptz NOT NULL DEFAULT now(),
    ord         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (alert_id, sha256)
);
ALTER TABLE alert_raws ALTER COLUMN body SET STORAGE EXTENDED;

-- +goose Down
DROP TABLE alert_raws;
DROP TABLE alerts;
DROP TABLE incidents;
