-- A pause may end by itself.
ALTER TABLE pauses ADD COLUMN until INTEGER NOT NULL DEFAULT 0; -- 0: it does not
