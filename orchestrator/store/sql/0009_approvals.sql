-- What would be built of an image, as the planner names it: what an approval is for.
ALTER TABLE images ADD COLUMN input_key TEXT NOT NULL DEFAULT '';
CREATE TABLE approvals (
  subject TEXT NOT NULL, -- an image or a deployment: 'shop/app'
  key     TEXT NOT NULL, -- the image's input key, or the digest that is to be deployed
  who     TEXT NOT NULL,
  why     TEXT NOT NULL,
  at      INTEGER NOT NULL,
  until   INTEGER NOT NULL, -- 0: as long as the key is the same
  PRIMARY KEY (subject, key, who)
) STRICT, WITHOUT ROWID;
