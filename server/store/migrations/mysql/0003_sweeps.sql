CREATE TABLE sweep_lists (
  id         VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  grp        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  birth_us   BIGINT     NOT NULL,
  total      BIGINT     NOT NULL,
  size       BIGINT     NOT NULL,
  version    BIGINT     NOT NULL,
  used_ms    BIGINT     NOT NULL,
  unfinished TINYINT    NOT NULL,
  lost_ms    BIGINT     NOT NULL,
  bytes      BIGINT     NOT NULL,
  progress   MEDIUMTEXT NOT NULL,
  KEY sweep_lists_grp (grp)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE sweep_keys (
  id     VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  packed LONGBLOB NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
