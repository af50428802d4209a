CREATE TABLE lead_marks (
  dealer TEXT    NOT NULL,
  name   TEXT    NOT NULL,
  value  TEXT    NOT NULL,
  PRIMARY KEY (dealer, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE lead_calls (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  dealer      TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  begun_ms    INTEGER NOT NULL,
  answered_ms INTEGER NOT NULL,
  leads       INTEGER NOT NULL,
  lost        INTEGER NOT NULL,
  tries       INTEGER NOT NULL,
  fault       TEXT    NOT NULL
) STRICT;

CREATE INDEX lead_calls_state ON lead_calls (dealer, state);

CREATE INDEX lead_calls_answered ON lead_calls (dealer, answered_ms);

CREATE TABLE leads (
  dealer         TEXT    NOT NULL,
  lead_id        TEXT    NOT NULL,
  state          TEXT    NOT NULL,
  first_ms       INTEGER NOT NULL,
  last_ms        INTEGER NOT NULL,
  repeats        INTEGER NOT NULL,
  digest         TEXT    NOT NULL,
  dealer_lead_id TEXT    NOT NULL,
  ref            TEXT    NOT NULL,
  row_key        TEXT    NOT NULL,
  crm_rows       TEXT    NOT NULL,
  outcome        TEXT    NOT NULL,
  written_ms     INTEGER NOT NULL,
  tries          INTEGER NOT NULL,
  due_ms         INTEGER NOT NULL,
  faults         TEXT    NOT NULL,
  standing       TEXT    NOT NULL,
  baseline_ms    INTEGER NOT NULL,
  recheck        INTEGER NOT NULL,
  held_ms        INTEGER NOT NULL,
  held_for       TEXT    NOT NULL,
  held_update    TEXT    NOT NULL,
  to_check       INTEGER NOT NULL,
  is_open        INTEGER NOT NULL,
  seq            INTEGER NOT NULL,
  version        INTEGER NOT NULL,
  PRIMARY KEY (dealer, lead_id)
) STRICT;

CREATE INDEX leads_row ON leads (dealer, row_key);

CREATE INDEX leads_due ON leads (dealer, due_ms) WHERE due_ms > 0;

CREATE INDEX leads_check ON leads (dealer, to_check, lead_id) WHERE to_check = 1;

CREATE INDEX leads_state ON leads (dealer, state, lead_id);

CREATE TABLE lead_receipts (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  dealer  TEXT    NOT NULL,
  lead_id TEXT    NOT NULL,
  call_id INTEGER NOT NULL,
  source  TEXT    NOT NULL,
  at_ms   INTEGER NOT NULL,
  state   TEXT    NOT NULL,
  notes   TEXT    NOT NULL,
  outcome TEXT    NOT NULL,
  done_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX lead_receipts_lead ON lead_receipts (dealer, lead_id, id);

CREATE INDEX lead_receipts_done ON lead_receipts (dealer, done_ms);

CREATE TABLE lead_raws (
  kind  TEXT    NOT NULL,
  of_id INTEGER NOT NULL,
  part  INTEGER NOT NULL,
  body  BLOB    NOT NULL,
  PRIMARY KEY (kind, of_id, part)
) STRICT;

CREATE TABLE lead_updates (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  dealer  TEXT    NOT NULL,
  lead_id TEXT    NOT NULL,
  seq     INTEGER NOT NULL,
  body    TEXT    NOT NULL,
  sources TEXT    NOT NULL,
  state   TEXT    NOT NULL,
  made_ms INTEGER NOT NULL,
  due_ms  INTEGER NOT NULL,
  sent_ms INTEGER NOT NULL,
  done_ms INTEGER NOT NULL,
  calls   INTEGER NOT NULL,
  fails   INTEGER NOT NULL,
  repeats INTEGER NOT NULL,
  unsure  INTEGER NOT NULL,
  status  INTEGER NOT NULL,
  answer  TEXT    NOT NULL,
  fault   TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX lead_updates_lead ON lead_updates (dealer, lead_id, seq);

CREATE INDEX lead_updates_state ON lead_updates (dealer, state, due_ms, id);

CREATE INDEX lead_updates_done ON lead_updates (dealer, done_ms);
