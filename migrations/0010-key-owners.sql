-- Clients with API keys of their own may choose the same idempotency key.

CREATE TABLE idempotency_by_owner (
    api_key TEXT NOT NULL,               -- id; empty: none was shown, or nobody knows any more
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,           -- what was asked for; empty: any request goes with it
    job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (api_key, key)
) STRICT, WITHOUT ROWID;

INSERT INTO idempotency_by_owner (api_key, key, fingerprint, job, created_at)
SELECT '', key, fingerprint, job, created_at FROM idempotency;

DROP TABLE idempotency;

ALTER TABLE idempotency_by_owner RENAME TO idempotency;

CREATE INDEX idempotency_by_job ON idempotency (job);

CREATE INDEX idempotency_by_age ON idempotency (created_at);
