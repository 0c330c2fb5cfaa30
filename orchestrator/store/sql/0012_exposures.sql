-- Vulnerabilities that the artifact in force of an image is exposed to, by when they are to be gone.
CREATE TABLE exposures (
  id          INTEGER PRIMARY KEY,
  image_id    INTEGER NOT NULL REFERENCES images (id),
  advisory    TEXT NOT NULL,
  severity    TEXT NOT NULL, -- 'none' where nobody says
  kev         INTEGER NOT NULL CHECK (kev IN (0, 1)),
  since       INTEGER NOT NULL, -- first seen by this daemon
  deadline    INTEGER NOT NULL DEFAULT 0, -- 0: none
  due_told    INTEGER NOT NULL DEFAULT 0 CHECK (due_told IN (0, 1)),
  breached_at INTEGER NOT NULL DEFAULT 0,
  closed_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX exposures_open ON exposures (image_id, advisory) WHERE closed_at = 0;
CREATE INDEX exposures_deadline ON exposures (deadline) WHERE closed_at = 0 AND deadline > 0 AND breached_at = 0;
CREATE INDEX exposures_breached ON exposures (breached_at) WHERE breached_at > 0;
