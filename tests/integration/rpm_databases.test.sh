#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `rebake scan` finds in rpm's databases, against `rpm -qa`: in the one that rpm writes itself (SQLite),
# in a hash of Berkeley DB, made by Berkeley DB's own tool of the same headers, and in ndb. Debian's rpm has
# neither of the last two, so that ndb is written here, by its description.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need rpm rpmdb rpmkeys rpmbuild db5.3_load python3 gpg jq

# on_database PROGRAM ARGUMENT...: on rpm's own database.
root=$LAB/sqlite
on_database() { "$@" --dbpath "$root/var/lib/rpm" --define '_db_backend sqlite'; }
our_rpm() { on_database rpm "$@" --force-debian; }

# Each package as rpm tells of it; keys are none, and epoch 0 is as good as no epoch.
FORMAT='%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH} %{SOURCERPM} %|MODULARITYLABEL?{%{MODULARITYLABEL}}:{-}|\n'
theirs() { our_rpm -qa --qf "$FORMAT" | sed -e '/^gpg-pubkey /d' -e 's/ 0:/ /' | LC_ALL=C sort; }
ours() {
  "$REBAKE_BUILD/rebake" scan --json "$1" | jq -r '.packages[] | select(.type == "rpm") |
    "\(.name) \(.version) \(.architecture) \(.source)-\(.sourceVersion).src.rpm \(.module // "-")"' |
    LC_ALL=C sort
}

# the_same IMAGE: it has what rpm finds in its own database, and that is something.
the_same() {
  theirs >"$LAB/theirs"
  ours "$1" >"$LAB/ours"
  [ -s "$LAB/theirs" ] || fail "rpm finds nothing"
  diff -u "$LAB/theirs" "$LAB/ours" >"$LAB/diff" || fail "$1: $(cat "$LAB/diff")"
  echo "$(wc -l <"$LAB/ours") packages, as rpm says"
}

section "packages: with epoch, module, thousands of files, other architectures"
mkdir "$LAB/rpms"
{
  cat <<S
Name: many
Version: 1.0
Release: 1.el9
Summary: many
License: none
%description
many
%files
S
  for i in $(seq 80); do
    cat <<S
%package -n part$i
Summary: part
Version: $i.$((i * 7 % 11))~rc$i
Release: $((i % 5)).el9_$i
Epoch: $((i % 3))
%description -n part$i
part
%files -n part$i
S
  done
} >"$LAB/many.spec"
cat >"$LAB/large.spec" <<S
Name: large
Version: 2.0^git1
Release: 3.module+el8
Summary: large
License: none
BuildArch: noarch
ModularityLabel: perl:5.26:8010020190322130042:9d367344
%description
large
%install
mkdir -p %{buildroot}/data
cd %{buildroot}/data
seq -f a-file-with-a-rather-long-name-%g 3000 | xargs touch
%files
/data
S
for spec in many large; do
  rpmbuild --quiet -bb --define "_topdir $LAB/build" --define "_rpmdir $LAB/rpms" \
    --define "_source_payload w0.gzdio" --define "_binary_payload w0.gzdio" "$LAB/$spec.spec" \
    >"$LAB/log/$spec" 2>&1 || fail "$(cat "$LAB/log/$spec")"
done
gpg --homedir "$LAB" --batch --quiet --passphrase '' --quick-generate-key lab@example.com rsa2048 \
  2>"$LAB/log/gpg"
gpg --homedir "$LAB" --armor --export lab@example.com >"$LAB/key.asc"
mapfile -t rpms < <(find "$LAB/rpms" -name '*.rpm' | LC_ALL=C sort)

mkdir -p "$root/var/lib/rpm"
on_database rpmdb --initdb
on_database rpmkeys --import "$LAB/key.asc"
our_rpm -i --justdb --nodeps --noscripts --ignorearch --ignoreos --nosignature "${rpms[@]}"

section "SQLite"
the_same "rootfs:$root"
our_rpm -e --justdb --nodeps part3 part40 large
the_same "rootfs:$root"
our_rpm -i --justdb --nodeps --ignorearch --nosignature "$(find "$LAB/rpms" -name 'large*')"
the_same "rootfs:$root"

