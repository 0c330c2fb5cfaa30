-- Webhooks that were accepted, so that none is lost between its answer and the check that it causes,
-- and none is taken twice.
CREATE TABLE deliveries (
  id          INTEGER PRIMARY KEY,
  hook        TEXT NOT NULL,
  key         TEXT, -- the same for the same webhook sent again; who writes knows them all: an index
                    -- would cost a page of the log for each row, since keys have no order
  sender_id   TEXT,
  received_at INTEGER NOT NULL,
  things      TEXT NOT NULL, -- JSON: what it names
  matched     INTEGER NOT NULL
) STRICT;

-- One row: a mark in it costs one write for many deliveries.
CREATE TABLE deliveries_served (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  up_to_id INTEGER NOT NULL
) STRICT;
INSERT INTO deliveries_served (one, up_to_id) VALUES (1, 0);
