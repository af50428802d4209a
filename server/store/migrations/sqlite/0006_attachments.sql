CREATE TABLE attachments (
  id       TEXT    NOT NULL PRIMARY KEY,
  dealer   TEXT    NOT NULL,
  customer TEXT    NOT NULL,
  message  TEXT    NOT NULL,
  size     INTEGER NOT NULL,
  made_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attachments_customer ON attachments (dealer, customer);

CREATE INDEX attachments_made ON attachments (made_ms);
