CREATE TABLE IF NOT EXISTS queue_places (
  number      BIGINT NOT NULL PRIMARY KEY,
  lane        BIGINT         NOT NULL,
  state       TINYINT        NOT NULL,
  place       BIGINT         NOT NULL,
  order_key   VARBINARY(200) NOT NULL,
  merge_key   VARBINARY(200) NOT NULL,
  customer    VARBINARY(200) NOT NULL,
  tries       INT            NOT NULL,
  strikes     INT            NOT NULL,
  merged      INT            NOT NULL,
  first_ms    BIGINT         NOT NULL,
  blamed_ms   BIGINT         NOT NULL,
  next_ms     BIGINT         NOT NULL,
  settled_ms  BIGINT         NOT NULL,
  why         VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  KEY queue_places_place (lane, state, place, number),
  KEY queue_places_order (lane, order_key, state, number),
  KEY queue_places_merge (lane, merge_key, state),
  KEY queue_places_customer (customer, lane)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT IGNORE INTO queue_places (number, lane, state, place, order_key, merge_key, customer, tries, strikes, merged, first_ms, blamed_ms, next_ms, settled_ms, why)
  SELECT number, lane, state, place, order_key, merge_key, customer, tries, strikes, merged, first_ms, blamed_ms, next_ms, settled_ms, why
  FROM queue_items ORDER BY number;

ALTER TABLE queue_items
  DROP KEY queue_items_place, DROP KEY queue_items_order, DROP KEY queue_items_merge, DROP KEY queue_items_customer,
  DROP COLUMN state, DROP COLUMN place, DROP COLUMN tries, DROP COLUMN strikes, DROP COLUMN merged, DROP COLUMN first_ms,
  DROP COLUMN blamed_ms, DROP COLUMN next_ms, DROP COLUMN settled_ms, DROP COLUMN why,
  ADD COLUMN fresh TINYINT NOT NULL DEFAULT 0, ADD KEY queue_items_fresh (fresh, lane);
