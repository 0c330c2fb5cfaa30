#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake vercmp rpm` against rpm itself: on hard cases made by hand, and on thousands that are made up of
# what versions are made of. One process of rpm answers for all of them.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=tests/integration/vercmp.sh
. ./vercmp.sh

command -v rpm >/dev/null || skip 'there is no rpm here'

theirs() {
  rpm --eval "%{lua: for line in io.lines(\"$1\") do
    local a, b = line:match(\"(%S+) (%S+)\") print(rpm.vercmp(a, b) .. \"\\n\") end}" |
    sed '/^$/d'
}

cat >"$scratch/hard" <<'PAIRS'
1.0 1.0
1.0 2.0
2.0.1 2.0.1a
5.5p1 5.5p10
10xyz 10.1xyz
xyz10 xyz10.1
xyz.4 8
xyz.4 2
5.5p2 5.6p1
5.6p1 6.5p1
6.0.rc1 6.0
10b2 10a1
1.0aa 1.0a
10.0001 10.1
10.0001 10.0039
4.999.9 5.0
20101121 20101122
2_0 2.0
2.0 2_0
a+ a_
+_ _+
1.0~rc1 1.0
1.0~rc1 1.0~rc2
1.0~rc1~git123 1.0~rc1
1.0^ 1.0
1.0^git1 1.0
1.0^git1 1.0^git2
1.0^git1 1.01
1.0^20160101 1.0.1
1.0^20160101^git1 1.0^20160102
1.0~rc1^git1 1.0~rc1
1.0^git1~pre 1.0^git1
~ ^
^ ~
~~ ~
^^ ^
1~ 1^
1. 1
1.. 1.
1.0-1 1.0
1.0-1 1.0-2
1.0-10 1.0-9
1.0-1.el9 1.0-1.el9_2
1.0-1.el9_2.1 1.0-1.el9_10
0:1.0-1 1.0-1
1:0.1-1 9-9
01:1 1:1
10:1 9:2
1.99999999999999999999999999 1.100000000000000000000000000
00 0
0a a0
a 1
A a
PAIRS
turned <"$scratch/hard" >"$scratch/turned"
ask rpm 'hard cases' "$scratch/hard"
ask rpm 'hard cases turned' "$scratch/turned"

# Neighbours of a sorted list, which differ little, and any two.
awk -v count="$made" 'BEGIN {
  srand(20260711)
  split("0 00 1 01 2 9 10 20 99 a b aa rc z Z git el9", pieces, " ")
  split(". . . . _ + ~ ^ .. -", seams, " ")
  for (i = 0; i < count / 2; i++) {
    version = rand() < 0.1 ? int(rand() * 3) ":" : ""
    dashes = 0
    for (parts = 1 + int(rand() * 5); parts > 0; parts--) {
      version = version pieces[1 + int(rand() * 17)]
      seam = seams[1 + int(rand() * 10)]
      if (parts > 1 || (rand() < 0.1 && seam != "-"))
        version = version (seam == "-" && dashes++ ? "." : seam)
    }
    print version
  }
}' >"$scratch/versions"
LC_ALL=C sort "$scratch/versions" | neighbours >"$scratch/alike"
neighbours <"$scratch/versions" >"$scratch/any"
ask rpm 'made up, neighbours alike' "$scratch/alike"
ask rpm 'made up, any' "$scratch/any"
