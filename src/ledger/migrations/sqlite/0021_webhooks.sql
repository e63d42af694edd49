-- Networks, beside the public ones, into which an organisation's webhooks may go; JSON list of CIDR. An operator decides.
ALTER TABLE organisation ADD COLUMN reach TEXT NOT NULL DEFAULT '[]';

CREATE TABLE webhook (
    id           TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    url          TEXT    NOT NULL,
    -- JSON list of event types.
    types        TEXT    NOT NULL,
    -- Sealed with the key file; the second is good until old_until.
    secret       TEXT    NOT NULL,
    old_secret   TEXT,
    old_until    INTEGER,
    created_at   INTEGER NOT NULL,
    disabled_at  INTEGER,
    disabled_why TEXT,
    -- Since when nothing was delivered, how many tries failed in a row, and until when none is made.
    failing_since INTEGER,
    failures     INTEGER NOT NULL DEFAULT 0,
    rests_until  INTEGER NOT NULL DEFAULT 0,
    served_at    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX webhook_by_organisation ON webhook (organisation, id);

-- One event on its way to one webhook. Leased and fenced as jobs are; `fence` counts leases.
CREATE TABLE delivery (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook    TEXT    NOT NULL,
    -- Of the event; the same in every try, and when it is sent again by hand.
    message_id TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    seq        INTEGER,
    body       TEXT    NOT NULL,
    state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    fence      INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    -- Tries of the schedule; sending again by hand begins the schedule anew.
    tries      INTEGER NOT NULL DEFAULT 0,
    ended_at   INTEGER,
    UNIQUE (webhook, message_id)
) STRICT;
CREATE INDEX delivery_waiting ON delivery (webhook, due_at) WHERE state = 'waiting';
CREATE INDEX delivery_due     ON delivery (due_at) WHERE state = 'waiting';
CREATE INDEX delivery_listed  ON delivery (webhook, id);
CREATE INDEX delivery_old     ON delivery (created_at) WHERE state <> 'waiting';

CREATE TABLE delivery_try (
    delivery INTEGER NOT NULL,
    fence    INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    millis   INTEGER NOT NULL,
    status   INTEGER,
    fault    TEXT,
    PRIMARY KEY (delivery, fence)
) STRICT, WITHOUT ROWID;
