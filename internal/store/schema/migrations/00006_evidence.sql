-- Evidence and its chain of custody. The bytes lie in the blob store.
-- +goose Up
CREATE TABLE evidence (
    id          text PRIMARY KEY,
    incident_id text NOT NULL REFERENCES incidents (id),
    doc         json NOT NULL,
    sha256      text NOT NULL,
    ord         bigint NOT NULL GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX evidence_of_incident ON evidence (incident_id, ord);
CREATE INDEX evidence_sha256 ON evidence (sha256);

CREATE TABLE custody_entries (
    evidence_id text NOT NULL REFERENCES evidence (id),
    seq         integer NOT NULL CHECK (seq > 0),
    doc         json NOT NULL,
    PRIMARY KEY (evidence_id, seq)
);
CREATE TRIGGER custody_entries_no_change BEFORE UPDATE OR DELETE ON custody_entries
    FOR EACH ROW EXECUTE FUNCTION tocsin_append_only();
CREATE TRIGGER custody_entries_no_truncate BEFORE TRUNCATE ON custody_entries
    FOR EACH STATEMENT EXECUTE FUNCTION tocsin_append_only();
ALTER TABLE custody_entries ENABLE ALWAYS TRIGGER custody_entries_no_change;
ALTER TABLE custody_entries ENABLE ALWAYS TRIGGER custody_entries_no_truncate;

-- +goose Down
DROP TABLE custody_entries;
DROP TABLE evidence;
