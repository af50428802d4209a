CREATE TABLE requests (
  dealer      TEXT    NOT NULL,
  id          TEXT    NOT NULL,
  partner_key TEXT,
  customer    TEXT    NOT NULL,
  type        TEXT    NOT NULL,
  status      TEXT    NOT NULL,
  is_over     INTEGER NOT NULL,
  changed_ms  INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  data        TEXT    NOT NULL,
  PRIMARY KEY (dealer, id)
) STRICT;

CREATE UNIQUE INDEX requests_partner ON requests (dealer, partner_key);

CREATE INDEX requests_changed ON requests (dealer, changed_ms, id);

CREATE INDEX requests_customer ON requests (dealer, customer, changed_ms, id);

CREATE INDEX requests_age ON requests (is_over, changed_ms);

CREATE TABLE chains (
  dealer      TEXT    NOT NULL,
  id          TEXT    NOT NULL,
  partner_key TEXT,
  place_key   TEXT    NOT NULL,
  customer    TEXT    NOT NULL,
  is_over     INTEGER NOT NULL,
  changed_ms  INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  data        TEXT    NOT NULL,
  PRIMARY KEY (dealer, id)
) STRICT;

CREATE UNIQUE INDEX chains_partner ON chains (dealer, partner_key);

CREATE INDEX chains_place ON chains (dealer, place_key);

CREATE INDEX chains_changed ON chains (dealer, changed_ms, id);

CREATE INDEX chains_customer ON chains (dealer, customer, changed_ms, id);

CREATE INDEX chains_age ON chains (changed_ms);

CREATE TABLE sent_messages (
  dealer      TEXT NOT NULL,
  message_key TEXT NOT NULL,
  kind        TEXT NOT NULL,
  owner       TEXT NOT NULL,
  PRIMARY KEY (dealer, message_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX sent_messages_owner ON sent_messages (dealer, kind, owner);

CREATE TABLE message_marks (
  dealer TEXT NOT NULL,
  name   TEXT NOT NULL,
  value  TEXT NOT NULL,
  PRIMARY KEY (dealer, name)
) STRICT, WITHOUT ROWID;
