CREATE TABLE alerts (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  dealer   TEXT    NOT NULL,
  cause    TEXT    NOT NULL,
  subject  TEXT    NOT NULL,
  title    TEXT    NOT NULL,
  detail   TEXT    NOT NULL,
  command  TEXT    NOT NULL,
  request  TEXT    NOT NULL,
  location TEXT    NOT NULL,
  at_ms    INTEGER NOT NULL,
  UNIQUE (dealer, cause, subject)
) STRICT;

CREATE TABLE alert_mails (
  dealer TEXT    NOT NULL,
  cause  TEXT    NOT NULL,
  people TEXT    NOT NULL,
  at_ms  INTEGER NOT NULL,
  PRIMARY KEY (dealer, cause, people)
) STRICT, WITHOUT ROWID;
