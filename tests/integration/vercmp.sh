# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the tests that hold `rebake vercmp` to the program whose order it is. They define
# theirs PAIRS: prints that program's answer, -1, 0 or 1, for each line "A B".

rebake=${REBAKE_BUILD:?}/rebake
made=${REBAKE_VERCMP_PAIRS:-40000}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

skip() {
  echo "SKIPPED: $*"
  exit 77
}

# Pairs of what stands next to each other in a list.
neighbours() { awk 'NR > 1 { print last, $0 } { last = $0 }'; }

turned() { awk '{ print $2, $1 }'; }

# answers ORDER NAME PAIRS: both programs' into $scratch/theirs and $scratch/ours.
answers() {
  theirs "$3" >"$scratch/theirs"
  "$rebake" vercmp "$1" - <"$3" >"$scratch/ours"
  [ "$(wc -l <"$scratch/theirs")" -eq "$(wc -l <"$3")" ] || fail "$2: not all were answered"
}

# ask ORDER NAME PAIRS: both answer, and alike.
ask() {
  answers "$@"
  if ! cmp -s "$scratch/theirs" "$scratch/ours"; then
    paste -d ' ' "$3" "$scratch/theirs" "$scratch/ours" | awk '$3 != $4' | head -20 >&2
    fail "$2: rebake (last column) answers differently"
  fi
  echo "$2: $(wc -l <"$3") pairs, the same answers"
}

# upstream_versions PATTERN: real versions, those that this machine's apt knows of packages whose names
# match, without what Debian added to them.
upstream_versions() {
  apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' |
    while read -r list; do
      [ ! -e "$list" ] || /usr/lib/apt/apt-helper cat-file "$list"
    done | awk -v pattern="$1" '
      /^Package: / { wanted = $2 ~ pattern }
      /^Version: / && wanted {
        sub(/^[0-9]+:/, "", $2)
        sub(/-[^-]*$/, "", $2)
        sub(/[+~.]+(dfsg|ds|repack|really|debian).*/, "", $2)
        gsub(/~/, "", $2)
        print $2
      }' | LC_ALL=C sort -u
}

# hold ORDER PATTERN OLDEST: an order against the function tool, which knows these verbs: keep those lines
# of standard input that are versions, make COUNT SEED versions, spoil COUNT SEED of them, with the word
# yes or no behind each: is it still a version?
hold() {
  local versions asked=0 text verdict answer
  tool make $((made / 2)) 1 >"$scratch/made"
  upstream_versions "$2" | tool keep >"$scratch/real"
  for versions in made real; do
    LC_ALL=C sort -u "$scratch/$versions" >"$scratch/list"
    sort -V "$scratch/list" | neighbours >"$scratch/alike"
    shuf --random-source=<(yes) "$scratch/list" | neighbours >"$scratch/any"
    ask "$1" "$versions, neighbours" "$scratch/alike"
    ask "$1" "$versions, any" "$scratch/any"
  done
  while read -r text verdict; do
    answer=yes
    "$rebake" vercmp "$1" "$text" 1 >"$scratch/output" 2>&1 || answer=no
    [ "$answer" = "$verdict" ] || fail "is \"$text\" a version? Told: $verdict, rebake: $answer"
    asked=$((asked + 1))
  done < <(tool spoil 400 2)
  echo "what is a version: $asked texts, the same answers"
  [ "$("$rebake" vercmp "$1" '' "$3")" = -1 ] || fail 'an empty version is not the oldest'
}
