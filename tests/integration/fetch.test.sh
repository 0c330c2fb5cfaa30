#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake fetch` of every kind of source from real servers: what a check finds, an earlier version after
# upstream has moved on, and what it says of an upstream that no longer has a version or serves another.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need nginx fcgiwrap git docker-registry skopeo apt-ftparchive gpg gpgv jq openssl rpmbuild createrepo_c modifyrepo_c

public=$LAB/public
mkdir -p "$public"
kinds='code base repo rpms alpine tool kev'

# ── upstream ──

# base_push TEXT: the image of a root with this text.
base_push() {
  rm -rf "$LAB/root" "$LAB/image"
  debian_root "$LAB/root" "bash=$1"
  tar -C "$LAB/root" -cf "$LAB/root.tar" .
  oci_make "$LAB/image" "$LAB/root.tar"
  oci_push "$LAB/image" "$REGISTRY/shop/base:1"
}

# kev_write VERSION
kev_write() {
  printf '{"title":"lab","catalogVersion":"%s","dateReleased":"%sT00:00:00.0000Z","count":1,
"vulnerabilities":[{"cveID":"CVE-2026-%s","dateAdded":"%s"}]}' "$1" "$1" "${1##*-}" "$1" >"$public/kev.json"
}

# publish NUMBER: the state of everything.
publish() {
  echo "state $1" >"$LAB/work/code/state"
  git_publish code "state $1"
  base_push "5.$1"
  apt_package demo "1.$1"
  apt_publish --date "$((60 - $1)) minutes ago"
  rpm_package demo 0 "1.$1" 1
  rpm_publish "$public/rpm" gz --set-timestamp-to-revision --revision "$(($(date +%s) - 600 + $1))"
  # As public repositories do: the files of earlier states stay for a while.
  mkdir -p "$LAB/rpm-files"
  cp -n "$public"/rpm/repodata/*-{primary,updateinfo}.xml.gz "$LAB/rpm-files/" 2>/dev/null || true
  cp -n "$LAB"/rpm-files/* "$public/rpm/repodata/" 2>/dev/null || true
  apk_publish "$public/alpine" "1.$1-r0" good
  echo "tool $1" >"$public/tool.bin"
  kev_write "2026-01-0$1"
}

registry_start
git_server_start
mkdir "$LAB/work"
git_repository code
mkdir "$LAB/work/code/folder"
printf '#!/bin/sh\n' >"$LAB/work/code/folder/run"
chmod +x "$LAB/work/code/folder/run"
ln -s /etc/outside "$LAB/work/code/link"
apt_repository_start
for key in good stranger; do
  rpm_key $key
  apk_key $key
done
publish 1
nginx_start files <<N
  server { listen 127.0.0.1:@PORT@; root $public; }
N
server=http://127.0.0.1:$LAB_PORT
nobody=127.0.0.1:$(lab_free_port)

cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  code: { git: "$GIT_URL/code.git", branch: main }
  base: { image: $REGISTRY/shop/base, tag: "1", platform: linux/amd64 }
  repo: { apt: $APT_URL, suite: lab, components: [main], architectures: [amd64], signed-by: $APT_KEYRING }
  rpms: { rpm: $server/rpm, signed-by: $LAB/good.asc }
  alpine: { apk: $server/alpine, architectures: [x86_64], keys: [$LAB/keys] }
  tool: { http: $server/tool.bin }
  kev: { kev: $server/kev.json }
  silent: { http: "http://$nobody/x" }
images:
  app: { from: base, context: { source: code }, push: $nobody/shop/app }
P

# fetch STATUS SOURCE FOLDER [OPTION...]
fetch() {
  local status=$1
  shift
  expect_exit "$status" rebake fetch "$LAB/shop.yaml" "$@"
}

# refused SOURCE TEXT OPTION...: it fails, says so, and leaves nothing behind.
refused() {
  local source=$1 text=$2
  shift 2
  fetch 1 "$source" "$LAB/refused" "$@"
  expect_text "$LAB/err" "$text"
  expect_empty "$LAB/out"
  [ -z "$(find "$LAB" -maxdepth 1 -name 'refused*')" ] || fail "something is left of a refused fetch of $source"
}

# version SOURCE: of the first state.
version() { jq -r .version "$LAB/first.$1.json"; }

# fetched_all FOLDER OPTION...: what a check finds of all sources.
fetched_all() {
  local folder=$1 source
  shift
  mkdir "$folder"
  for source in $kinds; do
    fetch 0 "$source" "$folder/$source" --json "$@"
    cp "$LAB/out" "$folder.$source.json"
  done
}

section "what a check finds"
fetched_all "$LAB/first" --cache "$LAB/cache"
git -C "$LAB/work/code" archive HEAD | (mkdir "$LAB/expected" && tar -C "$LAB/expected" -xf -)
diff -r --no-dereference "$LAB/expected" "$LAB/first/code"
[ -x "$LAB/first/code/folder/run" ] && [ "$(readlink "$LAB/first/code/link")" = /etc/outside ]
expect_equal "$(version code)" "$(git_tip code)"
expect_equal "$(version base)" "$(registry_digest shop/base 1)"
expect_equal "$(version base)" "$(skopeo inspect "oci:$LAB/first/base" --format '{{.Digest}}')"
expect_equal "$(version repo)" "$(sha256sum <"$APT_FOLDER/public/dists/lab/Release" | cut -d' ' -f1)"
cmp "$LAB/first/repo/InRelease" "$APT_FOLDER/public/dists/lab/InRelease"
expect_equal "$(find "$LAB/first/repo/main/binary-amd64" -name 'Packages*' | wc -l)" 1
expect_equal "$(version rpms)" "$(sha256sum <"$LAB/first/rpms/repodata/repomd.xml" | cut -d' ' -f1)"
expect_equal "$(find "$LAB/first/rpms" -type f | wc -l)" 4
cmp "$LAB/first/alpine/x86_64/APKINDEX.tar.gz" "$public/alpine/x86_64/APKINDEX.tar.gz"
cmp "$LAB/first/tool/tool.bin" "$public/tool.bin"
cmp "$LAB/first/kev/kev.json" "$public/kev.json"
expect_json "$LAB/first.tool.json" '.source == "tool" and .kind == "http" and .files == 1 and .sizeBytes == 7
  and (.description | endswith("/tool.bin")) and (.folder | endswith("/first/tool")) and .detail.sizeBytes == 7'
expect_json "$LAB/first.code.json" '.files == 3 and .detail.commit == .version'

section "an earlier version, after upstream has moved on"
publish 2
fetched_all "$LAB/second" --cache "$LAB/cache"
for source in $kinds; do
  [ "$(jq -r .version "$LAB/second.$source.json")" != "$(version "$source")" ] || fail "$source did not move"
  fetch 0 "$source" "$LAB/again.$source" --version "$(version "$source")" --cache "$LAB/cache"
  expect_line "$LAB/out" "version $(version "$source")"
  diff -r --no-dereference "$LAB/first/$source" "$LAB/again.$source"
done

section "the same without what was kept"
for source in code base; do
  fetch 0 "$source" "$LAB/upstream.$source" --version "$(version "$source")" --cache "$LAB/none"
  diff -r --no-dereference "$LAB/first/$source" "$LAB/upstream.$source"
done
for source in repo rpms alpine; do
  refused $source 'is no longer there' --version "$(version $source)" --cache "$LAB/none"
done
refused repo 'no copy is kept, is no longer there: since' --version "$(version repo)" --cache "$LAB/none"
expect_text "$LAB/err" "the repository is at version $(jq -r .version "$LAB/second.repo.json")"
for source in tool kev; do
  refused $source 'is another file than the version' --version "$(version $source)" --cache "$LAB/none"
done

section "what upstream serves in the place of a version"
digest=$(jq -r '.layers[0].digest' "$LAB/second/base/blobs/sha256/$(jq -r '.version[7:]' "$LAB/second.base.json")")
cp "$(registry_blob "$digest")" "$LAB/blob"
printf x | dd of="$(registry_blob "$digest")" bs=1 seek=30 conv=notrunc status=none
refused base 'what came has the digest' --cache "$LAB/none"
cp "$LAB/blob" "$(registry_blob "$digest")"
for file in "$APT_FOLDER"/public/dists/lab/main/binary-amd64/by-hash/SHA256/*; do
  cp "$file" "$LAB/by-hash.$(basename "$file")"
  printf x | dd of="$file" bs=1 seek=30 conv=notrunc status=none
done
refused repo 'is another file' --version "$(version repo)" --cache "$LAB/cache"
apt_tamper
refused repo 'InRelease' --version "$(jq -r .version "$LAB/second.repo.json")" --cache "$LAB/none"
primary=$(find "$LAB/second/rpms/repodata" -name '*-primary.xml.gz' -printf '%f\n')
cp "$public/rpm/repodata/$primary" "$LAB/primary"
printf x | dd of="$public/rpm/repodata/$primary" bs=1 seek=30 conv=notrunc status=none
refused rpms 'is not what repomd.xml lists' --version "$(jq -r .version "$LAB/second.rpms.json")" --cache "$LAB/cache"
cp "$LAB/primary" "$public/rpm/repodata/$primary"
cp "$public/alpine/x86_64/APKINDEX.tar.gz" "$LAB/APKINDEX"
apk_publish "$public/alpine" 1.3-r0 stranger
refused alpine 'is signed by key stranger' --version "$(jq -r .version "$LAB/second.alpine.json")" --cache "$LAB/none"
cp "$LAB/APKINDEX" "$public/alpine/x86_64/APKINDEX.tar.gz"
# What was kept and is spoilt is not taken either; what upstream has is.
for file in "$LAB/cache"/files/*/"$(jq -r .version "$LAB/second.tool.json")"; do echo spoilt >"$file"; done
fetch 0 tool "$LAB/unspoilt" --version "$(jq -r .version "$LAB/second.tool.json")" --cache "$LAB/cache"
cmp "$LAB/unspoilt/tool.bin" "$public/tool.bin"

section "what upstream has no longer"
git -C "$LAB/work/code" checkout -q --orphan new
git -C "$LAB/work/code" commit -qm 'another history'
git -C "$LAB/work/code" push -qf origin HEAD:main
git -C "$LAB/git/code.git" reflog expire --expire=now --all
git -C "$LAB/git/code.git" gc -q --prune=now
refused code "the commit $(version code) is no longer there" --version "$(version code)" --cache "$LAB/none"
fetch 0 code "$LAB/mirrored" --version "$(version code)" --cache "$LAB/cache"
diff -r --no-dereference "$LAB/first/code" "$LAB/mirrored"
curl -fsS -X DELETE "http://$REGISTRY/v2/shop/base/manifests/$(version base)"
refused base "@$(version base) is no longer there" --version "$(version base)" --cache "$LAB/cache"
rm "$APT_FOLDER"/public/dists/lab/main/binary-amd64/by-hash/SHA256/*
apt_publish --date '1 minute ago'
refused repo 'is no longer there: since' --version "$(version repo)" --cache "$LAB/cache"
expect_text "$LAB/err" 'main/binary-amd64/Packages'
rm "$public/rpm/repodata/$(find "$LAB/first/rpms/repodata" -name '*-primary.xml.gz' -printf '%f\n')"
refused rpms 'is no longer there: since' --version "$(version rpms)" --cache "$LAB/cache"
rm "$public/tool.bin"
refused tool 'tool.bin is no longer there' --version "$(version tool)" --cache "$LAB/none"

section "what makes no sense"
fetch 1 tool "$LAB/first" --version "$(version tool)" --cache "$LAB/cache"
expect_text "$LAB/err" 'is not empty'
mkdir "$LAB/empty"
fetch 0 tool "$LAB/empty/" --version "$(version tool)" --cache "$LAB/cache"
cmp "$LAB/empty/tool.bin" "$LAB/first/tool/tool.bin"
for source in $kinds; do refused "$source" 'is no version of a' --version 1.0 --cache "$LAB/cache"; done
refused tol 'has no source "tol" (did you mean "tool"?)' --cache "$LAB/cache"
fetch 2 tool
fetch 3 silent "$LAB/refused" --cache "$LAB/cache"
