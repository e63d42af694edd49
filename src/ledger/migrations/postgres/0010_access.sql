-- Organisations and their keys. Of a key only its id and the SHA-256 of its secret are kept. Rows are never deleted: a
-- revoked key stays revoked, and the audit names keys.
CREATE TABLE organisation (
    id                  TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    name                TEXT    NOT NULL,
    -- Bounds of its own; none: those of the settings.
    max_waiting         BIGINT CHECK (max_waiting >= 0),
    requests_per_minute BIGINT CHECK (requests_per_minute > 0),
    -- JSON list of CIDR; empty: from anywhere.
    networks            TEXT    NOT NULL DEFAULT '[]',
    created_at          BIGINT NOT NULL
);
INSERT INTO organisation (id, name, created_at) VALUES ('local', 'Máy này', CAST(extract(epoch FROM statement_timestamp()) * 1000 AS BIGINT));

CREATE TABLE api_key (
    id            TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    organisation  TEXT   COLLATE "C" NOT NULL REFERENCES organisation (id),
    -- Who holds it; two keys of one client overlap while they are exchanged.
    client        TEXT    NOT NULL,
    secret_sha256 TEXT    NOT NULL,
    scopes        TEXT    NOT NULL,
    networks      TEXT    NOT NULL DEFAULT '[]',
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT,
    last_used_at  BIGINT,
    revoked_at    BIGINT
);
CREATE INDEX api_key_by_client ON api_key (organisation, client);
