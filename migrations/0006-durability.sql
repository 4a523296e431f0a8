-- Keys are forgotten after a day, and may belong to other requests than submissions.

ALTER TABLE idempotency ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;

UPDATE idempotency SET
    -- Made of a configuration as the older program resolved it: any request goes with it.
    fingerprint = '',
    created_at = (SELECT job.created_at FROM job WHERE job.id = idempotency.job);

CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Why a paused job goes on by itself; NULL when a person or its time limit paused it.

ALTER TABLE job ADD COLUMN pause_reason TEXT CHECK (pause_reason IN ('disk_full'));

-- What a running job was asked to do at its next step boundary, for the case that the process ends
-- before it comes there.

ALTER TABLE job ADD COLUMN asked_for TEXT CHECK (asked_for IN ('pause', 'cancel'));
