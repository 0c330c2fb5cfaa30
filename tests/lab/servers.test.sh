#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The lab's servers are what they say: seen with the tools that they are made for.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap skopeo apt-ftparchive gpg htpasswd jq

section "registry: an image goes in and comes out"
registry_start
open=$REGISTRY
debian_root "$LAB/root" bash=5.2.15-2+b7
tar -C "$LAB/root" -cf "$LAB/root.tar" .
oci_make "$LAB/image" "$LAB/root.tar"
oci_push "$LAB/image" "$REGISTRY/shop/app:1"
expect_equal "$(registry_digest shop/app 1)" "$(jq -r '.manifests[0].digest' "$LAB/image/index.json")"
expect_exit 0 skopeo copy --insecure-policy --src-tls-verify=false "docker://$REGISTRY/shop/app:1" "dir:$LAB/copy"
layer=$(oci_layer_digest "$LAB/image" 0)
cmp "$LAB/copy/${layer#sha256:}" "$(registry_blob "$layer")"

section "registry with TLS and a password"
registry_start_secured
expect_exit 60 curl -sS "https://$REGISTRY/v2/"
expect_exit 0 curl -s --cacert "$REGISTRY_CA" -o /dev/null -w '%{http_code}' "https://$REGISTRY/v2/"
expect_equal "$(cat "$LAB/out")" 401
expect_exit 0 curl -fsS --cacert "$REGISTRY_CA" -u lab:lab-password "https://$REGISTRY/v2/"

section "front: each fault, for the part that it is for, and none when mended"
REGISTRY=$open
front_start
code() {
  curl -s -m 5 -o /dev/null -w '%{http_code}' -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    "http://$FRONT/v2/shop/app/$1"
}
expect_equal "$(code manifests/1)" 200
for fault in 401 404 429 500 503; do
  front_fault $fault manifests
  expect_equal "$(code manifests/1)" $fault
  expect_equal "$(code "blobs/$layer")" 200
  front_mend
done
front_fault 429
expect_exit 0 curl -sD - -o /dev/null "http://$FRONT/v2/"
expect_text "$LAB/out" "Retry-After: 1"
front_mend
front_fault 401
expect_exit 0 curl -sD - -o /dev/null "http://$FRONT/v2/"
expect_text "$LAB/out" 'WWW-Authenticate: Basic realm="lab"'
front_mend
front_fault cut blobs
expect_exit 18 curl -sS -o "$LAB/half" "http://$FRONT/v2/shop/app/blobs/$layer"
expect_equal "$(stat -c %s "$LAB/half")" $(($(stat -c %s "$(registry_blob "$layer")") / 2))
front_mend
front_fault silent
expect_exit 28 curl -sS -m 1 "http://$FRONT/v2/"
front_mend
expect_equal "$(code manifests/1)" 200

section "git: clone, push, and a password"
git_server_start
git_repository shop "$LAB/root"
expect_exit 0 git ls-remote "$GIT_URL/shop.git" main
expect_line "$LAB/out" "$(git_tip shop)	refs/heads/main"
expect_exit 0 git clone -q "$GIT_URL/shop.git" "$LAB/clone"
cmp "$LAB/clone/etc/os-release" "$LAB/root/etc/os-release"
git_server_start_secured
expect_exit 128 git ls-remote "$GIT_URL/shop.git"
expect_exit 0 git ls-remote "${GIT_URL/:\/\//://lab:lab-password@}/shop.git"

section "apt: what it accepts and what it refuses"
apt_repository_start
mkdir -p "$LAB/client"/{lists/partial,etc,cache}
echo "deb [signed-by=$APT_KEYRING] $APT_URL lab main" >"$LAB/client/sources.list"
client() {
  "$@" -q -o Dir::Etc="$LAB/client/etc" -o Dir::Etc::SourceList="$LAB/client/sources.list" \
    -o Dir::State::Lists="$LAB/client/lists" -o Dir::Cache="$LAB/client/cache" -o APT::Architecture=amd64 \
    -o Acquire::Check-Valid-Until=true -o Acquire::Check-Date=true -o APT::Update::Error-Mode=any \
    -o APT::Sandbox::User=root
}
update() { client apt-get update; }
apt_package demo 1.0-1
apt_publish
expect_exit 0 update
apt_package demo 1.0-1+deb12u1
apt_publish --valid-until 'now + 7 days'
expect_exit 0 update
expect_exit 0 client apt-cache policy demo
expect_line "$LAB/out" '  Candidate: 1.0-1+deb12u1'
expect_text "$LAB/log/apt.access" /by-hash/SHA256/
apt_publish --date '30 days ago' --valid-until '23 days ago'
expect_exit 100 update
expect_text "$LAB/err" 'is expired'
apt_publish --key stranger
expect_exit 100 update
expect_text "$LAB/err" NO_PUBKEY
apt_publish --key none
expect_exit 100 update
expect_text "$LAB/err" 'no longer signed'
apt_publish
apt_tamper
expect_exit 100 update
expect_text "$LAB/err" BADSIG

section "a mirror of Debian in the machine's own configuration"
expect_exit 0 debian_source bookworm-security
expect_text "$LAB/out" " bookworm-security main"
