CREATE TABLE queue_lanes (
  id        INTEGER NOT NULL PRIMARY KEY,
  dealer    TEXT    NOT NULL,
  direction TEXT    NOT NULL,
  owner     TEXT    NOT NULL,
  until_ms  INTEGER NOT NULL,
  fence     INTEGER NOT NULL,
  turns     INTEGER NOT NULL,
  UNIQUE (dealer, direction)
) STRICT;

CREATE TABLE queue_items (
  number      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  lane        INTEGER NOT NULL,
  id          BLOB    NOT NULL,
  state       INTEGER NOT NULL,
  place       INTEGER NOT NULL,
  order_key   BLOB    NOT NULL,
  merge_key   BLOB    NOT NULL,
  customer    BLOB    NOT NULL,
  kind        TEXT    NOT NULL,
  priority    INTEGER NOT NULL,
  tries       INTEGER NOT NULL,
  strikes     INTEGER NOT NULL,
  merged      INTEGER NOT NULL,
  enqueued_ms INTEGER NOT NULL,
  first_ms    INTEGER NOT NULL,
  blamed_ms   INTEGER NOT NULL,
  next_ms     INTEGER NOT NULL,
  settled_ms  INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  parts       INTEGER NOT NULL,
  why         TEXT    NOT NULL,
  body        BLOB,
  UNIQUE (lane, id)
) STRICT;

CREATE INDEX queue_items_place ON queue_items (lane, state, place, number);

CREATE INDEX queue_items_order ON queue_items (lane, order_key, state, number) WHERE order_key <> x'';

CREATE INDEX queue_items_merge ON queue_items (lane, merge_key, state) WHERE merge_key <> x'';

CREATE INDEX queue_items_customer ON queue_items (customer, lane) WHERE customer <> x'';

CREATE TABLE queue_bodies (
  number INTEGER NOT NULL,
  part   INTEGER NOT NULL,
  bytes  BLOB    NOT NULL,
  PRIMARY KEY (number, part)
) STRICT;
