-- Times are microseconds since 1970-01-01T00:00:00Z. Paths in the data folder are relative to it.
-- JSON columns have no CHECK (json_valid …): SQLite 3.40 refuses it under trusted_schema = OFF.

CREATE TABLE model (
    name TEXT NOT NULL PRIMARY KEY,
    path TEXT NOT NULL,
    family TEXT NOT NULL,                -- llama, gpt2, qwen2 …
    format TEXT NOT NULL,                -- huggingface or gguf
    parameters INTEGER NOT NULL CHECK (parameters >= 0),
    vocabulary_size INTEGER NOT NULL CHECK (vocabulary_size >= 0),
    context_length INTEGER NOT NULL CHECK (context_length >= 0), -- tokens
    layers INTEGER NOT NULL CHECK (layers >= 0),
    channels INTEGER NOT NULL CHECK (channels >= 0),
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    has_tokenizer INTEGER NOT NULL CHECK (has_tokenizer IN (0, 1)),
    has_chat_template INTEGER NOT NULL CHECK (has_chat_template IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE dataset (
    name TEXT NOT NULL PRIMARY KEY,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    usable_rows INTEGER NOT NULL CHECK (usable_rows >= 0),
    forms TEXT NOT NULL,                 -- JSON: rows by form
    duplicates INTEGER NOT NULL CHECK (duplicates >= 0),
    empty_responses INTEGER NOT NULL CHECK (empty_responses >= 0),
    bad_lines INTEGER NOT NULL CHECK (bad_lines >= 0),
    problems TEXT NOT NULL,              -- JSON: the first bad lines, with reasons
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE job (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- order of submission
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN
        ('queued', 'running', 'paused', 'waiting', 'succeeded', 'failed', 'cancelled')),
    configuration TEXT NOT NULL,         -- JSON, every default filled in
    model_path TEXT NOT NULL,
    dataset_path TEXT NOT NULL,
    validation_path TEXT,
    phase TEXT CHECK (phase IN ('loading', 'rollout', 'train', 'validate', 'save')),
    iteration INTEGER NOT NULL CHECK (iteration >= 0), -- done
    step INTEGER NOT NULL CHECK (step >= 0), -- done
    total_steps INTEGER CHECK (total_steps >= 0), -- NULL until the data set has been read
    rollout_done INTEGER NOT NULL CHECK (rollout_done >= 0), -- samples
    rollout_total INTEGER NOT NULL CHECK (rollout_total >= 0), -- samples
    tokens_per_second REAL,
    seconds_remaining REAL,
    allowed_iterations INTEGER NOT NULL CHECK (allowed_iterations >= 0),
    status_detail TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    version INTEGER NOT NULL CHECK (version >= 1) -- grows with every change of the row
) STRICT;

CREATE INDEX job_by_status ON job (status, sequence);

-- A client's promise that two submissions are the same.
CREATE TABLE idempotency (
    key TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,           -- digest of the body
    job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_job ON idempotency (job);

CREATE TABLE iteration (
    job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    iteration INTEGER NOT NULL CHECK (iteration >= 0),
    kl_penalty REAL,
    reference_checkpoint TEXT,           -- NULL for the job's own model; may be deleted since
    pairs INTEGER CHECK (pairs >= 0),
    identical_pairs INTEGER CHECK (identical_pairs >= 0),
    truncated_pairs INTEGER CHECK (truncated_pairs >= 0),
    generated_tokens INTEGER CHECK (generated_tokens >= 0),
    first_step INTEGER CHECK (first_step >= 0),
    steps INTEGER NOT NULL CHECK (steps >= 0),
    start_loss REAL,                     -- nats a pair
    end_loss REAL,                       -- nats a pair
    end_accuracy REAL,                   -- share, 0 to 1
    end_margin REAL,                     -- nats
    end_rewards_actual_mean REAL,        -- nats
    end_rewards_generated_mean REAL,     -- nats
    validation_loss REAL,                -- nats a token
    reference_difference REAL,           -- nats
    rollout_seconds REAL,
    reference_seconds REAL,
    train_seconds REAL,
    validation_seconds REAL,
    checkpoint_seconds REAL,
    is_finished INTEGER NOT NULL CHECK (is_finished IN (0, 1)),
    PRIMARY KEY (job, iteration)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollout (
    job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    iteration INTEGER NOT NULL CHECK (iteration >= 0),
    position INTEGER NOT NULL CHECK (position >= 0), -- place within the iteration
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    source_iteration INTEGER NOT NULL CHECK (source_iteration BETWEEN 0 AND iteration),
    dataset_row INTEGER NOT NULL CHECK (dataset_row >= 0),
    prompt_ids BLOB NOT NULL CHECK (length(prompt_ids) % 4 = 0), -- little-endian int32
    actual_ids BLOB NOT NULL CHECK (length(actual_ids) % 4 = 0), -- little-endian int32
    generated_ids BLOB NOT NULL CHECK (length(generated_ids) % 4 = 0), -- little-endian int32
    prompt TEXT,                         -- NULL where the model has no tokenizer
    actual TEXT,
    generated TEXT,
    reference_logp_actual REAL NOT NULL, -- nats, summed over the response
    reference_logp_generated REAL NOT NULL, -- nats, summed over the response
    stop_reason TEXT NOT NULL CHECK (stop_reason IN ('stop_token', 'end_string', 'length')),
    PRIMARY KEY (job, iteration, position)
) STRICT;

CREATE TABLE step_metric (
    job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    step INTEGER NOT NULL CHECK (step >= 0),
    iteration INTEGER NOT NULL CHECK (iteration >= 0),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    loss REAL NOT NULL,                  -- nats a pair; nats a token for method sft
    acc REAL,                            -- share, 0 to 1
    rewards_actual_mean REAL,            -- nats, raw
    rewards_generated_mean REAL,         -- nats, raw
    rewards_all_mean REAL,               -- nats, raw
    rewards_all_std REAL,                -- nats, raw
    rewards_margin_mean REAL,            -- nats, raw
    kl_penalty REAL,
    logps_actual_mean REAL,              -- nats
    logps_generated_mean REAL,           -- nats
    avg_generated_lengths REAL,          -- tokens
    saturated_fraction REAL,             -- share, 0 to 1
    identical_fraction REAL,             -- share, 0 to 1
    sft_loss REAL NOT NULL,              -- nats a token
    grad_norm REAL NOT NULL,             -- before clipping
    lr REAL NOT NULL,
    consumed_samples INTEGER NOT NULL CHECK (consumed_samples >= 0),
    step_time REAL NOT NULL,             -- seconds
    tokens_per_second REAL NOT NULL,
    PRIMARY KEY (job, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE validation_metric (
    job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    step INTEGER NOT NULL CHECK (step >= 0), -- steps done when it ran
    iteration INTEGER NOT NULL CHECK (iteration >= 0),
    loss REAL NOT NULL,                  -- nats a token
    tokens INTEGER NOT NULL CHECK (tokens >= 0),
    seconds REAL NOT NULL,
    PRIMARY KEY (job, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    id TEXT NOT NULL PRIMARY KEY,
    job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    step INTEGER NOT NULL CHECK (step >= 0), -- done
    iteration INTEGER NOT NULL CHECK (iteration >= 0), -- the one that goes on from here
    is_iteration_end INTEGER NOT NULL CHECK (is_iteration_end IN (0, 1)),
    path TEXT NOT NULL,
    files TEXT NOT NULL,                 -- JSON: name, bytes and sha256 of each
    validation_loss REAL,                -- nats a token
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX checkpoint_by_job ON checkpoint (job, step);

CREATE TABLE event (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- never used twice: clients go on from it
    job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
    message TEXT NOT NULL,
    data TEXT NOT NULL                   -- JSON
) STRICT;

CREATE INDEX event_by_job ON event (job, sequence);
