#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Images of rpm's, of apk's and of Python's packages are rebuilt when their repository has a newer version
# of what is in them: not for anything else it offers, and not again where the rebuild did not help. One
# that asks for fixes alone is rebuilt when a newer version closes an advisory.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/repositories.sh
. "$(dirname "$0")/repositories.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq rpm rpmbuild createrepo_c openssl gpg skopeo

mkdir "$LAB/public"
nginx_start repositories <<N
  server { listen 127.0.0.1:@PORT@; root $LAB/public; index index.json; }
N
repositories=http://127.0.0.1:$LAB_PORT
export HOME=$LAB
echo '%_dbpath /var/lib/rpm' >"$LAB/.rpmmacros"

# rpm_install RPM...: into the code of the image "el".
rpm_install() {
  rpm --force-debian --root "$LAB/work/shop/el/root" --nodeps -U "$@" >"$LAB/log/rpm" 2>&1 ||
    fail "rpm: $(cat "$LAB/log/rpm")"
}
# apk_install VERSION: the same for "alpine".
apk_install() {
  printf 'P:demo\nV:%s\nA:x86_64\no:demo-src\n\n' "$1" >"$LAB/work/shop/alpine/root/lib/apk/db/installed"
}
# reasons IMAGE: of its newest build.
reasons() {
  rebaked_get "/v1/images/shop/$1" |
    jq -r '.builds[0].reasons | map("\(.kind) \(.subject) \(.from) \(.to)") | join(", ")'
}
builds() { rebaked_get "/v1/images/shop/$1" | jq -r '[.builds | reverse[] | .state] | join(" ")'; }
publish_rpms() {
  rpm_publish "$LAB/public/rpm" gz
  expect_exit 0 rebake check rpms
}

section "two images, of what their repositories have"
registry_start
git_server_start
containers_begin "$REGISTRY"
mkdir "$LAB/empty"
tar -C "$LAB/empty" -cf "$LAB/empty.tar" .
oci_make "$LAB/base" "$LAB/empty.tar"
oci_push "$LAB/base" "$REGISTRY/empty:1"
rpm_key good
apk_key good
rpm_package demo 1 1.0 1
rpm_package other 0 1.0 1
git_repository shop
mkdir -p "$LAB/work/shop/el/root/etc" "$LAB/work/shop/alpine/root/etc" "$LAB/work/shop/alpine/root/lib/apk/db"
printf 'ID=rocky\nVERSION_ID=9.3\n' >"$LAB/work/shop/el/root/etc/os-release"
printf 'ID=alpine\nVERSION_ID=3.20.1\n' >"$LAB/work/shop/alpine/root/etc/os-release"
rpm_install "$LAB"/rpms/noarch/demo-1.0-1.noarch.rpm
apk_install 1.0-r0
# python_install VERSION: the same for "python", of Flask.
python_install() {
  rm -rf "$LAB/work/shop/python/root/site"
  mkdir -p "$LAB/work/shop/python/root/site/flask-$1.dist-info"
  printf 'Metadata-Version: 2.1\nName: Flask\nVersion: %s\n' "$1" \
    >"$LAB/work/shop/python/root/site/flask-$1.dist-info/METADATA"
}
# python_publish VERSION...: what the registry has of it.
python_publish() {
  mkdir -p "$LAB/public/simple/flask"
  printf '{"filename": "flask-%s-py3-none-any.whl"}\n' "$@" |
    jq -s '{meta: {"api-version": "1.0"}, name: "flask", files: .}' >"$LAB/public/simple/flask/index.json"
  nginx_time "$LAB/public/simple/flask/index.json"
}
python_install 2.3.2
python_publish 2.3.2
for image in el alpine python; do printf 'FROM empty\nCOPY root/ /\n' >"$LAB/work/shop/$image/Containerfile"; done
git_publish shop "first"
rpm_publish "$LAB/public/rpm" gz
apk_publish "$LAB/public/apk" 1.0-r0 good
# secdb VERSION: demo-src is fixed in that version.
secdb() {
  printf '{"distroversion": "v3.20", "reponame": "main", "packages": [{"pkg": {"name": "demo-src",
    "secfixes": {"%s": ["CVE-2026-1"]}}}]}' "$1" >"$LAB/public/secdb.json"
  nginx_time "$LAB/public/secdb.json"
}
secdb 0.9-r0
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 1h }
  empty: { image: $REGISTRY/empty, tag: "1", every: 1h }
  rpms: { rpm: $repositories/rpm, signed-by: $LAB/good.asc, architectures: [x86_64, noarch], every: 1h }
  secdb: { secdb: $repositories/secdb.json, every: 1h }
  apks: { apk: $repositories/apk, keys: [$LAB/keys], architectures: [x86_64], every: 1h }
  pypi: { pypi: $repositories/simple, packages: [Flask], every: 1h }
images:
  python:
    from: empty
    context: { source: code, path: python }
    packages: [pypi]
    push: $REGISTRY/shop/python
  el:
    from: empty
    context: { source: code, path: el }
    packages: [rpms]
    push: $REGISTRY/shop/el
  alpine:
    from: empty
    context: { source: code, path: alpine }
    packages: [apks]
    push: $REGISTRY/shop/alpine
  fixed:
    from: empty
    context: { source: code, path: alpine }
    packages: [apks]
    push: $REGISTRY/shop/fixed
    rebuild: { on: advisory }
