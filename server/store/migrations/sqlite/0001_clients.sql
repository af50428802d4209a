CREATE TABLE clients (
  id          TEXT    NOT NULL PRIMARY KEY,
  note        TEXT    NOT NULL,
  secret_hash BLOB    NOT NULL,
  generation  INTEGER NOT NULL,
  dealers     TEXT    NOT NULL,
  scopes      TEXT    NOT NULL,
  created_ms  INTEGER NOT NULL,
  rotated_ms  INTEGER NOT NULL,
  revoked_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
  id         TEXT    NOT NULL PRIMARY KEY,
  seed       BLOB    NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
