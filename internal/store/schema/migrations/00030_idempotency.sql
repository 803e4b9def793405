-- Keys under which requests were carried out, and what was answered. A key is taken
-- in the transaction of the change itself. The answer is missing where it holds a
-- secret, and where the process ended before it was kept.
-- +goose Up
CREATE TABLE idempotency_keys (
    id         text PRIMARY KEY,
    digest     bytea NOT NULL,
    made       text NOT NULL DEFAULT '',
    status     integer, -- null: no answer is kept
    media_type text NOT NULL DEFAULT '',
    etag       text NOT NULL DEFAULT '',
    body       bytea NOT NULL DEFAULT '',
    taken_at   timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_expire ON idempotency_keys (expires_at);

-- +goose Down
DROP TABLE idempotency_keys;
