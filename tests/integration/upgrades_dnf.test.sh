#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which rpm packages are behind a repository of createrepo_c, against `dnf check-update`: in random states
# of packages with epochs, '~' and '^', some without an architecture, some kept in several versions.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
# shellcheck source=tests/integration/offers.sh
. "$(dirname "$0")/offers.sh"
lab_begin
lab_need rpm rpmbuild createrepo_c dnf jq
RANDOM=1
# Debian's rpm has its database in the user's home unless told otherwise, in every root.
export HOME=$LAB
echo '%_dbpath /var/lib/rpm' >"$LAB/.rpmmacros"
versions=(1.0 1.0~rc1 1.0~rc2 1.0^git1 1.0^git2 1.1 1.10 1.9 2 1.0a 1.0.1)
releases=(1 2 10 1.el9 1.el9_1 2~beta)
architecture=$(rpm --eval '%_target_cpu')

# state NAME: a random state of forty packages, as rpms in $LAB/NAME.
state() {
  local i version release epoch arch
  {
    printf 'Name: lab\nVersion: 1\nRelease: 1\nSummary: lab\nLicense: none\n%%description\nlab\n'
    for i in $(seq 40); do
      version=${versions[RANDOM % ${#versions[@]}]}
      release=${releases[RANDOM % ${#releases[@]}]}
      epoch=$((RANDOM % 4 == 0))
      arch=''
      [ $((RANDOM % 3)) -ne 0 ] || arch='BuildArch: noarch'
      printf '%%package -n part%s\nSummary: part\nEpoch: %s\nVersion: %s\nRelease: %s\n%s\n' "$i" "$epoch" \
        "$version" "$release" "$arch"
      printf '%%description -n part%s\npart\n%%files -n part%s\n' "$i" "$i"
    done
  } >"$LAB/$1.spec"
  rpmbuild --quiet --define "_topdir $LAB/rpmbuild" --define "_rpmdir $LAB/$1" -bb "$LAB/$1.spec" \
    >"$LAB/log/rpmbuild" 2>&1 || fail "rpmbuild: $(tail -3 "$LAB/log/rpmbuild")"
}

# kernel VERSION FOLDER: one of the packages that dnf keeps in several versions.
kernel() {
  printf 'Name: kernel\nVersion: %s\nRelease: 1\nSummary: k\nLicense: none\n%%description\nk\n%%files\n' "$1" \
    >"$LAB/kernel.spec"
  rpmbuild --quiet --define "_topdir $LAB/rpmbuild" --define "_rpmdir $LAB/$2" -bb "$LAB/kernel.spec" \
    >"$LAB/log/rpmbuild" 2>&1
}

theirs() {
  local status=0
  dnf --quiet --installroot="$root" --releasever=1 --setopt=cachedir="$LAB/dnf" --setopt=reposdir=/nowhere \
    --repofrompath="lab,file://$repository" --repo=lab --nogpgcheck check-update >"$LAB/dnf.out" 2>"$LAB/dnf.err" ||
    status=$?
  [ $status -eq 0 ] || [ $status -eq 100 ] || fail "dnf: $(cat "$LAB/dnf.err")"
  # of the installed package's architecture nothing is told: a name has but one here
  awk 'NF == 3 { sub(/\.[^.]*$/, "", $1); sub(/^0:/, "", $2); print $1, $2 }' "$LAB/dnf.out" | LC_ALL=C sort
}

ours() {
  local index
  index=$(offers_index "{ rpm: \"file://$repository\", unsigned: true }")
  "$REBAKE_BUILD/tests/integration/upgrades_of" rpm "$root" "$index" |
    awk '{ sub(/\.[^.]*$/, "", $1); sub(/^0:/, "", $2); print $1, $2 }' | LC_ALL=C sort
}

for round in 1 2 3; do
  section "round $round"
  root=$LAB/root$round
  repository=$LAB/repository$round
  state "old$round"
  state "new$round"
  kernel 5.1 "old$round"
  kernel 5.3 "old$round"
  kernel $((4 + round)).2 "new$round"
  mkdir -p "$root" "$repository"
  find "$LAB/old$round" -name '*.rpm' -print0 |
    xargs -0 rpm --force-debian --root "$root" --nodeps --ignoreos --oldpackage --force -i >"$LAB/log/rpm" 2>&1 || fail "rpm: $(tail -3 "$LAB/log/rpm")"
  cp -r "$LAB/new$round/." "$LAB/old$round/." "$repository/"
  createrepo_c --quiet "$repository"
  theirs >"$LAB/theirs"
  ours >"$LAB/ours"
  [ -s "$LAB/theirs" ] || fail "dnf finds nothing to do"
  diff -u "$LAB/theirs" "$LAB/ours" >"$LAB/diff" || fail "$(cat "$LAB/diff")"
  echo "$(wc -l <"$LAB/ours") packages of 41 are behind on $architecture, as dnf says"
done
