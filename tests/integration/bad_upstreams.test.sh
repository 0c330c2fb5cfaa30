#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the daemon says of upstreams that fail, each in its own way: the state of the source, the class of
# the error and its text, word for word; that what was known before stays known; and that it recovers.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need docker-registry nginx skopeo apt-ftparchive gpg jq

registry_start
debian_root "$LAB/root" bash=5.2
tar -C "$LAB/root" -cf "$LAB/root.tar" .
oci_make "$LAB/image" "$LAB/root.tar"
oci_push "$LAB/image" "$REGISTRY/shop/base:1"
front_start
apt_repository_start
apt_package demo 1.0
apt_publish --date '10 minutes ago'
nobody=127.0.0.1:$(lab_free_port)

# The git source never answers, so that nothing is ever built here.
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  base: { image: $FRONT/shop/base, tag: "1", every: 1d }
  repo: { apt: $APT_URL, suite: lab, components: [main], signed-by: $APT_KEYRING, every: 1d }
  code: { git: "http://$nobody/code.git", branch: main, every: 1d }
images:
  app: { from: base, context: { source: code }, packages: [repo], push: $REGISTRY/shop/app }
P

# member SOURCE MEMBER: prints it from the daemon's status.
member() {
  rebaked_get /v1/status |
    jq -r --arg name "shop/$1" --arg member "$2" '.sources[] | select(.names == [$name])[$member]'
}

is() { [ "$(member "$1" "$2")" = "$3" ]; }

# says SOURCE CODE TEXT: checked now, the source fails with this class and exactly this text.
says() {
  rebake check "shop/$1" >/dev/null
  lab_wait 60 "the source $1 to say: $3" is "$1" error "$3" || fail "it says: $(member "$1" error)"
  expect_equal "$(member "$1" state)" failing
  expect_equal "$(member "$1" errorCode)" "$2"
}

recovers() {
  rebake check "shop/$1" >/dev/null
  lab_wait 60 "the source $1 to recover" is "$1" state good || fail "it says: $(member "$1" error)"
  expect_equal "$(member "$1" error)" null
}

rebaked_start "$LAB/shop.yaml"
recovers base
recovers repo
base=$(member base version)
repo=$(member repo version)
expect_equal "$base" "$(registry_digest shop/base 1)"

section "a server that nobody runs"
nobody_answers() { # the text tells how long the attempt took
  case $(member code error) in
    "GET http://$nobody/code.git/info/refs: Failed to connect to "*": Couldn't connect to server") ;;
    *) return 1 ;;
  esac
}
rebake check shop/code >/dev/null
lab_wait 60 "the source code to say that nobody answers" nobody_answers || fail "it says: $(member code error)"
expect_equal "$(member code state)" failing
expect_equal "$(member code errorCode)" network

section "a registry that fails"
what="manifest of $FRONT/shop/base:1"
while read -r fault code text; do
  front_fault "$fault"
  says base "$code" "$what: ${text//HOST/$FRONT}"
  expect_equal "$(member base version)" "$base"
  front_mend
  recovers base
done <<'T'
401 authentication it wants a user and a password (no credentials were found for HOST: try podman login HOST)
404 not-found the server answered 404: MANIFEST_UNKNOWN: manifest unknown
429 busy the server answered 429 (it asks to come back in 1.0s)
500 busy the server answered 500
503 busy the server answered 503
silent timeout HEAD http://HOST/v2/shop/base/manifests/1: nothing came for 20.0s
T

section "an apt repository that must not be believed"
release="$APT_URL/dists/lab/InRelease"
apt_publish --key stranger
stranger=$(gpg --homedir "$APT_FOLDER/stranger.home" --batch --with-colons --list-keys 2>/dev/null |
  awk -F: '$1 == "pub" { print $5 }')
says repo verification "$release is signed by key $stranger, which is not in the keyring"
apt_publish --key none
says repo verification \
  "$APT_URL/dists/lab/Release is not signed: there is neither InRelease nor Release.gpg"
apt_publish
apt_tamper
says repo verification "$release: bad signature: the file or the signature was changed on its way"
apt_publish --valid-until '2021-01-01 00:00:00 UTC'
says repo verification \
  "$release has expired (Valid-Until: 2021-01-01T00:00:00Z): the mirror is stale or cut off"
apt_publish --date '2020-01-01 00:00:00 UTC'
rebake check shop/repo >/dev/null
older() { [[ $(member repo error) == "$release has gone back in time (2020-01-01T00:00:00Z, but "*" was seen): a stale mirror or a replay" ]]; }
lab_wait 60 "an older Release to be refused" older || fail "it says: $(member repo error)"
expect_equal "$(member repo version)" "$repo"
expect_equal "$(member repo errorCode)" verification

section "an index that is not the one that was signed"
apt_package demo 1.1
apt_publish
index=$APT_FOLDER/public/dists/lab/main/binary-amd64
sed -i 's/^Version: 1.1/Version: 9.9/' "$index"/Packages "$index"/by-hash/SHA256/*
for file in "$index"/by-hash/SHA256/* "$index"/Packages.xz "$index"/Packages.gz; do
  printf 'XXXX' | dd of="$file" bs=1 seek=40 conv=notrunc status=none
done
rebake check shop/repo >/dev/null
unlike() {
  [[ $(member repo error) == "$APT_URL/dists/lab/main/binary-amd64/Packages"*" is not what the Release file lists (its SHA-256 begins with "*", not "*"): the mirror is broken, or is just being updated" ]]
}
lab_wait 60 "an index with a wrong hash to be refused" unlike || fail "it says: $(member repo error)"
expect_equal "$(member repo errorCode)" verification
expect_equal "$(member repo version)" "$repo"

section "and it is well again"
apt_publish
recovers repo
[ "$(member repo version)" != "$repo" ]
