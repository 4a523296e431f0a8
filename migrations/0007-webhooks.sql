-- Who is told of events. The event log is the queue: last_sequence is the last event delivered.

CREATE TABLE webhook (
    id TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    events TEXT NOT NULL,                -- JSON: types, or prefixes such as alert.*
    secret TEXT NOT NULL,                -- signs deliveries, so it is kept as it is
    created_at INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL CHECK (last_sequence >= 0),
    failures INTEGER NOT NULL CHECK (failures >= 0), -- attempts for the next event
    next_attempt_at INTEGER,
    last_delivered_at INTEGER,
    last_error TEXT,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1))
) STRICT;
