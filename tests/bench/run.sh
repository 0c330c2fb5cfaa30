#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [NAME...]: all benchmarks, or those named, from a release build, each beside what it cannot be
# faster than, measured in the same run on the same input: the machine and its load are then in both. It
# fetches its inputs itself, by way of the mirror of this machine's own apt. A figure passes or fails
# nothing.
#
#   packages   the real bookworm main Packages.xz into an index, beside `xz -dc`
#   apt_change the same file with ten packages changed, beside hashing and unpacking it
#   advisories a made-up export of OSV, 40,000 records, into a set, beside unzipping and jansson alone
#   scan       `rebake scan` of a real image's layer, beside `tar -xzOf` and `gzip -dc` of it
#   plan       the planner over 100,000 images and 10,000 sources: from scratch, and after one source has
#              changed; beside a plain topological walk of the same graph, reading its texts and SHA-256.
#              Who is built first, of 100,000 queued builds
#   policy     decisions by the embedded policy server, beside libjq alone and jq run once a decision
#   store      the store with 100,000 builds, beside the disk
#   fleet      the images that 500 new versions touch, of 10,000 images with 3,000,000 packages, beside
#              the same join by SQLite alone; who is exposed to one advisory of 40,000, beside its join
#   hooks      webhooks stored before they are answered, beside SQLite's one row a commit and beside
#              the same server storing nothing
#   simulate   a year over 1,000 images against `regulated`, beside the same without a policy
#   git_check  a check of an unchanged git repository over http, beside `git ls-remote`
#   idle       resident memory of a daemon with 1,000 sources, nothing due
#   watch      processor time of a check that finds nothing new, beside `curl --parallel` and `skopeo
#              inspect --raw` asking the same registry; a daemon with 10,000 sources, at rest and restarted
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/install-packages build run test
REBAKE_BUILD=$PWD/build/release
# shellcheck source=tests/lab/lab.sh
. tests/lab/lab.sh
# shellcheck source=tests/lab/moving.sh
. tests/lab/moving.sh
lab_begin

ROUNDS=5

# real_ms COMMAND...: prints the least of the wall times of some runs, in ms: what a quiet moment allows.
real_ms() {
  local least='' start end
  for ((i = 0; i < ROUNDS; i++)); do
    start=$(date +%s%N)
    "$@" >/dev/null
    end=$(date +%s%N)
    if [ -z "$least" ] || [ $(((end - start) / 100000)) -lt "$least" ]; then least=$(((end - start) / 100000)); fi
  done
  echo "$((least / 10)).$((least % 10))"
}

# ratio WHAT MS LIMIT-MS
ratio() { awk -v what="$1" -v ms="$2" -v limit="$3" 'BEGIN { printf "%-34s %9.1f ms  %.2f of the limit\n", what, ms, ms / limit }'; }

# Prints the path of bookworm's main Packages.xz, fetched once a day.
packages_xz() {
  local file
  file=$REBAKE_LAB_CACHE/Packages-$(date --utc +%Y%m%d).xz
  mkdir -p "$REBAKE_LAB_CACHE"
  if [ ! -s "$file" ]; then
    rm -f "$REBAKE_LAB_CACHE"/Packages-*.xz
    curl -fsSL -o "$file.part" "$(debian_mirror bookworm)/dists/bookworm/main/binary-amd64/Packages.xz"
    mv "$file.part" "$file"
  fi
  echo "$file"
}

bench_packages() { "$REBAKE_BUILD/tests/bench/bench_packages" "$(packages_xz)"; }

bench_apt_change() { "$REBAKE_BUILD/tests/bench/bench_apt_change" "$(packages_xz)"; }

bench_advisories() { "$REBAKE_BUILD/tests/bench/bench_advisories" "$LAB"; }

nowhere() { (unset HOME XDG_CACHE_HOME && "$@"); }

