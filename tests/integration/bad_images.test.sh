#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake scan` and `rebake outdated` of an image in a registry and an apt repository that fail: the exit
# code, nothing on standard output, and one line that says what is wrong, word for word.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
export XDG_CACHE_HOME=/dev/null # what was read once would not be asked for again
lab_need docker-registry nginx skopeo apt-ftparchive gpg jq script

apt_repository_start
apt_package demo 1.1
apt_publish
debian_root "$LAB/root" bash=5.2.15-2+b7 demo=1.0
mkdir -p "$LAB/root/usr/share/keyrings"
cp "$APT_KEYRING" "$LAB/root/usr/share/keyrings/lab.gpg"
echo "deb [signed-by=/usr/share/keyrings/lab.gpg] $APT_URL lab main" >"$LAB/root/etc/apt/sources.list"
tar -C "$LAB/root" -cf "$LAB/root.tar" .
oci_make "$LAB/image" "$LAB/root.tar"
registry_start
oci_push "$LAB/image" "$REGISTRY/shop/base:1"
front_start
image=$FRONT/shop/base:1
digest=$(registry_digest shop/base 1)
layer=$(oci_layer_digest "$LAB/image" 0)
config=$(jq -r .config.digest "$(registry_blob "$digest")")

# fails STATUS TEXT VERB ARGUMENT...: with nothing but this line.
fails() {
  local status=$1 text=$2
  shift 2
  expect_exit "$status" rebake "$@"
  expect_empty "$LAB/out"
  expect_line "$LAB/err" "rebake $1: $text"
}

section "all is well"
expect_exit 0 rebake scan "$image"
expect_line "$LAB/out" "2 packages: Debian GNU/Linux 12 (bookworm)"
expect_empty "$LAB/err"
expect_exit 10 rebake outdated --format json "$image"
expect_json "$LAB/out" '[.packages[] | [.name, .installed, .available, .suite]] == [["demo", "1.0", "1.1", "lab"]]'

section "a registry that refuses, or has no time"
while read -r fault status text; do
  text=${text//HOST/$FRONT}
  front_fault "$fault" manifests
  fails "$status" "$image: manifest of $image: $text" scan "$image"
  front_mend
  front_fault "$fault" blobs
  fails "$status" "$image: blob ${config:0:19} of $FRONT/shop/base: $text" scan "$image"
  front_mend
done <<'T'
401 1 it wants a user and a password (no credentials were found for HOST: try podman login HOST)
404 1 the server answered 404: MANIFEST_UNKNOWN: manifest unknown
500 3 the server answered 500
503 3 the server answered 503
later 3 the server answered 503 (it asks to come back in 10m00s)
T

section "a registry that asks to be asked again soon"
refused() { grep -q " 429 " "$LAB/log/front.access"; }
front_fault 429 manifests
"$REBAKE_BUILD/rebake" scan "$image" >"$LAB/out" 2>"$LAB/err" &
lab_wait 20 "the registry to refuse" refused
front_mend
wait $! || fail "the scan was not tried again: $(cat "$LAB/err")"
expect_line "$LAB/out" "2 packages: Debian GNU/Linux 12 (bookworm)"
expect_empty "$LAB/err"
told() { grep -qF "note: GET http://$FRONT/v2/shop/base/blobs/$config: the server answered 429: asking again in 1.0s" "$LAB/terminal"; }
front_fault 429 blobs
NO_COLOR=1 script -qefc "'$REBAKE_BUILD/rebake' outdated --json '$image' >'$LAB/out'" "$LAB/terminal" >"$LAB/log/script" </dev/null &
lab_wait 20 "the terminal to be told" told
front_mend
status=0
wait $! || status=$?
expect_equal $status 10
expect_json "$LAB/out" '[.packages[].name] == ["demo"]'

section "a registry that breaks off, says nothing, is not there"
url=http://$FRONT/v2/shop/base
size=$(stat -c %s "$(registry_blob "$config")")
front_fault cut blobs
fails 3 "$image: blob ${config:0:19} of $FRONT/shop/base: GET $url/blobs/$config: transfer closed with $((size - size / 2)) bytes remaining to read" \
  scan "$image"
front_mend
front_fault silent manifests
fails 3 "$image: manifest of $image: GET $url/manifests/1: nothing came for 20.0s" scan "$image"
front_mend
nobody=127.0.0.1:$(lab_free_port)
expect_exit 3 rebake scan "$nobody/shop/base:1"
expect_text "$LAB/err" "Failed to connect to 127.0.0.1 port ${nobody#*:}"

section "bytes that are not what their digest says"
blob=$(registry_blob "$layer")
size=$(stat -c %s "$blob")
cp "$blob" "$LAB/kept"
truncate -s 200 "$blob"
fails 3 "$image: layer 1 of 1: blob ${layer:0:19} of $FRONT/shop/base ended after 200 of $size bytes" \
  scan "$image"
cp "$LAB/kept" "$blob"
printf XXXX | dd of="$blob" bs=1 seek=100 conv=notrunc status=none
fails 1 "$image: layer 1 of 1: blob ${layer:0:19} of $FRONT/shop/base: what came has the digest sha256:$(sha256sum "$blob" | cut -d' ' -f1)" \
  scan "$image"
cp "$LAB/kept" "$blob"
manifest=$(registry_blob "$digest")
echo >>"$manifest"
pinned=$FRONT/shop/base@$digest
fails 1 "$pinned: manifest of $pinned: what came has the digest sha256:$(sha256sum "$manifest" | cut -d' ' -f1)" \
  scan "$pinned"
truncate -s -1 "$manifest"
file=$LAB/image/blobs/sha256/${layer#sha256:}
truncate -s 200 "$file"
fails 1 "oci:$LAB/image: layer 1 of 1: $file has the digest sha256:$(sha256sum "$file" | cut -d' ' -f1), not the one it is named by" \
  scan "oci:$LAB/image"

section "a repository that must not be believed"
release=$APT_URL/dists/lab/InRelease
apt_publish --key stranger
stranger=$(gpg --homedir "$APT_FOLDER/stranger.home" --batch --with-colons --list-keys 2>/dev/null |
  awk -F: '$1 == "pub" { print $5 }')
fails 1 "$release is signed by key $stranger, which is not in the keyring" outdated "$image"
apt_publish --key none
fails 1 "$APT_URL/dists/lab/Release is not signed: there is neither InRelease nor Release.gpg" \
  outdated "$image"
apt_publish
apt_tamper
fails 1 "$release: bad signature: the file or the signature was changed on its way" outdated "$image"
apt_publish --valid-until '2021-01-01 00:00:00 UTC'
fails 1 "$release has expired (Valid-Until: 2021-01-01T00:00:00Z): the mirror is stale or cut off" \
  outdated "$image"
apt_publish
lab_stop apt
expect_exit 3 rebake outdated "$image"
expect_empty "$LAB/out"
expect_text "$LAB/err" "GET $release: Failed to connect to 127.0.0.1"
