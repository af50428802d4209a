CREATE TABLE queue_lanes (
  id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  dealer    VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  direction VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  owner     VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  until_ms  BIGINT NOT NULL,
  fence     BIGINT NOT NULL,
  turns     BIGINT NOT NULL,
  UNIQUE KEY queue_lanes_name (dealer, direction)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE queue_items (
  number      BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  lane        BIGINT         NOT NULL,
  id          VARBINARY(200) NOT NULL,
  state       TINYINT        NOT NULL,
  place       BIGINT         NOT NULL,
  order_key   VARBINARY(200) NOT NULL,
  merge_key   VARBINARY(200) NOT NULL,
  customer    VARBINARY(200) NOT NULL,
  kind        VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  priority    INT            NOT NULL,
  tries       INT            NOT NULL,
  strikes     INT            NOT NULL,
  merged      INT            NOT NULL,
  enqueued_ms BIGINT         NOT NULL,
  first_ms    BIGINT         NOT NULL,
  blamed_ms   BIGINT         NOT NULL,
  next_ms     BIGINT         NOT NULL,
  settled_ms  BIGINT         NOT NULL,
  bytes       BIGINT         NOT NULL,
  parts       INT            NOT NULL,
  why         VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  body        MEDIUMBLOB,
  UNIQUE KEY queue_items_id (lane, id),
  KEY queue_items_place (lane, state, place, number),
  KEY queue_items_order (lane, order_key, state, number),
  KEY queue_items_merge (lane, merge_key, state),
  KEY queue_items_customer (customer, lane)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE queue_bodies (
  number BIGINT     NOT NULL,
  part   INT        NOT NULL,
  bytes  MEDIUMBLOB NOT NULL,
  PRIMARY KEY (number, part)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
