#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Images that mean harm: each ends within its bounds, in a clear error or in what a container of it would
# have, and never tells of the machine that looks.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need python3 jq
tools=$(cd "$(dirname "$0")" && pwd)
rebake=$REBAKE_BUILD/rebake
export XDG_CACHE_HOME=/dev/null
mkdir "$LAB/outside" # of any image
printf 'Package: of-this-machine\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n' \
  >"$LAB/outside/status"

# image KIND: $LAB/image, of one layer.
image() {
  rm -rf "$LAB/image"
  python3 "$tools/hostile_images.py" "$1" "$LAB/layer.tar" "$LAB/outside"
  oci_make "$LAB/image" "$LAB/layer.tar"
}
scan() { timeout 120 "$rebake" scan "oci:$LAB/image" "$@"; }
# refused KIND WORDS
refused() {
  section "$1"
  image "$1"
  expect_exit 1 scan
  expect_text "$LAB/err" "$2"
  expect_empty "$LAB/out"
}
# harmless KIND PACKAGES: what is found, by name.
harmless() {
  section "$1"
  image "$1"
  expect_exit 0 scan --json
  expect_equal "$(jq -r '[.packages[].name] | join(" ")' "$LAB/out")" "$2"
}

refused up "leads out of it"
refused inside-up "leads out of it"
refused hard-link-out "leads out of it"
refused long-path "longer than"
harmless link-out ""
harmless absolute-link-out ""
harmless ring ""
refused chain "links lead from one to the next without an end"
harmless devices ""
harmless many inner
harmless jars inner
harmless programs inner

section "words that would steer a terminal"
image words
expect_exit 0 scan
if grep -q $'\x1b\|\x07' "$LAB/out"; then fail "an escape sequence came through"; fi

section "a sparse file that says it is a terabyte"
rm -rf "$LAB/image" "$LAB/sparse"
mkdir -p "$LAB/sparse/var/lib/dpkg"
truncate -s 1T "$LAB/sparse/var/lib/dpkg/status"
tar -C "$LAB/sparse" --sparse -cf "$LAB/layer.tar" .
oci_make "$LAB/image" "$LAB/layer.tar"
expect_exit 1 scan
expect_text "$LAB/err" "larger than we read"

section "more layers than any image has"
rm -rf "$LAB/image"
python3 "$tools/hostile_images.py" ring "$LAB/layer.tar"
oci_make "$LAB/image" "$LAB/layer.tar"
manifest=$LAB/image/blobs/sha256/$(jq -r '.manifests[0].digest' "$LAB/image/index.json" | cut -d: -f2)
jq -c '.layers = [range(100000) as $i | .layers[0]]' "$manifest" >"$LAB/manifest"
digest=$(sha256sum "$LAB/manifest" | cut -d' ' -f1)
cp "$LAB/manifest" "$LAB/image/blobs/sha256/$digest"
jq --arg d "sha256:$digest" --argjson s "$(stat -c %s "$LAB/manifest")" \
  '.manifests[0].digest = $d | .manifests[0].size = $s' "$LAB/image/index.json" >"$LAB/index"
mv "$LAB/index" "$LAB/image/index.json"
expect_exit 1 scan
[ -s "$LAB/err" ] || fail "nothing is said"
cat "$LAB/err"
