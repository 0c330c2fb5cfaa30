-- Which module of rpm's a package was built for. What is known of such packages is made again.
ALTER TABLE packages ADD COLUMN module TEXT NOT NULL DEFAULT ''; -- 'perl:5.26:8:9d'; '' for one that is of none
UPDATE inventories SET packages_known = 0 WHERE id IN (
  SELECT h.inventory_id FROM packages k JOIN inventory_packages h ON h.package_id = k.id
  WHERE k.type = 'rpm' AND instr(k.version, 'module') > 0);
DELETE FROM inventory_packages WHERE package_id IN (
  SELECT id FROM packages WHERE type = 'rpm' AND instr(version, 'module') > 0);
DELETE FROM packages WHERE type = 'rpm' AND instr(version, 'module') > 0;
