-- Which inventories hold which packages: what a new version or an advisory is asked with. The inventories
-- tell all of it, and it is made again from them.
CREATE TABLE package_releases (
  id           INTEGER PRIMARY KEY,
  distribution TEXT NOT NULL, -- as os-release has it; '' for packages that no distribution made
  version      TEXT NOT NULL,
  codename     TEXT NOT NULL,
  UNIQUE (distribution, version, codename)
) STRICT;

CREATE TABLE packages (
  id             INTEGER PRIMARY KEY,
  release_id     INTEGER NOT NULL REFERENCES package_releases (id),
  type           TEXT NOT NULL,
  name           TEXT NOT NULL,
  version        TEXT NOT NULL,
  architecture   TEXT NOT NULL,
  source_name    TEXT NOT NULL,
  source_version TEXT NOT NULL,
  UNIQUE (name, version, type, release_id, architecture, source_name, source_version)
) STRICT;
CREATE INDEX packages_source ON packages (source_name, id);

CREATE TABLE inventory_packages (
  package_id   INTEGER NOT NULL REFERENCES packages (id),
  inventory_id INTEGER NOT NULL REFERENCES inventories (id),
  PRIMARY KEY (package_id, inventory_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE inventories ADD COLUMN packages_known INTEGER NOT NULL DEFAULT 0 CHECK (packages_known IN (0, 1));
CREATE INDEX inventories_open ON inventories (id) WHERE packages_known = 0;
CREATE INDEX artifacts_inventory ON artifacts (inventory_id, id);
CREATE INDEX deployments_artifact ON deployments (artifact_id, id) WHERE artifact_id IS NOT NULL;
