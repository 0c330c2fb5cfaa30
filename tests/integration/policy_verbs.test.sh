#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake policy test` and `rebake policy eval`: what they print, and exit codes.
set -euo pipefail

rebake=${REBAKE_BUILD:?}/rebake
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# run CODE ARGUMENT...: `rebake policy ARGUMENT...` must end with CODE; its output is in out and errors.
run() {
  local wanted=$1 code=0
  shift
  "$rebake" policy "$@" >out 2>errors || code=$?
  [ "$code" -eq "$wanted" ] || fail "rebake policy $*: exit code $code, not $wanted: $(cat out errors)"
}

same() { diff -u "$1" - || fail "$2"; }

cat >policy.yaml <<'END'
apiVersion: rebake/v1
policy: mine
extends: edge
rules:
  exploited: { subject: [rebuild], when: .threat.kev, decide: allow, set: { priority: 90 } }
  never: { subject: [drift], when: .x, decide: refuse }
END
mkdir cases
cat >cases/mine.yaml <<'END'
apiVersion: rebake/v1
policy-test: ../policy.yaml
cases:
  right: { input: { subject: rebuild, threat: { kev: true } }, expect: { decision: allow, priority: 90 } }
  wrong: { input: { subject: rebuild, threat: { kev: true } }, expect: { decision: hold, until: null, rule: exploited } }
END

echo "==> a case that is not as expected"
run 1 test cases/mine.yaml
same out "what a failed case prints" <<'END'
cases/mine.yaml:5: case "wrong": decision is "allow", not "hold"
  rule "exploited" decided: exploited
cases/mine.yaml: 1 of 2 cases as expected; they reach 1 of 9 rules
  no case reaches rule "never"
  no case reaches rule "bounds"
  no case reaches rule "asked-for"
  no case reaches rule "first"
  no case reaches rule "batch"
  no case reaches rule "not-worth-it"
  no case reaches rule "build"
  no case reaches rule "rollouts"
END

echo "==> all as expected, and a rule that no case reaches"
sed -i /wrong/d cases/mine.yaml
run 0 test cases/mine.yaml
run 1 test --cover cases/mine.yaml

echo "==> what is wrong with a file is told"
run 1 test policy.yaml
grep -q 'policy.yaml:2:1: policy-test: unknown key "policy"' errors || fail "$(cat errors)"
run 1 test absent.yaml
run 2 test
sed 's/when: .x/when: .x ==/' policy.yaml >broken.yaml
run 1 eval --policy broken.yaml --input cases/mine.yaml
grep -q 'broken.yaml:6:36: rule "never": when: syntax error' errors || fail "$(cat errors)"

echo "==> one input, from a file and from standard input, alone and as it is sent"
echo '{"subject":"rebuild","now":"2026-01-10T02:00:00Z","reasons":[{"kind":"manual"}]}' >input.json
run 0 eval --policy policy.yaml --input input.json
[ "$(jq -r '.decision, .rule' out | paste -sd' ')" = "allow asked-for" ] || fail "$(cat out)"
mv out first
jq '{input: .}' input.json >sent.json
run 0 eval --policy policy.yaml --input sent.json
same out "the same input as it is sent" <first
run 0 eval --policy builtin:edge --input - <input.json
same out "the same policy from standard input" <first
run 1 eval --policy builtin:none --input input.json
grep -q 'no policy called "none"' errors || fail "$(cat errors)"
echo '{"subject":"rebuild"' >cut.json
run 1 eval --policy policy.yaml --input cut.json
run 2 eval --policy policy.yaml

echo "all as expected"
