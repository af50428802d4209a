CREATE TABLE alerts (
  id       BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
  dealer   VARCHAR(80)  NOT NULL,
  cause    VARCHAR(80)  NOT NULL,
  subject  VARCHAR(300) NOT NULL,
  title    TEXT         NOT NULL,
  detail   TEXT         NOT NULL,
  command  TEXT         NOT NULL,
  request  VARCHAR(80)  NOT NULL,
  location VARCHAR(255) NOT NULL,
  at_ms    BIGINT       NOT NULL,
  UNIQUE KEY one (dealer, cause, subject)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE alert_mails (
  dealer VARCHAR(80) NOT NULL,
  cause  VARCHAR(80) NOT NULL,
  people VARCHAR(40) NOT NULL,
  at_ms  BIGINT      NOT NULL,
  PRIMARY KEY (dealer, cause, people)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
