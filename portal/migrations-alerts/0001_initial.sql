-- Every alert, once. Apart from portal.db: another rhythm of writing, another size, and a backup may do without it.
-- Times of the portal are Unix seconds, of detection Unix milliseconds; ids raw bytes, values without a column JSON.

-- Small numbers for ids: an alert's row and its index entry carry 2 bytes instead of 16.
CREATE TABLE sensors (
    row    INTEGER PRIMARY KEY,
    sensor BLOB NOT NULL UNIQUE
) STRICT;

-- What came of each stream. No unique index over the alerts: these marks are the deduplication.
CREATE TABLE streams (
    row      INTEGER PRIMARY KEY,
    sensor   INTEGER NOT NULL REFERENCES sensors (row),
    stream   BLOB NOT NULL,
    high     INTEGER NOT NULL,  -- every number up to here is settled
    open     TEXT NOT NULL,     -- settled ranges above: [[first, last], …]
    received INTEGER NOT NULL,
    dropped  TEXT NOT NULL,     -- numbers that never come, by reason
    last_at  INTEGER NOT NULL,
    UNIQUE (sensor, stream)
) STRICT;

-- Which numbers never come, and why.
CREATE TABLE skips (
    stream INTEGER NOT NULL REFERENCES streams (row),
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (stream, first)
) STRICT, WITHOUT ROWID;

-- A row's number is never used again (AUTOINCREMENT): those who share alerts onward remember it. No references: each
-- would cost a look-up per alert, and the writer makes these numbers itself.
CREATE TABLE alerts (
    row         INTEGER PRIMARY KEY AUTOINCREMENT,
    sensor      INTEGER NOT NULL,
    stream      INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    severity    INTEGER NOT NULL,
    detected_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    record      TEXT NOT NULL
) STRICT;
-- Ends with the row by itself: the newest of a sensor.
CREATE INDEX alerts_of_sensor ON alerts (sensor);