section "SQLite, whose log holds what was installed last"
python3 - "$root/var/lib/rpm" "$LAB/log-root/var/lib/rpm" <<'P' &
import os, shutil, sqlite3, sys, time
database = sqlite3.connect(sys.argv[1] + "/rpmdb.sqlite", isolation_level=None)
database.execute("BEGIN")
database.execute("SELECT count(*) FROM Packages").fetchone()
open(sys.argv[1] + "/read", "w").close()
while not os.path.exists(sys.argv[1] + "/installed"):
    time.sleep(0.05)
shutil.copytree(sys.argv[1], sys.argv[2])
P
reader=$!
lab_wait 10 "a reader of the database" test -e "$root/var/lib/rpm/read"
mapfile -t more < <(find "$LAB/rpms" -name 'part3-*' -o -name 'part40-*')
our_rpm -i --justdb --nodeps --ignorearch --nosignature "${more[@]}"
our_rpm -e --justdb --nodeps part50
touch "$root/var/lib/rpm/installed"
wait $reader
log=$LAB/log-root/var/lib/rpm/rpmdb.sqlite-wal
[ -s "$log" ] || fail "there is no log"
the_same "rootfs:$LAB/log-root"
cp -a "$LAB/log-root" "$LAB/cut-root"
: >"$LAB/cut-root/var/lib/rpm/rpmdb.sqlite-wal"
ours "rootfs:$LAB/cut-root" >"$LAB/before"
! cmp -s "$LAB/before" "$LAB/theirs" || fail "the log says nothing new"

section "Berkeley DB"
mkdir -p "$LAB/bdb/var/lib/rpm" "$LAB/ndb/var/lib/rpm"
python3 - "$root/var/lib/rpm/rpmdb.sqlite" "$LAB/dump" "$LAB/ndb/var/lib/rpm/Packages.db" <<'P'
import sqlite3, struct, sys, zlib
rows = sqlite3.connect(sys.argv[1]).execute("SELECT hnum, blob FROM Packages").fetchall()
with open(sys.argv[2], "w") as dump:
    print("VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END", file=dump)
    for number, blob in [(0, struct.pack("<I", max(row[0] for row in rows)))] + rows:
        print(" " + struct.pack("<I", number).hex() + "\n " + blob.hex(), file=dump)
    print("DATA=END", file=dump)

# ndb, whose slots need a second page, with free ones between those in use.
pages = 2
slots, blocks = [], b""
for number, blob in rows:
    head = b"BlbS" + struct.pack("<III", number, 1, len(blob)) + blob
    head += bytes(-(len(head) + 12) % 16)
    data = head + struct.pack("<II", zlib.adler32(head), len(blob)) + b"BlbE"
    slots += [(0, 0, 0)] * 2 + [(number, pages * 256 + len(blocks) // 16, len(data) // 16)]
    blocks += data
slots += [(0, 0, 0)] * (pages * 256 - 2 - len(slots))
with open(sys.argv[3], "wb") as file:
    file.write(b"RpmP" + struct.pack("<IIII", 0, 1, pages, rows[-1][0] + 1) + bytes(12))
    file.write(b"".join(b"Slot" + struct.pack("<III", *slot) for slot in slots) + blocks)
P
db5.3_load -f "$LAB/dump" "$LAB/bdb/var/lib/rpm/Packages"
the_same "rootfs:$LAB/bdb"

section "ndb"
the_same "rootfs:$LAB/ndb"

section "in layers, at a place that is a link, beside rpm-ostree's copy"
mkdir -p "$LAB/layer/usr/lib/sysimage/rpm-ostree-base-db" "$LAB/layer/usr/share"
cp -a "$root/var/lib/rpm" "$LAB/layer/usr/share/rpm"
cp -a "$LAB/bdb/var/lib/rpm/Packages" "$LAB/layer/usr/lib/sysimage/rpm-ostree-base-db"
ln -s ../../share/rpm "$LAB/layer/usr/lib/sysimage/rpm"
tar -C "$LAB/layer" -cf "$LAB/layer.tar" .
oci_make "$LAB/image" "$LAB/layer.tar"
the_same "oci:$LAB/image"

section "broken ones say so"
head -c 20000 "$LAB/bdb/var/lib/rpm/Packages" >"$LAB/cut-root/var/lib/rpm/Packages"
rm "$LAB"/cut-root/var/lib/rpm/rpmdb.sqlite*
expect_exit 1 rebake scan "rootfs:$LAB/cut-root"
expect_text "$LAB/err" "var/lib/rpm/Packages: it ends early"
