CREATE TABLE attachments (
  id       VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  dealer   VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  customer VARBINARY(200) NOT NULL,
  message  VARBINARY(200) NOT NULL,
  size     BIGINT NOT NULL,
  made_ms  BIGINT NOT NULL,
  KEY attachments_customer (dealer, customer),
  KEY attachments_made (made_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE attachment_parts (
  id    VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  part  INT        NOT NULL,
  bytes MEDIUMBLOB NOT NULL,
  PRIMARY KEY (id, part)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
