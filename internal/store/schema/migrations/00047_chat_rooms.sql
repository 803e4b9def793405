-- Which messages of a chat show an incident, and how far they are. Rows are made by
-- who keeps the messages, and by nobody else: without a chat there are none.
-- lease_until is when somebody else may look after the room, and after a failure
-- when it is tried again.
-- +goose Up
CREATE TABLE chat_rooms (
    incident_id text PRIMARY KEY REFERENCES incidents (id),
    channel     text NOT NULL DEFAULT '',
    archived    boolean NOT NULL DEFAULT false,
    invited     text[] NOT NULL DEFAULT '{}',
    seen_seq    bigint NOT NULL DEFAULT 0,
    told_seq    bigint NOT NULL DEFAULT 0,
    failures    integer NOT NULL DEFAULT 0,
    done        boolean NOT NULL DEFAULT false,
    next_at     timestamptz,
    lease_until timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX chat_rooms_open ON chat_rooms (incident_id) WHERE NOT done;
CREATE TABLE chat_posts (
    incident_id text NOT NULL REFERENCES chat_rooms (incident_id),
    key         text NOT NULL,
    channel     text NOT NULL,
    ts          text NOT NULL,
    digest      text NOT NULL,
    PRIMARY KEY (incident_id, key)
);

-- +goose Down
DROP TABLE chat_posts;
DROP TABLE chat_rooms;
