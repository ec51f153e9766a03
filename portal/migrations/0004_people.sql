-- People with their sessions, rights of tokens, and the chain of the audit.

CREATE TABLE people (
    name           TEXT PRIMARY KEY,
    role           TEXT NOT NULL,
    subscriptions  TEXT,    -- JSON list of ids; none: all
    password       TEXT,    -- argon2id; none: a setup code is still to be redeemed
    password_since INTEGER,
    created_at     INTEGER NOT NULL
) STRICT;

-- With one of these, once, a person chooses a password.
CREATE TABLE setup_codes (
    person TEXT PRIMARY KEY REFERENCES people (name) ON DELETE CASCADE,
    digest BLOB NOT NULL UNIQUE, -- SHA-256
    until  INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    digest   BLOB PRIMARY KEY, -- SHA-256 of the token in the cookie
    person   TEXT NOT NULL REFERENCES people (name) ON DELETE CASCADE,
    csrf     TEXT NOT NULL,
    address  TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_of_person ON sessions (person);

-- Tokens of before could do everything.
ALTER TABLE api_tokens ADD COLUMN role TEXT NOT NULL DEFAULT 'owner';
ALTER TABLE api_tokens ADD COLUMN subscriptions TEXT;
ALTER TABLE api_tokens ADD COLUMN made_by TEXT;
ALTER TABLE api_tokens ADD COLUMN used_at INTEGER;

-- Pages of the list by name.
CREATE INDEX sensors_by_name ON sensors (name, id);

-- Records of before are chained when the database is opened.
ALTER TABLE audit ADD COLUMN digest BLOB;
CREATE INDEX audit_of_sensor ON audit (sensor, id);
CREATE INDEX audit_unchained ON audit (id) WHERE digest IS NULL;
