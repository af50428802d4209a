CREATE TABLE requests (
  dealer      VARCHAR(80)  NOT NULL,
  id          VARCHAR(200) NOT NULL,
  partner_key CHAR(64)     NULL,
  customer    VARCHAR(255) NOT NULL,
  type        VARCHAR(40)  NOT NULL,
  status      VARCHAR(40)  NOT NULL,
  is_over     TINYINT      NOT NULL,
  changed_ms  BIGINT       NOT NULL,
  version     BIGINT       NOT NULL,
  data        LONGTEXT     NOT NULL,
  PRIMARY KEY (dealer, id),
  UNIQUE KEY requests_partner (dealer, partner_key),
  KEY requests_changed (dealer, changed_ms, id),
  KEY requests_customer (dealer, customer, changed_ms),
  KEY requests_age (is_over, changed_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE chains (
  dealer      VARCHAR(80)  NOT NULL,
  id          VARCHAR(200) NOT NULL,
  partner_key CHAR(64)     NULL,
  place_key   CHAR(64)     NOT NULL,
  customer    VARCHAR(255) NOT NULL,
  is_over     TINYINT      NOT NULL,
  changed_ms  BIGINT       NOT NULL,
  version     BIGINT       NOT NULL,
  data        LONGTEXT     NOT NULL,
  PRIMARY KEY (dealer, id),
  UNIQUE KEY chains_partner (dealer, partner_key),
  KEY chains_place (dealer, place_key),
  KEY chains_changed (dealer, changed_ms, id),
  KEY chains_customer (dealer, customer, changed_ms),
  KEY chains_age (changed_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE sent_messages (
  dealer      VARCHAR(80)  NOT NULL,
  message_key CHAR(64)     NOT NULL,
  kind        VARCHAR(20)  NOT NULL,
  owner       VARCHAR(200) NOT NULL,
  PRIMARY KEY (dealer, message_key),
  KEY sent_messages_owner (dealer, kind, owner)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;

CREATE TABLE message_marks (
  dealer VARCHAR(80) NOT NULL,
  name   VARCHAR(80) NOT NULL,
  value  TEXT        NOT NULL,
  PRIMARY KEY (dealer, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
