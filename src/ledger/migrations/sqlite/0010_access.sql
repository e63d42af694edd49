-- Organisations and their keys. Of a key only its id and the SHA-256 of its secret are kept. Rows are never deleted: a
-- revoked key stays revoked, and the audit names keys.
CREATE TABLE organisation (
    id                  TEXT    NOT NULL PRIMARY KEY,
    name                TEXT    NOT NULL,
    -- Bounds of its own; none: those of the settings.
    max_waiting         INTEGER CHECK (max_waiting >= 0),
    requests_per_minute INTEGER CHECK (requests_per_minute > 0),
    -- JSON list of CIDR; empty: from anywhere.
    networks            TEXT    NOT NULL DEFAULT '[]',
    created_at          INTEGER NOT NULL
) STRICT;
INSERT INTO organisation (id, name, created_at) VALUES ('local', 'Máy này', CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER));

CREATE TABLE api_key (
    id            TEXT    NOT NULL PRIMARY KEY,
    organisation  TEXT    NOT NULL REFERENCES organisation (id),
    -- Who holds it; two keys of one client overlap while they are exchanged.
    client        TEXT    NOT NULL,
    secret_sha256 TEXT    NOT NULL,
    scopes        TEXT    NOT NULL,
    networks      TEXT    NOT NULL DEFAULT '[]',
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER,
    revoked_at    INTEGER
) STRICT;
CREATE INDEX api_key_by_client ON api_key (organisation, client);
