-- +goose Up
-- Who has a task by the last command that was committed; the workflow's view in doc
-- follows. Of the two the one with more changes counts.
ALTER TABLE tasks ADD COLUMN holding json;

-- +goose Down
ALTER TABLE tasks DROP COLUMN holding;
