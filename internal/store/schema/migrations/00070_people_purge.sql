-- What is found when links and notices are forgotten whose time is over.
-- +goose Up
CREATE INDEX approval_links_expire ON approval_links (expires_at);
CREATE INDEX competence_notices_written ON competence_notices (written_at);

-- +goose Down
DROP INDEX competence_notices_written;
DROP INDEX approval_links_expire;
