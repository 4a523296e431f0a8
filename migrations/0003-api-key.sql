-- Who may do what over HTTP. The secret part of a key is nowhere.

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'submit', 'admin')),
    salt BLOB NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32), -- SHA-256 of salt and secret
    created_at INTEGER NOT NULL,
    expires_at INTEGER                   -- NULL: never
) STRICT;
