#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [NAME...]: all benchmarks, or those named, from a release build, each beside what it cannot be
# faster than, measured in the same run on the same input: the machine and its load are then in both. It
# fetches its inputs itself, by way of the mirror of this machine's own apt. A figure passes or fails
# nothing.
#
#   packages   the real bookworm main Packages.xz into an index, beside `xz -dc`
#   apt_change the same file with ten packages changed, beside hashing and unpacking it
#   scan       `rebake scan` of a real image's layer, beside `tar -xzOf` of it
#   plan       the planner over 10,000 images, beside one pass over the same memory
#   store      the store with 100,000 builds, beside the disk
#   hooks      webhooks stored before they are answered, beside SQLite's one row a commit and beside
#              the same server storing nothing
#   idle       resident memory of a daemon with 1,000 sources, nothing due
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/install-packages build run test
REBAKE_BUILD=$PWD/build/release
# shellcheck source=tests/lab/lab.sh
. tests/lab/lab.sh
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

bench_scan() {
  local layer limit
  registry_start
  debian_base_push "$REGISTRY/bench/base:1"
  "$REBAKE_BUILD/tests/bench/bench_scan" "$LAB/base"
  layer=$LAB/base/blobs/sha256/$(oci_layer_digest "$LAB/base" 0 | cut -d: -f2)
  limit=$(real_ms tar -xzOf "$layer")
  echo "the whole command, best of $ROUNDS, wall time"
  ratio "tar -xzOf the layer, the limit" "$limit" "$limit"
  ratio "rebake scan oci:FOLDER" "$(real_ms rebake scan "oci:$LAB/base")" "$limit"
  ratio "rebake scan from a registry" "$(real_ms rebake scan "$REGISTRY/bench/base:1")" "$limit"
  lab_stop registry
}

bench_plan() { "$REBAKE_BUILD/tests/bench/bench_plan"; }

bench_hooks() { "$REBAKE_BUILD/tests/bench/bench_hooks" "$LAB"; }

bench_store() { "$REBAKE_BUILD/tests/bench/bench_store" "$LAB"; }

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
[ $# -gt 0 ] || set -- packages apt_change scan plan store hooks idle
for name in "$@"; do
  section "$name"
  "bench_$name"
done
