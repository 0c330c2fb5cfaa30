# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The programs under test.

rebake() { "$REBAKE_BUILD/rebake" "$@"; }

# rebaked_start PIPELINE...: the daemon, with its state in $LAB/state; waits until it answers.
rebaked_start() {
  export REBAKE_SOCKET=$LAB/rebaked.sock
  rm -f "$REBAKE_SOCKET"
  lab_start rebaked "$REBAKE_BUILD/rebaked" --state "$LAB/state" --socket "$REBAKE_SOCKET" "$@"
  lab_wait 20 "rebaked to answer" rebaked_answers_or_dead
  lab_running rebaked || fail "rebaked ended at once: $(tail -n 3 "$LAB/log/rebaked")"
}

rebaked_answers_or_dead() { rebaked_get /v1/status || ! lab_running rebaked; }

# rebaked_get PATH: prints what the daemon's API answers.
rebaked_get() { curl -fsS --unix-socket "$REBAKE_SOCKET" "http://rebaked$1"; }
