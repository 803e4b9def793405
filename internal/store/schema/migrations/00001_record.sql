-- The record: hash-chained, append only. internal/record says how entries link.
-- +goose Up
CREATE TABLE record_heads (
    chain text PRIMARY KEY,
    seq   bigint NOT NULL CHECK (seq >= 0),
    hash  bytea NOT NULL
);

-- at and kind repeat what stands in payload, for searching; the payload counts.
CREATE TABLE record_entries (
    chain      text NOT NULL,
    seq        bigint NOT NULL CHECK (seq > 0),
    prev       bytea NOT NULL,
    salt       bytea NOT NULL,
    payload    bytea NOT NULL,
    commitment bytea NOT NULL,
    hash       bytea NOT NULL,
    at         timestamptz NOT NULL,
    kind       text NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX record_entries_kind ON record_entries (kind, at DESC);

-- +goose StatementBegin
CREATE FUNCTION tocsin_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'TC001';
END $$;
-- +goose StatementEnd

-- A head moves forward and is never taken away. The owner of the tables could
-- still switch the triggers off: signed checkpoints kept elsewhere show that.
-- +goose StatementBegin
CREATE FUNCTION tocsin_head_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.chain <> OLD.chain OR NEW.seq <= OLD.seq THEN
        RAISE EXCEPTION 'head of chain % may only move forward from %', OLD.chain, OLD.seq
            USING ERRCODE = 'TC001';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- ENABLE ALWAYS: plain triggers are skipped under session_replication_role = replica.
CREATE TRIGGER record_entries_no_change BEFORE UPDATE OR DELETE ON record_entries
    FOR EACH ROW EXECUTE FUNCTION tocsin_append_only();
CREATE TRIGGER record_entries_no_truncate BEFORE TRUNCATE ON record_entries
    FOR EACH STATEMENT EXECUTE FUNCTION tocsin_append_only();
CREATE TRIGGER record_heads_forward BEFORE UPDATE ON record_heads
    FOR EACH ROW EXECUTE FUNCTION tocsin_head_forward();
CREATE TRIGGER record_heads_no_delete BEFORE DELETE ON record_heads
    FOR EACH ROW EXECUTE FUNCTION tocsin_append_only();
CREATE TRIGGER record_heads_no_truncate BEFORE TRUNCATE ON record_heads
    FOR EACH STATEMENT EXECUTE FUNCTION tocsin_append_only();
ALTER TABLE record_entries ENABLE ALWAYS TRIGGER record_entries_no_change;
ALTER TABLE record_entries ENABLE ALWAYS TRIGGER record_entries_no_truncate;
ALTER TABLE record_heads ENABLE ALWAYS TRIGGER record_heads_forward;
ALTER TABLE record_heads ENABLE ALWAYS TRIGGER record_heads_no_delete;
ALTER TABLE record_heads ENABLE ALWAYS TRIGGER record_heads_no_truncate;

-- +goose Down
DROP TABLE record_entries;
DROP TABLE record_heads;
DROP FUNCTION tocsin_head_forward();
DROP FUNCTION tocsin_append_only();
