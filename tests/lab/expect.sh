# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # lab_end prints the reason
# What a test expects. Each failure says what was expected, what came, and ends the test.

# Prints a line that tells where the test is.
section() { echo "==> $*"; }

fail() {
  local frame
  frame=$(caller 1 || caller 0)
  LAB_REASON="${frame##* }:${frame%% *}: $*"
  exit 1
}

# expect_exit STATUS COMMAND...: runs it, with its output in $LAB/out and $LAB/err.
expect_exit() {
  local expected=$1 status=0
  shift
  "$@" >"$LAB/out" 2>"$LAB/err" </dev/null || status=$?
  [ "$status" -eq "$expected" ] || {
    head -n 30 "$LAB/out" "$LAB/err" >&2
    fail "exit status $status, expected $expected: $*"
  }
}

# expect_line FILE TEXT: one line of the file is exactly the text.
expect_line() {
  grep -qxF -- "$2" "$1" || {
    head -n 30 "$1" >&2
    fail "$(basename "$1") has no line: $2"
  }
}

# expect_text FILE TEXT: the text stands somewhere in the file.
expect_text() {
  grep -qF -- "$2" "$1" || {
    head -n 30 "$1" >&2
    fail "$(basename "$1") does not hold: $2"
  }
}

expect_empty() {
  [ ! -s "$1" ] || {
    head -n 30 "$1" >&2
    fail "$(basename "$1") is not empty"
  }
}

expect_equal() { [ "$1" = "$2" ] || fail "got \"$1\", expected \"$2\""; }

# expect_json FILE FILTER: the jq filter is true of the document.
expect_json() {
  jq -e "$2" "$1" >/dev/null || {
    head -c 2000 "$1" >&2
    fail "$(basename "$1") is not such that: $2"
  }
}
