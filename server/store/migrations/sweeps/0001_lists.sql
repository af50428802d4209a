CREATE TABLE sweep_lists (
  grp        TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  birth_us   INTEGER NOT NULL,
  total      INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  used_ms    INTEGER NOT NULL,
  unfinished INTEGER NOT NULL,
  lost_ms    INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  progress   TEXT    NOT NULL,
  packed     BLOB,
  PRIMARY KEY (grp, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sweep_keys (
  id     TEXT NOT NULL PRIMARY KEY,
  packed BLOB NOT NULL
) STRICT;

CREATE TABLE sweep_since (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  since_ms INTEGER NOT NULL
) STRICT;
