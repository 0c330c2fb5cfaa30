-- A build that only tries whether it works with one input put back: 'base' or 'code'. It has no artifact.
ALTER TABLE builds ADD COLUMN trial TEXT CHECK (trial IN ('base', 'code'));
