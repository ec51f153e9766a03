-- Sharing: where alerts and health events go, how far each destination has come, and what was told of sensors' health.

CREATE TABLE sharing_destinations (
    id           BLOB PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    target       TEXT NOT NULL, -- address, CAs, and the webhook's key
    rule         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    alert        INTEGER NOT NULL, -- the cursor: row of the store of alerts
    health       INTEGER NOT NULL, -- the cursor: id of health_events
    delivered    INTEGER NOT NULL DEFAULT 0,
    refused      INTEGER NOT NULL DEFAULT 0,
    delivered_at INTEGER,
    failed_at    INTEGER,
    failure      TEXT,
    failing      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE health_events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: destinations count by it
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    place   TEXT NOT NULL,
    sensors TEXT NOT NULL
) STRICT;

-- What was told and is not over, so that a restart tells nothing twice.
CREATE TABLE health_told (
    sensor    BLOB NOT NULL,
    condition TEXT NOT NULL,
    which     INTEGER NOT NULL, -- which one of its kind: an alarm's id, a date
    PRIMARY KEY (sensor, condition)
) STRICT, WITHOUT ROWID;

-- When the certificate ends that a key got last.
CREATE TABLE certificates (
    thumbprint BLOB PRIMARY KEY,
    not_after  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
