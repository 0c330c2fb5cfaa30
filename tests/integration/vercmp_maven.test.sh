#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake vercmp maven` against the ComparableVersion of Debian's libmaven3-core-java: on thousands of
# versions made of what versions are made of, and on the real ones of the archive's Java packages.
#
# Where the two differ, Maven must contradict itself: there is a version that Maven puts between A and B
# in the order that rebake gives them. Skipped without java, which is too large to install for one test.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tests/integration/vercmp.sh
. ./vercmp.sh

jar=/usr/share/java/maven-artifact-3.x.jar
command -v java >/dev/null || skip 'there is no java here (openjdk-17-jre-headless)'
[ -e $jar ] || skip 'libmaven3-core-java is not installed'

# Its main() says how each argument compares with the one before it.
theirs() {
  tr ' ' '\n' <"$1" | xargs -n 4000 java -Xshare:auto -XX:TieredStopAtLevel=1 -cp $jar \
    org.apache.maven.artifact.versioning.ComparableVersion |
    awk '/^1\. / { count = 0 } /^   / && ++count % 2 { print $2 == "==" ? 0 : $2 == "<" ? -1 : 1 }'
}

# ask_maven NAME PAIRS
ask_maven() {
  answers maven "$@"
  paste -d ' ' "$2" "$scratch/theirs" "$scratch/ours" | awk '$3 != $4' >"$scratch/differ"
  # What may stand between them: the beginnings of both.
  awk '{
    for (i = 1; i <= 2; i++)
      for (size = length($i) - 1; size > 0; size--)
        print NR, $1, substr($i, 1, size), $2, $4
  }' "$scratch/differ" >"$scratch/between"
  if [ -s "$scratch/differ" ]; then
    awk '{ print $2, $3; print $3, $4 }' "$scratch/between" >"$scratch/steps"
    theirs "$scratch/steps" | paste -d ' ' - - | paste -d ' ' - "$scratch/between" |
      awk '$1 == $7 && $2 == $7 { print $3 }' | sort -u >"$scratch/circles"
    awk 'NR == FNR { circle[$1]; next } !(FNR in circle)' "$scratch/circles" "$scratch/differ" \
      >"$scratch/wrong"
    if [ -s "$scratch/wrong" ]; then
      head -20 "$scratch/wrong" >&2
      fail "$1: rebake (last column) answers differently"
    fi
  fi
  echo "$1: $(wc -l <"$2") pairs, the same answers but $(wc -l <"$scratch/differ") where Maven's go in a circle"
}

# make_up PIECES SEAMS: versions of one to six pieces; "" is written %.
make_up() {
  awk -v count=$((made / 4)) -v pieces="$1" -v seams="$2" 'BEGIN {
    srand(20260711)
    piece_count = split(pieces, piece, " ")
    seam_count = split(seams, seam, " ")
    for (i = 0; i < count; i++) {
      version = piece[1 + int(rand() * 5)]
      for (parts = int(rand() * 6); parts > 0; parts--)
        version = version seam[1 + int(rand() * seam_count)] piece[1 + int(rand() * piece_count)]
      gsub(/%/, "", version)
      print version
    }
  }'
}

# As projects write them: words at the end, behind a dash or directly.
awk -v count=$((made / 4)) 'BEGIN {
  srand(20260712)
  split("1 2 0 10 01 20240101 99999999999999999999", numbers, " ")
  words = split("alpha beta Alpha M rc RC CR a b m SNAPSHOT Final GA RELEASE sp SP jre android redhat", word, " ")
  for (i = 0; i < count; i++) {
    version = numbers[1 + int(rand() * 7)]
    for (parts = int(rand() * 3); parts > 0; parts--)
      version = version "." numbers[1 + int(rand() * 7)]
    for (parts = int(rand() * 3); parts > 0; parts--) {
      version = version (rand() < 0.6 ? "-" : rand() < 0.5 ? "." : "") word[1 + int(rand() * words)]
      if (rand() < 0.6)
        version = version (rand() < 0.3 ? "-" : "") numbers[1 + int(rand() * 7)]
    }
    print version
  }
}' >"$scratch/usual"
make_up '1 0 2 10 01 a b m alpha rc CR snapshot final ga sp x Redhat' '. . . - - %' >"$scratch/odd"
make_up '0 1 ga rc sp' '. - -. .- -- %' >"$scratch/empty"
upstream_versions '^lib.*-java$' | grep -E '^[A-Za-z0-9.-]+$' >"$scratch/real"

for versions in usual odd empty real; do
  LC_ALL=C sort -u "$scratch/$versions" >"$scratch/list"
  sort -V "$scratch/list" | neighbours >"$scratch/alike"
  shuf --random-source=<(yes) "$scratch/list" | neighbours >"$scratch/any"
  ask_maven "$versions, neighbours" "$scratch/alike"
  ask_maven "$versions, any" "$scratch/any"
done

[ "$("$rebake" vercmp maven '' alpha)" = -1 ] || fail 'an empty version is not the oldest'
