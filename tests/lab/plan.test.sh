#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake plan --what-if` says what would be built; then it comes true, and just that is built.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/repositories.sh
. "$(dirname "$0")/repositories.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq openssl skopeo

mkdir "$LAB/public"
nginx_start repositories <<N
  server { listen 127.0.0.1:@PORT@; root $LAB/public; }
N
repositories=http://127.0.0.1:$LAB_PORT
registry_start
git_server_start
containers_begin "$REGISTRY"
mkdir "$LAB/empty"
tar -C "$LAB/empty" -cf "$LAB/empty.tar" .
oci_make "$LAB/base" "$LAB/empty.tar"
oci_push "$LAB/base" "$REGISTRY/empty:1"
apk_key good
apk_publish "$LAB/public/apk" 1.0-r0 good
git_repository shop
# code VERSION: of the images, the first of which has the package demo.
code() {
  mkdir -p "$LAB/work/shop/alpine/root/etc" "$LAB/work/shop/alpine/root/lib/apk/db" "$LAB/work/shop/app" \
    "$LAB/work/shop/other"
  printf 'ID=alpine\nVERSION_ID=3.20.1\n' >"$LAB/work/shop/alpine/root/etc/os-release"
  printf 'P:demo\nV:%s\nA:x86_64\no:demo-src\n\n' "$1" >"$LAB/work/shop/alpine/root/lib/apk/db/installed"
  printf 'FROM empty\nCOPY root/ /\n' >"$LAB/work/shop/alpine/Containerfile"
  for image in app:alpine other:empty; do
    echo "$image" >"$LAB/work/shop/${image%:*}/file"
    printf 'FROM %s\nCOPY file /\n' "${image#*:}" >"$LAB/work/shop/${image%:*}/Containerfile"
  done
}
code 1.0-r0
git_publish shop "first"
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 1h }
  empty: { image: $REGISTRY/empty, tag: "1", every: 1h }
  apks: { apk: $repositories/apk, keys: [$LAB/keys], architectures: [x86_64], every: 1h }
images:
  alpine:
    from: empty
    context: { source: code, path: alpine }
    packages: [apks]
    push: $REGISTRY/shop/alpine
  app: { from: alpine, context: { source: code, path: app }, push: $REGISTRY/shop/app }
  other: { from: empty, context: { source: code, path: other }, push: $REGISTRY/shop/other }
P
rebaked_start "$LAB/shop.yaml"
expect_exit 0 rebake wait --check --timeout 2m

# planned ARGUMENT...: "WAVE IMAGE", in their order.
planned() { rebake plan "$@" --json | jq -r '.builds | map("\(.wave) \(.image)") | join(", ")'; }
built() { rebaked_get "/v1/images/shop/$1" | jq '[.builds[] | select(.state != "failed")] | length'; }
planned_is_paused() { rebake plan --json | jq -e '.waits | map(.image) == ["shop/alpine", "shop/app"]'; }
code_is_seen() { rebake plan alpine --json | jq -e '.waits[0].reasons | map(.kind) == ["code", "package"]'; }
all_built() { echo "$(built alpine) $(built app) $(built other)"; }

section "nothing is to be done, and to ask leaves no trace"
expect_exit 0 rebake plan
expect_text "$LAB/out" "0 to build"
generation() { rebaked_get '/v1/history?limit=1' | jq '.events[0].id'; }
before=$(generation)
expect_equal "$(planned --what-if apks:demo=1.1-r0)" "1 shop/alpine, 2 shop/app"
expect_equal "$(planned --what-if apks:demo-src=1.1-r0)" "1 shop/alpine, 2 shop/app"
expect_equal "$(planned --what-if apks:demo=0.9-r0)" ""
expect_equal "$(planned --what-if apks:absent=2.0-r0)" ""
expect_equal "$(planned --what-if shop/empty=sha256:"$(printf '%064d' 1)")" \
  "1 shop/alpine, 1 shop/other, 2 shop/app"
expect_equal "$(planned app --what-if apks:demo=1.1-r0)" "2 shop/app"
expect_exit 0 rebake plan --what-if apks:demo=1.1-r0 --diff
expect_text "$LAB/out" "package demo 1.0-r0 → 1.1-r0"
expect_text "$LAB/out" "2 more or for other reasons"
expect_exit 1 rebake plan --what-if apks=1
expect_text "$LAB/err" "say which, as shop/apks:openssl=VERSION"
expect_exit 1 rebake plan --what-if nothing=1
expect_text "$LAB/err" "there is no source nothing"
expect_exit 2 rebake plan --what-if apks
expect_exit 2 rebake plan --diff
expect_equal "$(generation)" "$before"
expect_equal "$(all_built)" "1 1 1"

section "it comes true: a newer package, which the image then has"
code 1.1-r0
apk_publish "$LAB/public/apk" 1.1-r0 good
expect_exit 0 rebake pause all --why "to look at it first"
expect_exit 0 rebake check apks
lab_wait 20 "the package to be seen" planned_is_paused
expect_exit 0 rebake plan
expect_text "$LAB/out" "paused"
git_publish shop "demo is newer"
expect_exit 0 rebake check code
lab_wait 20 "the code to be seen" code_is_seen
expect_exit 0 rebake resume all
expect_exit 0 rebake wait --check --timeout 2m
expect_equal "$(all_built)" "2 2 1"
