-- The first schema. Times are milliseconds since 1970 in UTC, 0 where there is none yet; JSON is text.
-- A row that history may name is never deleted: what a pipeline drops gets a retired_at.
PRAGMA application_id = 1380076371; -- "RBKS"

CREATE TABLE migrations (
  number     INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  sha256     TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT;

CREATE TABLE pipelines (
  id           INTEGER PRIMARY KEY,
  name         TEXT NOT NULL UNIQUE,
  file         TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  loaded_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sources (
  id             INTEGER PRIMARY KEY,
  identity       TEXT NOT NULL UNIQUE, -- sha256 of the canonical spec
  kind           TEXT NOT NULL,
  spec           TEXT NOT NULL CHECK (json_valid(spec)),
  description    TEXT NOT NULL,
  memo           TEXT CHECK (memo IS NULL OR json_valid(memo)),
  last_check_at  INTEGER NOT NULL DEFAULT 0,
  last_good_at   INTEGER NOT NULL DEFAULT 0,
  last_change_at INTEGER NOT NULL DEFAULT 0,
  next_check_at  INTEGER NOT NULL DEFAULT 0,
  failures       INTEGER NOT NULL DEFAULT 0,
  error_code     TEXT,
  error          TEXT,
  requests       INTEGER NOT NULL DEFAULT 0,
  bytes          INTEGER NOT NULL DEFAULT 0,
  version_id     INTEGER REFERENCES versions (id)
) STRICT;

CREATE TABLE source_names (
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  name        TEXT NOT NULL,
  source_id   INTEGER NOT NULL REFERENCES sources (id),
  PRIMARY KEY (pipeline_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_names_source ON source_names (source_id);

CREATE TABLE versions (
  id          INTEGER PRIMARY KEY,
  source_id   INTEGER NOT NULL REFERENCES sources (id),
  value       TEXT NOT NULL,
  detail      TEXT CHECK (detail IS NULL OR json_valid(detail)),
  seen_at     INTEGER NOT NULL,
  upstream_at INTEGER NOT NULL
) STRICT;
CREATE INDEX versions_source ON versions (source_id, id);

CREATE TABLE images (
  id          INTEGER PRIMARY KEY,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  name        TEXT NOT NULL,
  recipe_hash TEXT NOT NULL,
  state       TEXT NOT NULL DEFAULT 'new',
  cause       TEXT NOT NULL DEFAULT '',
  waits_for   TEXT,
  reasons     TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(reasons)),
  state_since INTEGER NOT NULL,
  retired_at  INTEGER NOT NULL DEFAULT 0,
  UNIQUE (pipeline_id, name)
) STRICT;

CREATE TABLE builds (
  id          INTEGER PRIMARY KEY,
  image_id    INTEGER NOT NULL REFERENCES images (id),
  attempt     INTEGER NOT NULL CHECK (attempt >= 1),
  state       TEXT NOT NULL DEFAULT 'queued' CHECK (state IN
              ('queued', 'running', 'succeeded', 'unchanged', 'unresolved', 'failed', 'canceled')),
  lock        TEXT NOT NULL CHECK (json_valid(lock)),
  lock_hash   TEXT NOT NULL,
  input_key   TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  started_at  INTEGER NOT NULL DEFAULT 0,
  finished_at INTEGER NOT NULL DEFAULT 0,
  error_class TEXT CHECK (error_class IN ('recipe', 'infrastructure', 'timeout', 'canceled')),
  error       TEXT,
  job_folder  TEXT,
  pid         INTEGER NOT NULL DEFAULT 0,
  pid_ticks   INTEGER NOT NULL DEFAULT 0,
  artifact_id INTEGER REFERENCES artifacts (id)
) STRICT;
CREATE INDEX builds_image ON builds (image_id, id);
CREATE INDEX builds_open ON builds (image_id, id) WHERE state IN ('queued', 'running');
CREATE INDEX builds_artifact ON builds (artifact_id, id) WHERE artifact_id IS NOT NULL;

CREATE TABLE build_reasons (
  build_id   INTEGER NOT NULL REFERENCES builds (id),
  position   INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  subject    TEXT NOT NULL,
  from_value TEXT NOT NULL,
  to_value   TEXT NOT NULL,
  version_id INTEGER REFERENCES versions (id),
  remains    INTEGER NOT NULL DEFAULT 0 CHECK (remains IN (0, 1)),
  PRIMARY KEY (build_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE inventories (
  id         INTEGER PRIMARY KEY,
  sha256     TEXT NOT NULL UNIQUE, -- of the canonical JSON
  size_bytes INTEGER NOT NULL,     -- of the same
  deflated   BLOB NOT NULL         -- the same in zlib's format (RFC 1950)
) STRICT;

CREATE TABLE artifacts (
  id           INTEGER PRIMARY KEY,
  image_id     INTEGER NOT NULL REFERENCES images (id),
  build_id     INTEGER NOT NULL REFERENCES builds (id),
  reference    TEXT NOT NULL,
  digest       TEXT NOT NULL,
  size_bytes   INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  good         INTEGER NOT NULL CHECK (good IN (0, 1)),
  inventory_id INTEGER REFERENCES inventories (id)
) STRICT;
CREATE INDEX artifacts_image ON artifacts (image_id, digest, id);
CREATE INDEX artifacts_good ON artifacts (image_id, id) WHERE good = 1;

CREATE TABLE requests (
  id       INTEGER PRIMARY KEY,
  image_id INTEGER NOT NULL REFERENCES images (id),
  who      TEXT NOT NULL,
  why      TEXT NOT NULL,
  at       INTEGER NOT NULL,
  build_id INTEGER REFERENCES builds (id) -- that served it
) STRICT;
CREATE INDEX requests_open ON requests (image_id, id) WHERE build_id IS NULL;

CREATE TABLE pauses (
  subject TEXT PRIMARY KEY,
  who     TEXT NOT NULL,
  why     TEXT NOT NULL,
  at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deployments (
  id                INTEGER PRIMARY KEY,
  pipeline_id       INTEGER NOT NULL REFERENCES pipelines (id),
  name              TEXT NOT NULL,
  image_id          INTEGER NOT NULL REFERENCES images (id),
  spec_hash         TEXT NOT NULL,
  artifact_id       INTEGER REFERENCES artifacts (id), -- rolled out last with success
  rolled_spec_hash  TEXT,
  tried_artifact_id INTEGER REFERENCES artifacts (id), -- what failures and retry_at speak of
  tried_spec_hash   TEXT,
  failures          INTEGER NOT NULL DEFAULT 0,
  retry_at          INTEGER NOT NULL DEFAULT 0,
  state             TEXT NOT NULL DEFAULT 'new' CHECK (state IN
                    ('new', 'deploying', 'healthy', 'drifted', 'failed', 'unreachable')),
  cause             TEXT NOT NULL DEFAULT '',
  state_since       INTEGER NOT NULL,
  observed_at       INTEGER NOT NULL DEFAULT 0,
  next_observe_at   INTEGER NOT NULL DEFAULT 0,
  retired_at        INTEGER NOT NULL DEFAULT 0,
  UNIQUE (pipeline_id, name)
) STRICT;

CREATE TABLE rollouts (
  id            INTEGER PRIMARY KEY,
  deployment_id INTEGER NOT NULL REFERENCES deployments (id),
  kind          TEXT NOT NULL CHECK (kind IN ('deploy', 'heal')),
  artifact_id   INTEGER NOT NULL REFERENCES artifacts (id),
  spec_hash     TEXT NOT NULL,
  state         TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'succeeded', 'failed')),
  started_at    INTEGER NOT NULL,
  finished_at   INTEGER NOT NULL DEFAULT 0,
  error         TEXT,
  job_folder    TEXT,
  pid           INTEGER NOT NULL DEFAULT 0,
  pid_ticks     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX rollouts_deployment ON rollouts (deployment_id, id);
CREATE INDEX rollouts_artifact ON rollouts (artifact_id, id);
CREATE INDEX rollouts_open ON rollouts (deployment_id, id) WHERE state = 'running';

CREATE TABLE drift (
  id            INTEGER PRIMARY KEY,
  deployment_id INTEGER NOT NULL REFERENCES deployments (id),
  kind          TEXT NOT NULL,
  subject       TEXT NOT NULL,
  expected      TEXT NOT NULL,
  found         TEXT NOT NULL,
  first_seen_at INTEGER NOT NULL,
  last_seen_at  INTEGER NOT NULL,
  resolved_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX drift_deployment ON drift (deployment_id, id);
CREATE UNIQUE INDEX drift_open ON drift (deployment_id, kind, subject) WHERE resolved_at = 0;

CREATE TABLE events (
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  name    TEXT NOT NULL,
  subject TEXT NOT NULL,
  data    TEXT NOT NULL CHECK (json_valid(data))
) STRICT;
CREATE INDEX events_subject ON events (subject, id);
CREATE INDEX events_build ON events (json_extract(data, '$.build'), id)
  WHERE json_extract(data, '$.build') IS NOT NULL;
