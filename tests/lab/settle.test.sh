#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What changes all the time is built too: an image settles for so long and no longer.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq skopeo

builds() { rebaked_get /v1/images/shop/busy | jq '.builds | length'; }
change() {
  date +%N >"$LAB/work/shop/busy/root/date"
  git_publish shop "busy"
}

registry_start
git_server_start
containers_begin "$REGISTRY"
mkdir "$LAB/empty"
tar -C "$LAB/empty" -cf "$LAB/empty.tar" .
oci_make "$LAB/base" "$LAB/empty.tar"
oci_push "$LAB/base" "$REGISTRY/empty:1"
git_repository shop
mkdir -p "$LAB/work/shop/busy/root"
printf 'FROM empty\nCOPY root/ /\n' >"$LAB/work/shop/busy/Containerfile"
change
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 1h }
  empty: { image: $REGISTRY/empty, tag: "1", every: 1h }
images:
  busy:
    from: empty
    context: { source: code, path: busy }
    push: $REGISTRY/shop/busy
    rebuild: { settle: 4s, at-most: 7s }
P
rebaked_start "$LAB/shop.yaml"
expect_exit 0 rebake wait --check --timeout 1m

section "what changes all the time is built too, and what rests is built once it does"
begun=$(builds)
change_until_built() {
  change
  expect_exit 0 rebake check code
  sleep 1
  [ "$(builds)" -gt "$begun" ]
}
lab_wait 20 "a build between changes that come faster than it settles" change_until_built
change_until_built
expect_exit 0 rebake wait --check --timeout 1m
expect_equal "$(rebaked_get /v1/images/shop/busy | jq -r '.builds[0].reasons[0].to')" \
  "$(git -C "$LAB/work/shop" rev-parse HEAD:busy)"
