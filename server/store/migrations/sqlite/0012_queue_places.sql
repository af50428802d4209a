ALTER TABLE queue_items RENAME TO queue_items_before;

CREATE TABLE queue_items (
  number      INTEGER NOT NULL PRIMARY KEY,
  lane        INTEGER NOT NULL,
  id          BLOB    NOT NULL,
  order_key   BLOB    NOT NULL,
  merge_key   BLOB    NOT NULL,
  customer    BLOB    NOT NULL,
  kind        TEXT    NOT NULL,
  priority    INTEGER NOT NULL,
  enqueued_ms INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  parts       INTEGER NOT NULL,
  body        BLOB,
  UNIQUE (lane, id)
) STRICT;

CREATE TABLE queue_places (
  number      INTEGER NOT NULL PRIMARY KEY,
  lane        INTEGER NOT NULL,
  state       INTEGER NOT NULL,
  place       INTEGER NOT NULL,
  order_key   BLOB    NOT NULL,
  merge_key   BLOB    NOT NULL,
  customer    BLOB    NOT NULL,
  tries       INTEGER NOT NULL,
  strikes     INTEGER NOT NULL,
  merged      INTEGER NOT NULL,
  first_ms    INTEGER NOT NULL,
  blamed_ms   INTEGER NOT NULL,
  next_ms     INTEGER NOT NULL,
  settled_ms  INTEGER NOT NULL,
  why         TEXT    NOT NULL
) STRICT;

CREATE TABLE queue_placed (
  id     INTEGER NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT;

INSERT INTO queue_items (number, lane, id, order_key, merge_key, customer, kind, priority, enqueued_ms, bytes, parts, body)
  SELECT number, lane, id, order_key, merge_key, customer, kind, priority, enqueued_ms, bytes, parts, body
  FROM queue_items_before ORDER BY number;

INSERT INTO queue_places (number, lane, state, place, order_key, merge_key, customer, tries, strikes, merged, first_ms, blamed_ms, next_ms, settled_ms, why)
  SELECT number, lane, state, place, order_key, merge_key, customer, tries, strikes, merged, first_ms, blamed_ms, next_ms, settled_ms, why
  FROM queue_items_before ORDER BY number;

INSERT INTO queue_items (number, lane, id, order_key, merge_key, customer, kind, priority, enqueued_ms, bytes, parts)
  SELECT seq, 0, x'', x'', x'', x'', '', 0, 0, 0, 0 FROM sqlite_sequence
  WHERE name = 'queue_items_before' AND seq > (SELECT COALESCE(MAX(number), 0) FROM queue_items);

INSERT INTO queue_placed (id, number) SELECT 1, COALESCE(MAX(number), 0) FROM queue_items;

DROP TABLE queue_items_before;

CREATE INDEX queue_places_place ON queue_places (lane, state, place, number);

CREATE INDEX queue_places_order ON queue_places (lane, order_key, state, number) WHERE order_key <> x'';

CREATE INDEX queue_places_merge ON queue_places (lane, merge_key, state) WHERE merge_key <> x'';

CREATE INDEX queue_places_customer ON queue_places (customer, lane) WHERE customer <> x'';
