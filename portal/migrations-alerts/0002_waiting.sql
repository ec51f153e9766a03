-- What a broker brought before its sensor said, in a heartbeat, that it has numbers so high. As it came, one event each.
CREATE TABLE waiting (
    row    INTEGER PRIMARY KEY AUTOINCREMENT,
    sensor BLOB NOT NULL,
    stream BLOB NOT NULL,
    last   INTEGER NOT NULL, -- its number; of a skip the last
    at     INTEGER NOT NULL,
    event  TEXT NOT NULL
) STRICT;
CREATE INDEX waiting_of_sensor ON waiting (sensor, stream, last);
