#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon before rpm repositories that createrepo_c made of packages by rpmbuild, and before an apk
# repository as apk index and abuild-sign make it: what it follows, what it refuses, and that it recovers.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need nginx gpg openssl jq rpmbuild createrepo_c modifyrepo_c strings

public=$LAB/public
mkdir -p "$public"

for key in good stranger; do
  rpm_key $key
  apk_key $key
done
rpm_package demo 1 1.0 1
rpm_package plain 0 2.0~rc1 3
for compression in gz xz bz2; do
  rpm_publish "$public/$compression" $compression --revision "$(($(date +%s) - 600))" --set-timestamp-to-revision
done
apk_publish "$public/alpine" 1.0-r0 good

nginx_start repositories <<N
  server { listen 127.0.0.1:@PORT@; root $public; }
N
server=http://127.0.0.1:$LAB_PORT
nobody=127.0.0.1:$(lab_free_port)
printf 'http://%s/x\n%s/xz/\n' "$nobody" "$server" >"$public/mirrors"

# The git source never answers, so that nothing is ever built here.
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  base: { image: $nobody/shop/base, tag: "1", every: 1d }
  code: { git: "http://$nobody/code.git", branch: main, every: 1d }
  gz: { rpm: $server/gz, signed-by: $LAB/good.asc, every: 1d }
  bz2: { rpm: $server/bz2, signed-by: $LAB/good.asc, every: 1d }
  mirrored: { mirrorlist: $server/mirrors, signed-by: $LAB/good.asc, every: 1d }
  local: { rpm: "file://$public/gz", unsigned: true, every: 1d }
  alpine: { apk: $server/alpine, architectures: [x86_64], keys: [$LAB/keys], every: 1d }
images:
  app: { from: base, context: { source: code }, push: $nobody/shop/app }
P

# member SOURCE MEMBER: prints it from the daemon's status.
member() {
  rebaked_get /v1/status |
    jq -r --arg name "shop/$1" --arg member "$2" '.sources[] | select(.names == [$name])[$member]'
}

is() { [ "$(member "$1" "$2")" = "$3" ]; }
holds() { [[ $(member "$1" "$2") == *"$3"* ]]; }

# says SOURCE CODE TEXT: checked now, the source fails with this class and with the text in its error.
says() {
  rebake check "shop/$1" >/dev/null
  lab_wait 60 "the source $1 to say: $3" holds "$1" error "$3" || fail "it says: $(member "$1" error)"
  expect_equal "$(member "$1" state)" failing
  expect_equal "$(member "$1" errorCode)" "$2"
}

recovers() {
  rebake check "shop/$1" >/dev/null
  lab_wait 60 "the source $1 to recover" is "$1" state good || fail "it says: $(member "$1" error)"
}

# offered KIND TEXT: how many of the kept indexes hold the text.
offered() { cat "$LAB/state/cache/$1"/*/*.index | strings -n 3 | grep -cxF "$2"; }

rebaked_start "$LAB/shop.yaml"
for source in gz bz2 mirrored local alpine; do recovers $source; done

section "what the repositories offer"
expect_equal "$(member gz version)" "$(sha256sum <"$public/gz/repodata/repomd.xml" | cut -d' ' -f1)"
expect_equal "$(member mirrored version)" "$(sha256sum <"$public/xz/repodata/repomd.xml" | cut -d' ' -f1)"
expect_equal "$(offered rpm 1:1.0-1)" 4
expect_equal "$(offered rpm 2.0~rc1-3)" 4
expect_equal "$(offered apk 1.0-r0)" 1
expect_equal "$(cat "$LAB/state/cache/rpm"/*/*.updateinfo.xml | grep -c CVE-2026-1)" 4

section "a new package"
rpm_package demo 1 1.1 1
rpm_publish "$public/gz" gz --set-timestamp-to-revision --revision "$(($(date +%s) - 300))"
old=$(member gz version)
rebake check shop/gz >/dev/null
changed() { [ "$(member gz version)" != "$old" ]; }
lab_wait 60 "the new state" changed
recovers gz
[ "$(offered rpm 1:1.1-1)" -ge 1 ]

section "what must not be believed"
version=$(member gz version)
rpm_publish "$public/gz" gz --set-timestamp-to-revision --revision "$(($(date +%s) - 250))"
rpm_sign "$public/gz" stranger
says gz verification 'which is not in the keyring'
rm "$public/gz/repodata/repomd.xml.asc"
says gz verification 'is not signed: there is no repomd.xml.asc'
rpm_publish "$public/gz" gz --set-timestamp-to-revision --revision "$(($(date +%s) - 200))"
for file in "$public"/gz/repodata/*-primary.xml.gz; do
  printf XXXX | dd of="$file" bs=1 seek=40 conv=notrunc status=none
done
says gz verification 'is not what repomd.xml lists'
rpm_publish "$public/gz" gz --set-timestamp-to-revision --revision 1600000000
says gz verification 'has gone back in time'
mv "$public/gz/repodata" "$LAB/away"
says gz not-found 'repodata/repomd.xml'
expect_equal "$(member gz version)" "$version"
apk_publish "$public/alpine" 1.1-r0 stranger
says alpine verification 'is signed by key stranger.rsa.pub, which is not among "keys"'
apk_publish "$public/alpine" 1.2-r0 good
printf x | dd of="$public/alpine/x86_64/APKINDEX.tar.gz" bs=1 seek=600 conv=notrunc status=none
says alpine verification 'bad signature'

section "and it is well again"
rpm_publish "$public/gz" gz --set-timestamp-to-revision --revision "$(($(date +%s) - 100))"
apk_publish "$public/alpine" 1.2-r0 good
recovers gz
recovers alpine
expect_equal "$(offered apk 1.2-r0)" 1

section "mirrors"
mv "$public/bz2" "$public/second"
printf '%s/bz2\n%s/second/\n' "$server" "$server" >"$public/mirrors"
rpm_publish "$public/second" bz2 --set-timestamp-to-revision --revision "$(($(date +%s) - 50))"
old=$(member mirrored version)
rebake check shop/mirrored >/dev/null
followed() { is mirrored version "$(sha256sum <"$public/second/repodata/repomd.xml" | cut -d' ' -f1)"; }
lab_wait 60 "the second mirror's state" followed
