ALTER TABLE sweep_lists RENAME TO sweep_lists_before;

DROP INDEX sweep_lists_grp;

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

INSERT INTO sweep_lists (grp, id, birth_us, total, size, version, used_ms, unfinished, lost_ms, bytes, progress)
  SELECT grp, id, birth_us, total, size, version, used_ms, unfinished, lost_ms, bytes, progress FROM sweep_lists_before;

DROP TABLE sweep_lists_before;
