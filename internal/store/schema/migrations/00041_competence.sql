-- What people are qualified to decide, and when they are away. The person may be
-- known by a token only, so nothing points to people here.
-- +goose Up
CREATE TABLE qualifications (
    id          text PRIMARY KEY,
    person      text NOT NULL,
    class       text NOT NULL,
    source      text NOT NULL,
    title       text NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    recorded_by jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX qualifications_person ON qualifications (person);

CREATE TABLE absences (
    id          text PRIMARY KEY,
    person      text NOT NULL,
    delegate    text NOT NULL DEFAULT '', -- empty: nobody
    begins_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    reason      text NOT NULL DEFAULT '',
    set_by      jsonb NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX absences_person ON absences (person);
CREATE INDEX absences_delegate ON absences (delegate) WHERE delegate <> '';

-- What people were warned of, once under its id.
CREATE TABLE competence_notices (
    id         text PRIMARY KEY,
    written_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE competence_notices;
DROP TABLE absences;
DROP TABLE qualifications;
