-- What steering needs: the queue's order, an allowance in steps, where jobs come from, pins.

ALTER TABLE job ADD COLUMN priority INTEGER NOT NULL DEFAULT 0; -- higher runs first; as in configuration
ALTER TABLE job ADD COLUMN place INTEGER NOT NULL DEFAULT 0; -- order among jobs of one priority
ALTER TABLE job ADD COLUMN allowed_steps INTEGER NOT NULL DEFAULT 0 CHECK (allowed_steps >= 0); -- besides the iterations
ALTER TABLE job ADD COLUMN parent_checkpoint TEXT; -- what it began with; may be deleted since
ALTER TABLE job ADD COLUMN cloned_from TEXT;    -- a job; may be deleted since

UPDATE job SET
    place = sequence,
    parent_checkpoint =
        (SELECT id FROM checkpoint WHERE id = json_extract(job.configuration, '$.model'));

CREATE INDEX job_by_place ON job (status, priority DESC, place);
CREATE INDEX job_by_parent ON job (parent_checkpoint) WHERE parent_checkpoint IS NOT NULL;

ALTER TABLE checkpoint ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0 CHECK (is_pinned IN (0, 1));
ALTER TABLE checkpoint ADD COLUMN note TEXT;    -- for people
