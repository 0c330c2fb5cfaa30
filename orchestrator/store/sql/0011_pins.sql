-- A person's word that a source stands at one version, whatever is newer.
CREATE TABLE pins (
  subject    TEXT PRIMARY KEY, -- 'source:7' (for all), 'shop/code' (for a pipeline's images), 'shop/app/code' (for one image)
  version_id INTEGER NOT NULL REFERENCES versions (id),
  who        TEXT NOT NULL,
  why        TEXT NOT NULL,
  at         INTEGER NOT NULL,
  until      INTEGER NOT NULL -- 0: until somebody lifts it
) STRICT, WITHOUT ROWID;
