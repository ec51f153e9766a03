-- What was onboarded under which Idempotency-Key, so that whoever asks again gets the same sensor.
CREATE TABLE onboarding_keys (
    caller TEXT NOT NULL,
    key    TEXT NOT NULL,
    asked  BLOB NOT NULL, -- SHA-256 of the request
    sensor BLOB NOT NULL REFERENCES sensors (id),
    at     INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX onboarding_keys_by_age ON onboarding_keys (at);
