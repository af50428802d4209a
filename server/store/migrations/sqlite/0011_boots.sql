CREATE TABLE state_boots (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  boot     TEXT    NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT;
