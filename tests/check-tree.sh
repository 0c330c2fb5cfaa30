# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the checks share. Each tests/check-NAME judges one tree (its only argument, or this project),
# prints a line "FILE:LINE: what is wrong" for each finding and then what to do, and fails on any.
set -euo pipefail
export LC_ALL=C

tree=$(cd "${1:-$(dirname "$0")/..}" && pwd)
cd "$tree"

# Fails unless each program named is there: a check that cannot look has not passed.
need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null && continue
    echo "$(basename "$0"): $program is not installed: run tests/install-packages build test"
    exit 1
  done
}

# Prints the tree's files that have one of the names given ('*.c' ...), as paths from its top.
files() {
  local names=() name
  for name in "$@"; do names+=(-o -name "$name"); done
  find . \( -name .git -o -path ./build -o -path ./.cache \) -prune -o \
    -type f \( "${names[@]:1}" \) -printf '%P\n' | sort
}

# Prints the C code of the files named on standard input as "FILE:LINE:TEXT", without comments and
# without what stands between quotes: words there call nothing.
code() {
  xargs -r awk '
    FNR == 1 { comment = 0 }
    {
      rest = $0
      text = ""
      while (rest != "") {
        if (comment) {
          end = index(rest, "*/")
          if (end == 0) break
          rest = substr(rest, end + 2)
          comment = 0
        }
        if (!match(rest, /\/\*|\/\/|"|\047/)) {
          text = text rest
          break
        }
        mark = substr(rest, RSTART, RLENGTH)
        text = text substr(rest, 1, RSTART - 1)
        rest = substr(rest, RSTART + RLENGTH)
        if (mark == "//") break
        if (mark == "/*") { comment = 1; continue }
        closed = mark == "\"" ? match(rest, "^([^\"\\\\]|\\\\.)*\"") : match(rest, "^([^\047\\\\]|\\\\.)*\047")
        text = text mark mark
        rest = closed ? substr(rest, RLENGTH + 1) : ""
      }
      printf "%s:%d:%s\n", FILENAME, FNR, text
    }'
}

# Prints the findings that stand on standard input, then the advice: fails when there are any.
report() {
  local found
  found=$(cat)
  [ -n "$found" ] || return 0
  printf '%s\n' "$found" "==> $(basename "$0"): $1"
  return 1
}
