-- A person may ask for a build whatever pauses, holds and failures say.
ALTER TABLE requests ADD COLUMN force INTEGER NOT NULL DEFAULT 0 CHECK (force IN (0, 1));
