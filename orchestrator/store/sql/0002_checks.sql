-- What is wrong with a source, in a word and since when, and how it is watched.
ALTER TABLE sources ADD COLUMN trouble TEXT NOT NULL DEFAULT 'none';
ALTER TABLE sources ADD COLUMN trouble_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN interval_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN checks INTEGER NOT NULL DEFAULT 0;
