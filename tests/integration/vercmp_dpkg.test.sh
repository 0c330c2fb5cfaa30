#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake vercmp deb` against dpkg: on hard cases made by hand, and on every pair of neighbours of a
# sorted list of the real versions that this machine's apt knows. Dpkg::Version, the same rules in
# dpkg's own Perl, is asked about all of them; dpkg itself, which takes a process a question, about as
# many as fit into REBAKE_DPKG_SECONDS (30).
set -euo pipefail

rebake=${REBAKE_BUILD:?}/rebake
least=20000
dpkg_seconds=${REBAKE_DPKG_SECONDS:-30}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# ask_dpkg NAME PAIRS: does dpkg hold each of our answers to be true? One question a pair is enough:
# of "older", "equal" and "newer" exactly one is.
ask_dpkg() {
  local end=$((SECONDS + dpkg_seconds)) asked=0 chunk
  "$rebake" vercmp deb - <"$2" | sed -e 's/^-1$/lt/' -e 's/^0$/eq/' -e 's/^1$/gt/' >"$scratch/ours"
  rm -rf "$scratch/questions"
  mkdir "$scratch/questions"
  paste -d ' ' "$2" "$scratch/ours" | awk '{ print $1, $3, $2 }' |
    split -a 4 -l 200 - "$scratch/questions/"
  for chunk in "$scratch/questions"/*; do
    if ! xargs -n 3 -P "$(nproc)" dpkg --compare-versions <"$chunk" 2>/dev/null; then
      while read -r a operator b; do
        dpkg --compare-versions "$a" "$operator" "$b" 2>/dev/null ||
          echo "rebake says, and dpkg does not: $a $operator $b" >&2
      done <"$chunk"
      fail "$1: dpkg answers differently"
    fi
    asked=$((asked + $(wc -l <"$chunk")))
    [ $SECONDS -lt $end ] || break
  done
  echo "$1: $asked pairs, the same answers"
}

# ask_perl NAME PAIRS: the same of Dpkg::Version, which needs no process a question.
ask_perl() {
  perl -MDpkg::Version -ne 'my ($a, $b) = split; print version_compare($a, $b), "\n"' <"$2" \
    >"$scratch/theirs"
  "$rebake" vercmp deb - <"$2" >"$scratch/ours"
  if ! cmp -s "$scratch/theirs" "$scratch/ours"; then
    paste -d ' ' "$2" "$scratch/theirs" "$scratch/ours" | awk '$3 != $4' | head -20 >&2
    fail "$1: rebake (last column) answers differently"
  fi
  echo "$1: $(wc -l <"$2") pairs, the same answers"
}

cat >"$scratch/hard" <<'PAIRS'
1.0~rc1 1.0
1.0~~a 1.0~
1.0~~ 1.0~~a
1.0a 1.0+
1.0+b1 1.0
1.0-1 1.0
1.0-0 1.0
1:0.1 9.9
1.10 1.9
0:1.0 1.0
00001 1
1.0-1-1 1.0-1
1.0-01 1.0-1
1.0.0 1.0
a b
A a
a 1
1.0_1 1.0-1
1:2:3 1:2
1.99999999999999999999999999999999 1.100000000000000000000000000000000
2147483647:1 1
~ ~~
~1 1
1~ 1
0 00
0~0 0
0.0 0~
1.2.3+dfsg-1~deb12u1 1.2.3+dfsg-1
1.2.3+dfsg-1+deb12u1 1.2.3+dfsg-1+deb12u10
1.2.3-1+b1 1.2.3-1.1
5.36.0-7+deb12u1 5.36.0-7+deb12u2
1.0+really0.9-1 1.0-1
1.0.+ 1.0.a
1.0-a~ 1.0-a
PAIRS
awk '{ print $2, $1 }' "$scratch/hard" >"$scratch/turned"
ask_dpkg "hard cases, dpkg" "$scratch/hard"
ask_dpkg "hard cases turned, dpkg" "$scratch/turned"

for bad in 1- :1 1: a:1 -1:1 1:-1 '1 2' 2147483648:1 -; do
  ! dpkg --compare-versions "$bad" eq "$bad" 2>/dev/null || fail "dpkg takes \"$bad\""
  ! "$rebake" vercmp deb -- "$bad" 1 >"$scratch/output" 2>&1 || fail "rebake takes \"$bad\""
done
[ "$("$rebake" vercmp deb '' 0)" = -1 ] || fail "an empty version is not the oldest"

# The archive's own versions.
# shellcheck disable=SC2016 # the variable is apt's
apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' |
  while read -r list; do
    [ ! -e "$list" ] || /usr/lib/apt/apt-helper cat-file "$list" | sed -n 's/^Version: //p'
  done | LC_ALL=C sort -u >"$scratch/versions"
if [ "$(wc -l <"$scratch/versions")" -le $least ]; then
  echo "SKIPPED: apt knows fewer than $least versions here; run apt-get update first"
  exit 77
fi

neighbours() { awk 'NR > 1 { print last, $0 } { last = $0 }'; }

# Neighbours in the order of versions, as near as sort(1) knows it; of texts, where versions begin
# alike; and in no order.
sort -V "$scratch/versions" | neighbours >"$scratch/sorted"
neighbours <"$scratch/versions" >"$scratch/alike"
shuf --random-source=<(yes) "$scratch/versions" | neighbours >"$scratch/any"

for pairs in sorted alike any; do
  ask_perl "neighbours $pairs, Dpkg::Version" "$scratch/$pairs"
done
shuf --random-source=<(yes) "$scratch/sorted" >"$scratch/sample"
ask_dpkg "neighbours sorted, dpkg" "$scratch/sample"
