-- Everything the portal keeps. Times are Unix seconds, ids raw bytes, values without a column of their own JSON.

CREATE TABLE serials (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO serials (only, last) VALUES (1, 0);

CREATE TABLE api_tokens (
    digest      BLOB PRIMARY KEY, -- SHA-256: the token itself is shown once and kept nowhere
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE subscriptions (
    id   BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
-- Sensors that nobody registered here are filed under it until a person adopts them.
INSERT INTO subscriptions (id, name) VALUES (zeroblob(16), 'unknown');

CREATE TABLE hubs (
    id   BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hub  TEXT NOT NULL
) STRICT;

CREATE TABLE sensors (
    id              BLOB PRIMARY KEY,
    origin          TEXT NOT NULL,
    name            TEXT NOT NULL,
    subscription    BLOB NOT NULL REFERENCES subscriptions (id),
    site            TEXT,
    zone            TEXT,
    tags            TEXT NOT NULL,
    mode            TEXT NOT NULL,
    hub             BLOB REFERENCES hubs (id),
    binding         TEXT NOT NULL,
    licence_until   INTEGER,
    upload_days     INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    committed       INTEGER,
    push_serial     INTEGER,
    push_file       BLOB,
    deletion        TEXT,
    deleted_at      INTEGER,
    acknowledged_at INTEGER
) STRICT;
-- A deleted name may be used again.
CREATE UNIQUE INDEX sensors_live_name ON sensors (subscription, name) WHERE deleted_at IS NULL AND origin = 'onboarded';

CREATE TABLE activations (
    cti          BLOB PRIMARY KEY,
    sensor       BLOB NOT NULL REFERENCES sensors (id),
    serial       INTEGER NOT NULL UNIQUE,
    mode         TEXT NOT NULL,
    issued_at    INTEGER NOT NULL,
    upload_until INTEGER NOT NULL,
    root_version INTEGER NOT NULL, -- the newest trust root version in the file
    token        BLOB UNIQUE,      -- SHA-256; none for a locally managed file
    voided_at    INTEGER,
    claimed_by   BLOB,             -- thumbprint
    claimed_at   INTEGER,
    committed_at INTEGER
) STRICT;
CREATE INDEX activations_of_sensor ON activations (sensor, serial);

CREATE TABLE pairing_tokens (
    digest     BLOB PRIMARY KEY, -- SHA-256
    created_at INTEGER NOT NULL,
    sensor     BLOB,
    claimed_by BLOB,
    claimed_at INTEGER
) STRICT;

CREATE TABLE identities (
    row         INTEGER PRIMARY KEY,
    thumbprint  BLOB NOT NULL UNIQUE,
    sensor      BLOB NOT NULL REFERENCES sensors (id),
    serial      INTEGER NOT NULL,
    cti         BLOB,
    state       TEXT NOT NULL,
    enrolled_at INTEGER NOT NULL,
    roots       INTEGER NOT NULL -- newest trust root version it had at enrolment
) STRICT;
CREATE INDEX identities_of_sensor ON identities (sensor);

-- The last heartbeat of each identity. Narrow and keyed by a small number: this is the row that is written all day.
CREATE TABLE heartbeats (
    identity      INTEGER PRIMARY KEY REFERENCES identities (row),
    chain         TEXT NOT NULL,
    last_seen     INTEGER NOT NULL,
    roots_version INTEGER NOT NULL,
    roots_offered TEXT,
    version       TEXT NOT NULL,
    interval      INTEGER,
    troubled      INTEGER NOT NULL,
    body          BLOB NOT NULL
) STRICT;

CREATE TABLE hub_probes (
    sensor BLOB NOT NULL REFERENCES sensors (id),
    nonce  TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (sensor, nonce)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarms (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    sensor     BLOB NOT NULL,
    kind       TEXT NOT NULL,
    detail     TEXT NOT NULL,
    cleared_at INTEGER,
    cleared_by TEXT
) STRICT;
CREATE INDEX alarms_open ON alarms (sensor, kind) WHERE cleared_at IS NULL;

CREATE TABLE audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    sensor BLOB,
    before TEXT,
    after  TEXT
) STRICT;
