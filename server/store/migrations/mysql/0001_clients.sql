CREATE TABLE clients (
  id          VARCHAR(80)   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  note        VARCHAR(500)  NOT NULL,
  secret_hash VARBINARY(32) NOT NULL,
  generation  BIGINT        NOT NULL,
  dealers     TEXT          NOT NULL,
  scopes      TEXT          NOT NULL,
  created_ms  BIGINT        NOT NULL,
  rotated_ms  BIGINT        NOT NULL,
  revoked_ms  BIGINT        NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE signing_keys (
  id         VARCHAR(40)   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  seed       VARBINARY(32) NOT NULL,
  created_ms BIGINT        NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
