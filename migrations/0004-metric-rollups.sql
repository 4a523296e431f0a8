-- Every write of a step has a number of its own, so that rows written late or again are found.
ALTER TABLE job ADD COLUMN metric_sequence INTEGER NOT NULL DEFAULT 0; -- the last one used
ALTER TABLE step_metric ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;

UPDATE step_metric SET sequence = step + 1;
UPDATE job SET metric_sequence =
    (SELECT coalesce(max(step) + 1, 0) FROM step_metric WHERE step_metric.job = job.id);

CREATE UNIQUE INDEX step_metric_by_sequence ON step_metric (job, sequence);
CREATE INDEX step_metric_by_iteration ON step_metric (job, iteration);

-- Step metrics in buckets of 2^exponent steps, for exponents 4, 8, 12 and 16: 64 buckets a row.
-- A row is there as soon as the job has a step at or behind its end; it is written in the
-- transaction that writes that step. The program fills the table with the rows it finds.
CREATE TABLE metric_rollup (
    job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    exponent INTEGER NOT NULL CHECK (exponent IN (4, 8, 12, 16)),
    block INTEGER NOT NULL CHECK (block >= 0), -- from step block · 64 · 2^exponent on
    -- 64 buckets of 56 bytes, little-endian: sum, minimum, maximum and last as doubles; how many
    -- values, how many of them not finite, and the steps of minimum, maximum, first and last value
    -- as 32-bit counts from the bucket's first step. All zero where there is no value.
    buckets BLOB NOT NULL CHECK (length(buckets) = 3584),
    PRIMARY KEY (job, name, exponent, block)
) STRICT;
