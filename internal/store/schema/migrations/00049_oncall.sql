-- Overrides of rosters: who is on call instead of whom the policy files name. One that
-- is taken back keeps its row.
-- +goose Up
CREATE TABLE oncall_overrides (
    id         text PRIMARY KEY,
    roster     text NOT NULL,
    person     text NOT NULL,
    begins_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    reason     text NOT NULL,
    set_by     jsonb NOT NULL,
    set_at     timestamptz NOT NULL,
    revoked_at timestamptz -- null: in force
);
CREATE INDEX oncall_overrides_roster ON oncall_overrides (roster, ends_at);

-- +goose Down
DROP TABLE oncall_overrides;