bench_scan() {
  local layer limit
  registry_start
  debian_base_push "$REGISTRY/bench/base:1"
  "$REBAKE_BUILD/tests/bench/bench_scan" "$LAB/base"
  layer=$LAB/base/blobs/sha256/$(oci_layer_digest "$LAB/base" 0 | cut -d: -f2)
  limit=$(real_ms tar -xzOf "$layer")
  echo "the whole command, best of $ROUNDS, wall time"
  ratio "tar -xzOf the layer, the limit" "$limit" "$limit"
  # Without a home nothing is remembered from run to run.
  ratio "rebake scan oci:FOLDER" "$(real_ms nowhere rebake scan "oci:$LAB/base")" "$limit"
  ratio "rebake scan from a registry" "$(real_ms nowhere rebake scan "$REGISTRY/bench/base:1")" "$limit"
  export XDG_CACHE_HOME=$LAB/cache
  rebake scan "$REGISTRY/bench/base:1" >/dev/null
  ratio "the same, of a layer seen before" "$(real_ms rebake scan "$REGISTRY/bench/base:1")" "$limit"
  lab_stop registry
}

bench_plan() { "$REBAKE_BUILD/tests/bench/bench_plan"; }

bench_policy() {
  "$REBAKE_BUILD/tests/bench/bench_policy" "$REBAKE_BUILD/rebake" tests/bench/policy_regulated.jq "$LAB"
}

bench_simulate() {
  local year=(simulate --generate debian-year --approve-after 4h) limit
  limit=$(real_ms rebake "${year[@]}" --policy none)
  echo "a year over 1,000 images, wall time, best of $ROUNDS"
  ratio "no policy: planner and dispatcher" "$limit" "$limit"
  ratio "builtin:baseline" "$(real_ms rebake "${year[@]}" --policy builtin:baseline)" "$limit"
  ratio "builtin:regulated" "$(real_ms rebake "${year[@]}" --policy builtin:regulated)" "$limit"
}

bench_hooks() { "$REBAKE_BUILD/tests/bench/bench_hooks" "$LAB"; }

bench_git_check() {
  git_server_start
  git_repository bench tests/bench
  "$REBAKE_BUILD/tests/bench/bench_git_check" "$GIT_URL/bench.git" main "$LAB/cache"
  lab_stop git
}

bench_store() { "$REBAKE_BUILD/tests/bench/bench_store" "$LAB"; }

bench_fleet() {
  local store=$LAB/fleet.db
  "$REBAKE_BUILD/tests/bench/bench_fleet" "$store" 10000
  python3 tests/bench/fleet_join.py "$store"
  "$REBAKE_BUILD/tests/bench/bench_exposure" "$store" "$LAB"
}

# Sources are distinct tags of one registry on loopback; each is checked once, and then none is due. The one
# image waits for a git server that is not there, so that nothing is ever built.
bench_idle() {
  local sources=1000 before after
  registry_start
  debian_root "$LAB/small" bash=5.2
  tar -C "$LAB/small" -cf "$LAB/small.tar" .
  oci_make "$LAB/small-image" "$LAB/small.tar"
  oci_push "$LAB/small-image" "$REGISTRY/bench/small:1"
  {
    printf 'apiVersion: rebake/v1\npipeline: idle\nsources:\n'
    for ((i = 1; i <= sources; i++)); do
      printf '  s%d: { image: %s/bench/small, tag: "%d", every: 1d }\n' "$i" "$REGISTRY" "$i"
    done
    printf '  code: { git: "http://127.0.0.1:%d/code.git", branch: main, every: 1d }\n' "$(lab_free_port)"
    printf 'images:\n  never: { from: s1, context: { source: code }, push: %s/bench/never }\n' "$REGISTRY"
  } >"$LAB/idle.yaml"
  tag_all "$sources"
  rebaked_start "$LAB/idle.yaml"
  lab_wait 300 "all sources to be checked" all_good "$sources"
  before=$(awk '/^VmHWM/ { print $2 }' "/proc/$(lab_pid rebaked)/status")
  after=$(awk '/^VmRSS/ { print $2 }' "/proc/$(lab_pid rebaked)/status")
  echo "resident: $after KiB idle with $sources sources; $before KiB at most while it checked them"
  lab_stop rebaked
  lab_stop registry
}

