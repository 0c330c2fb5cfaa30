#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The limit of bench_fleet: fleet_join.py STORE. Asks SQLite alone, by one join over its indexes, which
images hold any of the packages in STORE.asked, and tells what a package costs on disk."""
import sqlite3
import statistics
import sys
import time

ROUNDS = 21
# In the order that is quickest; SQLite by itself would begin with the artifacts.
JOIN = """SELECT count(*) FROM (SELECT DISTINCT a.image_id FROM asked
          CROSS JOIN inventory_packages p ON p.package_id = asked.id
          CROSS JOIN artifacts a ON a.inventory_id = p.inventory_id)"""
ROWS = "SELECT count(*) FROM asked CROSS JOIN inventory_packages p ON p.package_id = asked.id"
SIZE = "SELECT sum(pgsize) FROM dbstat WHERE name = 'inventory_packages'"

database = sqlite3.connect(sys.argv[1])
database.execute("CREATE TEMP TABLE asked (id INTEGER PRIMARY KEY)")
with open(sys.argv[1] + ".asked", encoding="ascii") as lines:
    database.executemany("INSERT INTO asked VALUES (?)", ((int(line),) for line in lines))
times = []
for _ in range(ROUNDS):
    start = time.process_time()
    images = database.execute(JOIN).fetchone()[0]
    times.append((time.process_time() - start) * 1000)
matches = database.execute(ROWS).fetchone()[0]
rows = database.execute("SELECT count(*) FROM inventory_packages").fetchone()[0]
print(f"limit: the join by SQLite alone: {images} images by {matches} matches: {statistics.median(times):.3f} ms")
try:
    size = database.execute(SIZE).fetchone()[0]
    print(f"on disk: {size / rows:.1f} bytes for each of {rows} packages that an image holds")
except sqlite3.OperationalError:
    print(f"{rows} packages are held; this SQLite cannot tell their size")