P
rebaked_start "$LAB/shop.yaml"
expect_exit 0 rebake wait --check --timeout 2m
expect_equal "$(builds el), $(builds alpine), $(builds python)" "succeeded, succeeded, succeeded"

section "what is not in an image makes it no older"
rpm_package other 0 2.0 1
publish_rpms
expect_exit 0 rebake wait --check --timeout 1m
expect_equal "$(builds el)" succeeded

section "a repository that is pinned offers what it did then, over a restart too"
rpm_version() { rebake history shop/rpms --json | jq '[.events[] | select(.name == "source.changed")]['"$1"'].data.version'; }
expect_exit 1 rebake pin rpms "$(rpm_version -1)" --why "as it was at first"
expect_text "$LAB/err" "rpms cannot be pinned: what that version offers is not kept any more"
expect_exit 0 rebake pin el/rpms present --why "not before the weekend"
rpm_package demo 1 1.1 1
publish_rpms
expect_exit 0 rebake wait --check --timeout 1m
lab_stop rebaked
rebaked_start "$LAB/shop.yaml"
expect_exit 0 rebake wait --check --timeout 1m
expect_equal "$(builds el)" succeeded
expect_exit 0 rebake sources
expect_text "$LAB/out" "not before the weekend"
expect_exit 0 rebake unpin el/rpms

section "a newer version of what is in it does, and a rebuild that does not help is told and not repeated"
expect_exit 1 rebake wait --check --timeout 1m
expect_text "$LAB/err" unresolved
expect_equal "$(reasons el)" "package demo 1:1.0-1 1:1.1-1"
expect_exit 10 rebake exposure LAB-2026:1 # by the repository's own updateinfo
expect_text "$LAB/out" "1:1.1-1 in shop/rpms"
expect_exit 10 rebake exposure --image el --json
expect_json "$LAB/out" '[.findings[] | [.id, .verdict]] == [["CVE-2026-1", "affected"]]'
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(builds el), $(builds alpine)" "succeeded unresolved, succeeded"
rm "$LAB"/state/cache/rpm/*/*.updateinfo.xml.set* # derived data: made again
expect_exit 0 rebake check rpms
lab_wait 20 "the advisories to be made again" compgen -G "$LAB/state/cache/rpm/*/*.updateinfo.xml.set*"

section "a patch takes since its version came, whatever else has come since, and over a restart"
fix_seen() {
  rebaked_get '/v1/exposure?id=LAB-2026:1' | jq -r '.findings[0].open[0] | select(.soFarMs > 0).fixSeenAt'
}
seen=$(fix_seen)
[ -n "$seen" ] || fail "nobody says since when the fix is there: $(rebaked_get '/v1/exposure?id=LAB-2026:1')"
for version in 3.0 4.0; do
  sleep 1.1 # times are told in seconds
  rpm_package other 0 "$version" 1
  publish_rpms
  expect_exit 1 rebake wait --check --timeout 1m
  expect_equal "$(fix_seen)" "$seen"
  lab_stop rebaked
  rebaked_start "$LAB/shop.yaml"
done
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(builds el)" "succeeded unresolved"

section "one that does help ends it"
rpm_install "$LAB"/rpms/noarch/demo-1.1-1.noarch.rpm
git_publish shop "demo 1.1"
expect_exit 0 rebake wait --check --timeout 1m
expect_equal "$(builds el), $(builds alpine)" "succeeded unresolved succeeded, succeeded"
expect_exit 0 rebake exposure --image el

section "apk"
apk_publish "$LAB/public/apk" 1.0-r1 good
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(reasons alpine)" "package demo 1.0-r0 1.0-r1"
apk_install 1.0-r1
git_publish shop "demo 1.0-r1"
expect_exit 0 rebake wait --check --timeout 1m
expect_equal "$(builds alpine)" "succeeded unresolved succeeded"

section "a newer version that closes nothing is let be by who asks for fixes alone"
expect_equal "$(builds fixed)" "succeeded succeeded"
apk_publish "$LAB/public/apk" 1.0-r2 good
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(reasons alpine), $(builds fixed)" "package demo 1.0-r1 1.0-r2, succeeded succeeded"

section "until an advisory says that it is a fix"
secdb 1.0-r2
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(reasons fixed)" "advisory demo 1.0-r1 1.0-r2"
expect_exit 10 rebake exposure CVE-2026-1
expect_text "$LAB/out" "1.0-r2 in shop/apks"
apk_install 1.0-r2
git_publish shop "demo 1.0-r2"
expect_exit 0 rebake wait --check --timeout 1m
expect_exit 0 rebake exposure CVE-2026-1
expect_equal "$(builds fixed)" "succeeded succeeded unresolved succeeded"

section "a language's package: the patch of its line first, a new line once, and then the next patch"
python_publish 2.3.2 2.3.3 3.0.0
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(reasons python)" "package flask 2.3.2 2.3.3"
python_install 2.3.3
git_publish shop "Flask 2.3.3"
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(builds python)" "succeeded unresolved succeeded unresolved"
expect_equal "$(reasons python)" "package flask 2.3.3 3.0.0"
python_publish 2.3.2 2.3.3 2.3.4 3.0.0
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(reasons python)" "package flask 2.3.3 2.3.4"
python_install 3.0.0
git_publish shop "Flask 3.0.0"
expect_exit 0 rebake wait --check --timeout 1m
expect_equal "$(builds python)" "succeeded unresolved succeeded unresolved unresolved succeeded"
