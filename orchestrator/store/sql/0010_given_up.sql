-- A build that was given up for newer inputs says nothing of its own.
ALTER TABLE builds ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0 CHECK (given_up IN (0, 1));
