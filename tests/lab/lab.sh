# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The lab: real servers and tools on loopback, for tests and examples, all under one scratch folder and
# all gone when the script that sourced this ends, however it ends.
#
#   . tests/lab/lab.sh
#   lab_begin                      $LAB is the scratch folder
#   registry_start                 $REGISTRY is where it listens; see the files sourced below
#   lab_wait 10 "what" command...  by condition, with a deadline
#
# REBAKE_BUILD   the folder of the programs under test (ctest gives it)
# REBAKE_LAB_CACHE   what is kept between runs (base images); default build/lab-cache
# REBAKE_LAB_KEEP    when set, the scratch folder is left for a look (the processes are not)

LAB_TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REBAKE_TOP=$(cd "$LAB_TOOLS/../.." && pwd)
: "${REBAKE_BUILD:=$REBAKE_TOP/build/asan}"
: "${REBAKE_LAB_CACHE:=$REBAKE_TOP/build/lab-cache}"

# shellcheck source=tests/lab/process.sh
. "$LAB_TOOLS/process.sh"
# shellcheck source=tests/lab/expect.sh
. "$LAB_TOOLS/expect.sh"
# shellcheck source=tests/lab/nginx.sh
. "$LAB_TOOLS/nginx.sh"
# shellcheck source=tests/lab/registry.sh
. "$LAB_TOOLS/registry.sh"
# shellcheck source=tests/lab/front.sh
. "$LAB_TOOLS/front.sh"
# shellcheck source=tests/lab/oci.sh
. "$LAB_TOOLS/oci.sh"
# shellcheck source=tests/lab/git.sh
. "$LAB_TOOLS/git.sh"
# shellcheck source=tests/lab/apt.sh
. "$LAB_TOOLS/apt.sh"
# shellcheck source=tests/lab/repositories.sh
. "$LAB_TOOLS/repositories.sh"
# shellcheck source=tests/lab/containers.sh
. "$LAB_TOOLS/containers.sh"
# shellcheck source=tests/lab/base.sh
. "$LAB_TOOLS/base.sh"
# shellcheck source=tests/lab/rebaked.sh
. "$LAB_TOOLS/rebaked.sh"

lab_begin() {
  LAB_REASON='ended early'
  set -euo pipefail -E
  LAB=$(mktemp -d "${TMPDIR:-/tmp}/rebake-lab.XXXXXX")
  # By this variable in their environment tests/lab/down knows the processes of this lab.
  export REBAKE_LAB=$LAB XDG_CACHE_HOME=$LAB/cache
  mkdir "$LAB/log"
  touch "$LAB/processes"
  trap 'lab_end $?' EXIT
  trap 'lab_failed "${BASH_SOURCE[0]}" $LINENO' ERR
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  lab_guard
}

# A process that outlives this script, even one that is killed, and then takes the lab down.
lab_guard() {
  (setsid bash -c 'tail --pid="$1" -f /dev/null; exec "$2" "$3"' guard $$ "$LAB_TOOLS/down" "$LAB" \
    </dev/null >/dev/null 2>&1 &
  echo $! >"$LAB/guard")
}

lab_failed() {
  [ "$BASH_SUBSHELL" -eq 0 ] || return 0
  LAB_REASON="$1:$2: failed"
}

lab_end() {
  local status=$1
  trap - EXIT ERR
  trap '' HUP INT TERM
  if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
    lab_show_logs
    echo "$LAB_REASON" >&2
  fi
  "$LAB_TOOLS/down" ${REBAKE_LAB_KEEP:+--keep} "$LAB" || status=1
  exit "$status"
}

lab_show_logs() {
  local log
  for log in "$LAB"/log/*; do
    [ -s "$log" ] || continue
    echo "--- the end of $(basename "$log")" >&2
    tail -n 12 "$log" | cut -c 1-300 >&2
  done
}

# Leaves the lab running when the script ends; `tests/lab/down "$LAB"` takes it down later.
lab_leave_running() {
  lab_stop_pid "$(cat "$LAB/guard")"
  rm "$LAB/guard"
  trap - EXIT ERR HUP INT TERM
}

# Ends the test as not run, with the reason.
lab_skip() {
  echo "skipped: $*"
  exit 77
}

# lab_wait SECONDS WHAT COMMAND...: until the command succeeds. Fails, and says what was waited for, when
# the time is over.
lab_wait() {
  local seconds=$1 what=$2 deadline
  shift 2
  deadline=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $deadline ]; then
      echo "waited $seconds s in vain for: $what" >&2
      return 1
    fi
    sleep 0.05
  done
}

# lab_need PROGRAM...: skips the test where one is missing.
lab_need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || lab_skip "$program is not installed (tests/install-packages run test)"
  done
}

lab_need_root() {
  [ "$(id -u)" -eq 0 ] || lab_skip "needs root"
}
