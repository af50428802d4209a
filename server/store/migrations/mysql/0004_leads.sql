CREATE TABLE lead_marks (
  dealer VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name   VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  value  MEDIUMTEXT NOT NULL,
  PRIMARY KEY (dealer, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4;

CREATE TABLE lead_calls (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  dealer      VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  state       VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  begun_ms    BIGINT NOT NULL,
  answered_ms BIGINT NOT NULL,
  leads       BIGINT NOT NULL,
  lost        BIGINT NOT NULL,
  tries       BIGINT NOT NULL,
  fault       MEDIUMTEXT NOT NULL,
  KEY lead_calls_state (dealer, state),
  KEY lead_calls_answered (dealer, answered_ms)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4;

CREATE TABLE leads (
  dealer         VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  lead_id        VARBINARY(255) NOT NULL,
  state          VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  first_ms       BIGINT NOT NULL,
  last_ms        BIGINT NOT NULL,
  repeats        BIGINT NOT NULL,
  digest         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  dealer_lead_id MEDIUMTEXT NOT NULL,
  ref            MEDIUMTEXT NOT NULL,
  row_key        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  crm_rows       MEDIUMTEXT NOT NULL,
  outcome        VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  written_ms     BIGINT NOT NULL,
  tries          BIGINT NOT NULL,
  due_ms         BIGINT NOT NULL,
  faults         MEDIUMTEXT NOT NULL,
  standing       MEDIUMTEXT NOT NULL,
  baseline_ms    BIGINT NOT NULL,
  recheck        BIGINT NOT NULL,
  held_ms        BIGINT NOT NULL,
  held_for       MEDIUMTEXT NOT NULL,
  held_update    MEDIUMTEXT NOT NULL,
  to_check       BIGINT NOT NULL,
  is_open        BIGINT NOT NULL,
  seq            BIGINT NOT NULL,
  version        BIGINT NOT NULL,
  PRIMARY KEY (dealer, lead_id),
  KEY leads_row (dealer, row_key),
  KEY leads_due (dealer, due_ms),
  KEY leads_check (dealer, to_check, lead_id),
  KEY leads_state (dealer, state, lead_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4;

CREATE TABLE lead_receipts (
  id      BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  dealer  VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  lead_id VARBINARY(255) NOT NULL,
  call_id BIGINT NOT NULL,
  source  VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  at_ms   BIGINT NOT NULL,
  state   VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  notes   MEDIUMTEXT NOT NULL,
  outcome VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  done_ms BIGINT NOT NULL,
  KEY lead_receipts_lead (dealer, lead_id, id),
  KEY lead_receipts_done (dealer, done_ms)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4;

CREATE TABLE lead_raws (
  kind  VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  of_id BIGINT NOT NULL,
  part  BIGINT NOT NULL,
  body  MEDIUMBLOB NOT NULL,
  PRIMARY KEY (kind, of_id, part)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4;

CREATE TABLE lead_updates (
  id      BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  dealer  VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  lead_id VARBINARY(255) NOT NULL,
  seq     BIGINT NOT NULL,
  body    MEDIUMTEXT NOT NULL,
  sources MEDIUMTEXT NOT NULL,
  state   VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  made_ms BIGINT NOT NULL,
  due_ms  BIGINT NOT NULL,
  sent_ms BIGINT NOT NULL,
  done_ms BIGINT NOT NULL,
  calls   BIGINT NOT NULL,
  fails   BIGINT NOT NULL,
  repeats BIGINT NOT NULL,
  unsure  BIGINT NOT NULL,
  status  BIGINT NOT NULL,
  answer  MEDIUMTEXT NOT NULL,
  fault   MEDIUMTEXT NOT NULL,
  UNIQUE KEY lead_updates_lead (dealer, lead_id, seq),
  KEY lead_updates_state (dealer, state, due_ms, id),
  KEY lead_updates_done (dealer, done_ms)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4;
