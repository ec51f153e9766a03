-- Every certificate of a sensor's key that is still in date, by its serial number: a CRL names them by it.
CREATE TABLE issued_certificates (
    thumbprint BLOB NOT NULL,
    serial     BLOB NOT NULL,
    not_after  INTEGER NOT NULL,
    PRIMARY KEY (thumbprint, serial)
) STRICT, WITHOUT ROWID;
