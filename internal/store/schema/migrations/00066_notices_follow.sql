-- Deliveries of which nobody knows, and alerts at a paging service that follow what
-- they are about.
-- +goose Up
ALTER TABLE notices
    ADD COLUMN unsure boolean NOT NULL DEFAULT false, -- an attempt ended without an answer: the recipient may have it
    ADD COLUMN page text NOT NULL DEFAULT ''; -- of a way that keeps an alert open: triggered, acknowledged, resolved
CREATE INDEX notices_page ON notices (id) WHERE page IN ('triggered', 'acknowledged');
CREATE INDEX notices_alert ON notices (way, incident_id, about) WHERE page <> '';

-- +goose Down
DROP INDEX notices_alert;
DROP INDEX notices_page;
ALTER TABLE notices DROP COLUMN page, DROP COLUMN unsure;
