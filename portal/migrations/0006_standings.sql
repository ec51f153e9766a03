-- How each sensor stands, as lists and counts ask for it: narrow rows, derived from the other tables in the transaction
-- that changes those. What depends on the clock is a comparison, so nothing here grows wrong by itself. Sensors of before
-- get their rows when the database is opened.

-- What seldom changes.
CREATE TABLE standings (
    row          INTEGER PRIMARY KEY,
    sensor       BLOB NOT NULL UNIQUE REFERENCES sensors (id),
    name         TEXT NOT NULL,
    place        TEXT NOT NULL,    -- site, line feed, name
    words        TEXT NOT NULL,    -- what is searched: name, site, zone and tags in lower case
    created_at   INTEGER NOT NULL,
    subscription BLOB NOT NULL,
    cloud        INTEGER NOT NULL, -- whether it is cloud-connected
    deleted      INTEGER NOT NULL,
    suspicion    INTEGER NOT NULL, -- 0 none, 1 restored, 2 possible clone
    pending      INTEGER NOT NULL  -- whether a file waits to be taken into force
) STRICT;
CREATE INDEX standings_by_name ON standings (name, sensor);
CREATE INDEX standings_by_place ON standings (place, sensor);
CREATE INDEX standings_by_age ON standings (created_at, sensor);
CREATE INDEX standings_counted ON standings (subscription, cloud) WHERE deleted = 0;
CREATE INDEX standings_suspected ON standings (suspicion) WHERE suspicion > 0;
CREATE INDEX standings_pending ON standings (pending) WHERE pending = 1;
-- Pages are taken from the tables above.
DROP INDEX sensors_by_name;

-- What each heartbeat changes, apart: it moves one index only. The counts of the silent are a range of that index.
CREATE TABLE contacts (
    standing     INTEGER PRIMARY KEY REFERENCES standings (row),
    sensor       BLOB NOT NULL,
    subscription BLOB NOT NULL,
    cloud        INTEGER NOT NULL,
    deleted      INTEGER NOT NULL,
    identity     INTEGER,          -- whose heartbeats count: the latest key in force
    last_seen    INTEGER NOT NULL, -- 0: never in force
    patience     INTEGER NOT NULL, -- seconds of silence after which it counts as disconnected
    ability      INTEGER NOT NULL  -- 0 works, 1 does not reach its hub, 2 cannot work
) STRICT;
CREATE INDEX contacts_of_identity ON contacts (identity);
CREATE INDEX contacts_by_time ON contacts (last_seen, sensor, patience, deleted, cloud, subscription);