# processor_us COMMAND...: prints the processor time of a command and its children, in microseconds.
processor_us() {
  local TIMEFORMAT='%3U %3S'
  { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%d\n", ($1 + $2) * 1000000 }'
}

# What the daemon has spent, in milliseconds.
daemon_ms() { awk -v hz="$(getconf CLK_TCK)" '{ printf "%d\n", ($14 + $15) * 1000 / hz }' "/proc/$(lab_pid rebaked)/stat"; }

bench_watch() {
  watch_one_check 2000
  watch_many 10000
}

watch_one_check() {
  local count=$1 ours peer i
  moving_start "$count" 0 0
  for ((i = 0; i < count; i++)); do
    printf 'next\nhead\nurl = "http://127.0.0.1:%d/v2/soak/r%d/manifests/t"\n' "$MOVING_PORT" "$i"
  done | sed 1d >"$LAB/heads"
  ours=$(taskset -c 0 "$REBAKE_BUILD/tests/bench/bench_watch" "127.0.0.1:$MOVING_PORT" "$count")
  peer=$(($(processor_us taskset -c 0 curl --parallel --parallel-max 8 -sS -K "$LAB/heads" -o /dev/null) / count))
  echo "processor time of a check that finds nothing new: $ours us"
  echo "  curl --parallel --parallel-max 8, the same HEADs: $peer us each"
  peer=$(processor_us taskset -c 0 skopeo inspect --raw --tls-verify=false "docker://127.0.0.1:$MOVING_PORT/soak/r0:t")
  echo "  skopeo inspect --raw: $peer us"
  lab_stop moving
}

# Each is known, none has changed: what it takes to hold them, and to take them up again.
watch_many() {
  local count=$1 spent start
  moving_start "$count" 0 0
  moving_pipelines "$count" 5m
  rebaked_start "$LAB/pipelines"
  lab_wait 600 "all sources to be known" moving_all_asked "$count"
  spent=$(daemon_ms)
  start=$SECONDS
  lab_wait 90 "a minute to pass" passed $((start + 60))
  echo "$count sources, each every five minutes: $(($(daemon_ms) - spent)) ms of a processor in $((SECONDS - start)) s"
  echo "  resident: $(awk '/^VmRSS/ { print $2 }' "/proc/$(lab_pid rebaked)/status") KiB"
  lab_stop rebaked
  start=$(date +%s%N)
  lab_start rebaked "$REBAKE_BUILD/rebaked" --state "$LAB/state" --socket "$REBAKE_SOCKET" "$LAB/pipelines"
  lab_wait 60 "rebaked to be back" lab_socket_answers
  echo "  from its start again to all scheduled: $((($(date +%s%N) - start) / 1000000)) ms, $(daemon_ms) ms of a processor"
  lab_stop rebaked
  lab_stop moving
}

passed() { [ $SECONDS -ge "$1" ]; }
lab_socket_answers() { rebaked_get /v1/healthz; }
moving_all_asked() { [ "$(curl -fsS "http://127.0.0.1:$MOVING_PORT/requests")" -ge "$1" ]; }

# Tags are made by copying the manifest under each: one image is enough.
tag_all() {
  local digest type=application/vnd.oci.image.manifest.v1+json
  digest=$(registry_digest bench/small 1)
  curl -fsS -H "Accept: $type" -o "$LAB/manifest" "http://$REGISTRY/v2/bench/small/manifests/$digest"
  for ((i = 2; i <= $1; i++)); do
    printf 'next\nurl = "http://%s/v2/bench/small/manifests/%d"\nupload-file = "%s"\nheader = "Content-Type: %s"\n' \
      "$REGISTRY" "$i" "$LAB/manifest" "$type"
  done | sed 1d | curl -fsS --config - -o /dev/null
}

all_good() {
  [ "$(rebaked_get /v1/status | jq '[.sources[] | select(.state == "good")] | length')" = "$1" ]
}

cmake --preset release >"$LAB/log/cmake" 2>&1
cmake --build --preset release --parallel "$(nproc)" >"$LAB/log/build" 2>&1
[ $# -gt 0 ] || set -- packages apt_change advisories scan plan policy simulate store hooks git_check idle
for name in "$@"; do
  section "$name"
  "bench_$name"
done
