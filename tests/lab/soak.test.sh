#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Very many sources behind a bad network, for a while: tags move, and requests are refused, failed, cut and
# left without an answer. No change is missed, none is seen twice, and nothing leaks.
#
# REBAKE_SOAK_SECONDS   how long (60)
# REBAKE_SOAK_SOURCES   how many sources (1000)
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/moving.sh
. "$(dirname "$0")/moving.sh"
lab_begin
lab_need curl jq python3
: "${REBAKE_SOAK_SECONDS:=60}" "${REBAKE_SOAK_SOURCES:=1000}"
every=$((REBAKE_SOAK_SOURCES / 200 + 1))
# What the address sanitizer keeps of freed memory would grow for the whole run, and hide a leak.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=8:thread_local_quarantine_size_kb=64"

resident_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$(lab_pid rebaked)/status"; }
open_files() { find "/proc/$(lab_pid rebaked)/fd" -type l | wc -l; }
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$(lab_pid rebaked)/stat"; }
checks() { rebaked_get /v1/sources | jq '[.sources[].checks] | add'; }
unknown() { rebaked_get "/v1/sources?kind=image" | jq '[.sources[] | select(.version == null)] | length'; }
all_known() { [ "$(unknown)" = 0 ]; }
passed() { [ $SECONDS -ge "$1" ]; }
verdict() { "$LAB_TOOLS/soak-check" "$REBAKE_SOCKET" "$LAB/truth" >"$LAB/verdict" || status=$?; }
caught_up() {
  local status=0
  verdict
  [ $status -ne 3 ]
}

section "$REBAKE_SOAK_SOURCES sources are seen, though one request in thirty fails"
moving_start "$REBAKE_SOAK_SOURCES" 100 10
moving_pipelines "$REBAKE_SOAK_SOURCES" "${every}s"
rebaked_start "$LAB/pipelines"
lab_wait $((60 + REBAKE_SOAK_SOURCES / 20)) "all sources to be known" all_known

section "tags move for $REBAKE_SOAK_SECONDS s"
start=$SECONDS
lab_wait $((REBAKE_SOAK_SECONDS + 60)) "a quarter of the time" passed $((start + REBAKE_SOAK_SECONDS / 4))
resident=$(resident_kib) files=$(open_files) cpu=$(cpu_ms) made=$(checks)
lab_wait $((REBAKE_SOAK_SECONDS + 60)) "the rest of it" passed $((start + REBAKE_SOAK_SECONDS))
made=$(($(checks) - made))
echo "$made checks in the last three quarters, each $(((($(cpu_ms) - cpu) * 1000) / made)) us of a processor"
echo "resident: $resident KiB after a quarter of the time, $(resident_kib) KiB at its end"
echo "open files: $files, and $(open_files)"

section "no change is missed, and none is seen twice"
curl -fsS -X PUT "http://127.0.0.1:$MOVING_PORT/quiet"
curl -fsS -o "$LAB/truth" "http://127.0.0.1:$MOVING_PORT/truth"
lab_wait $((120 + every * 10)) "all sources to be at their tags' last digest" caught_up
status=0
verdict
cat "$LAB/verdict"
expect_equal $status 0

section "nothing leaks"
grown=$(($(resident_kib) - resident))
[ "$grown" -lt $((8192 + resident / 8)) ] || fail "$grown KiB more are resident than after a quarter of the time"
# Eight hosts with their connections: what leaked with each check would be thousands.
open=$(open_files)
[ "$open" -le $((files + 64)) ] || fail "$open files are open, $files were"
pid=$(lab_pid rebaked) status=0
kill -TERM "$pid"
wait "$pid" || status=$? # with the address sanitizer what was lost is told here
expect_equal $status 0
