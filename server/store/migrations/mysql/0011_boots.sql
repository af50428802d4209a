CREATE TABLE state_boots (
  id       TINYINT      NOT NULL PRIMARY KEY,
  boot     VARCHAR(100) NOT NULL,
  since_ms BIGINT       NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
