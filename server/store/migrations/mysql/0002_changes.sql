CREATE TABLE leases (
  name     VARCHAR(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  owner    VARCHAR(80)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  until_ms BIGINT       NOT NULL,
  renewals BIGINT       NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE change_rounds (
  dealer      VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  kind        VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  round       BIGINT         NOT NULL,
  started_ms  BIGINT         NOT NULL,
  finished_ms BIGINT         NOT NULL,
  baseline_ms BIGINT         NOT NULL,
  walking     TINYINT        NOT NULL,
  reached     VARBINARY(255) NOT NULL,
  compared    BIGINT         NOT NULL,
  changed     BIGINT         NOT NULL,
  unread      BIGINT         NOT NULL,
  PRIMARY KEY (dealer, kind)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE change_digests (
  dealer   VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  kind     VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  customer VARBINARY(255) NOT NULL,
  digest   BINARY(16)     NOT NULL,
  seen_ms  BIGINT         NOT NULL,
  PRIMARY KEY (dealer, kind, customer),
  KEY change_digests_seen (dealer, seen_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
