CREATE TABLE sweep_lists (
  id         TEXT    NOT NULL PRIMARY KEY,
  grp        TEXT    NOT NULL,
  birth_us   INTEGER NOT NULL,
  total      INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  used_ms    INTEGER NOT NULL,
  unfinished INTEGER NOT NULL,
  lost_ms    INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  progress   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sweep_lists_grp ON sweep_lists (grp);

CREATE TABLE sweep_keys (
  id     TEXT NOT NULL PRIMARY KEY,
  packed BLOB NOT NULL
) STRICT;
