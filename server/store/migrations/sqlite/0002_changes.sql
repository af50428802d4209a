CREATE TABLE leases (
  name     TEXT    NOT NULL PRIMARY KEY,
  owner    TEXT    NOT NULL,
  until_ms INTEGER NOT NULL,
  renewals INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE change_rounds (
  dealer      TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  round       INTEGER NOT NULL,
  started_ms  INTEGER NOT NULL,
  finished_ms INTEGER NOT NULL,
  baseline_ms INTEGER NOT NULL,
  walking     INTEGER NOT NULL,
  reached     TEXT    NOT NULL,
  compared    INTEGER NOT NULL,
  changed     INTEGER NOT NULL,
  unread      INTEGER NOT NULL,
  PRIMARY KEY (dealer, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE change_digests (
  dealer   TEXT    NOT NULL,
  kind     TEXT    NOT NULL,
  customer TEXT    NOT NULL,
  digest   BLOB    NOT NULL,
  seen_ms  INTEGER NOT NULL,
  PRIMARY KEY (dealer, kind, customer)
) STRICT, WITHOUT ROWID;

CREATE INDEX change_digests_seen ON change_digests (dealer, seen_ms) WHERE seen_ms > 0;
