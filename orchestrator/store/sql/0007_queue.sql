-- How a queued build is to be served, and why it has not started yet. No row: as by default.
CREATE TABLE build_terms (
  build_id        INTEGER PRIMARY KEY REFERENCES builds (id),
  priority        INTEGER NOT NULL DEFAULT 50 CHECK (priority BETWEEN 0 AND 100),
  expected_ms     INTEGER NOT NULL DEFAULT 0 CHECK (expected_ms >= 0), -- 0: not known
  budget          TEXT,                                                -- its name; NULL: none
  budget_ms_a_day INTEGER NOT NULL DEFAULT 0,
  bound           TEXT,                                                -- name of a bound of builds at once; NULL: none
  bound_most      INTEGER NOT NULL DEFAULT 0,
  wait_cause      TEXT NOT NULL DEFAULT '',                            -- the dispatcher's word; '': it said nothing yet
  wait_text       TEXT NOT NULL DEFAULT '',
  waits_for       TEXT
) STRICT;
CREATE INDEX builds_finished ON builds (finished_at) WHERE finished_at > 0;
