-- What policy decided, with what it was asked; and what stands on which decision.
CREATE TABLE decisions (
  id            INTEGER PRIMARY KEY,
  subject       TEXT NOT NULL, -- 'rebuild', 'deploy', 'drift'
  image_id      INTEGER REFERENCES images (id),
  deployment_id INTEGER REFERENCES deployments (id),
  key           TEXT NOT NULL, -- of what would be done
  word          TEXT NOT NULL CHECK (word IN ('allow', 'hold', 'refuse')),
  rule          TEXT, -- NULL: the server named none, or gave no answer
  reason        TEXT,
  until_at      INTEGER NOT NULL DEFAULT 0,
  result        TEXT CHECK (result IS NULL OR json_valid(result)), -- NULL: nobody was asked, or answered
  error         TEXT, -- why there is no answer
  input_bytes   INTEGER NOT NULL DEFAULT 0, -- 0: nobody was asked
  input         BLOB, -- JSON in zlib's format (RFC 1950)
  asked_at      INTEGER NOT NULL,
  took_us       INTEGER NOT NULL DEFAULT 0,
  CHECK ((image_id IS NULL) <> (deployment_id IS NULL))
) STRICT;
CREATE INDEX decisions_image ON decisions (image_id, id) WHERE image_id IS NOT NULL;
CREATE INDEX decisions_deployment ON decisions (deployment_id, id) WHERE deployment_id IS NOT NULL;

ALTER TABLE builds ADD COLUMN decision_id INTEGER REFERENCES decisions (id);
CREATE INDEX builds_decision ON builds (decision_id) WHERE decision_id IS NOT NULL;
ALTER TABLE rollouts ADD COLUMN decision_id INTEGER REFERENCES decisions (id);
CREATE INDEX rollouts_decision ON rollouts (decision_id) WHERE decision_id IS NOT NULL;

-- Why a rollout that is due does not begin.
ALTER TABLE deployments ADD COLUMN held TEXT CHECK (held IN ('deciding', 'on-hold', 'refused'));
ALTER TABLE deployments ADD COLUMN held_cause TEXT;
