#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds whose inputs have changed: one that waits is made to be for what is there now, one that runs is
# let finish, or given up where policy says so.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq skopeo

builds() { rebaked_get "/v1/images/shop/$1" | jq -r '[.builds[].state] | join(" ")'; }
change() {
  date +%N >"$LAB/work/shop/$1/date"
  git_publish shop "$1"
  rebake check code
}
state_is() { [ "$(rebaked_get "/v1/images/shop/$1" | jq -r '.builds[0].state')" = "$2" ]; }
# The commit that the newest build of an image is for.
is_for_the_newest() {
  [ "$(rebaked_get "/v1/images/shop/$1" | jq -r '.builds[0].reasons[0].to')" = \
    "$(git -C "$LAB/work/shop" rev-parse "HEAD:$1")" ]
}

registry_start
git_server_start
containers_begin "$REGISTRY"
debian_base_push "$REGISTRY/debian:1"
git_repository shop
for image in slow quick; do
  mkdir -p "$LAB/work/shop/$image"
  printf 'FROM debian\nCOPY date /\n' >"$LAB/work/shop/$image/Containerfile"
  date +%N >"$LAB/work/shop/$image/date"
done
git_publish shop "first"
cat >"$LAB/policy.yaml" <<P
apiVersion: rebake/v1
policy: hasty
rules: { all: { decide: allow, set: { supersede: cancel } } }
P
pipeline() {
  cat <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 1h }
  debian: { image: $REGISTRY/debian, tag: "1", every: 1h }
images:
  slow: { from: debian, context: { source: code, path: slow }, push: $REGISTRY/shop/slow }
  quick: { from: debian, context: { source: code, path: quick }, push: $REGISTRY/shop/quick }
$1
P
}
pipeline "" >"$LAB/shop.yaml"
rebaked_start "$LAB/shop.yaml" --jobs 1
expect_exit 0 rebake wait --check --timeout 2m
expect_equal "$(builds slow) $(builds quick)" "succeeded succeeded"

section "what waits is made to be for what is there now"
printf 'FROM debian\nCOPY date /\nRUN sleep 8\n' >"$LAB/work/shop/slow/Containerfile"
change slow
lab_wait 20 "the slow one to be building" state_is slow running
change quick
lab_wait 20 "the quick one to wait" state_is quick queued
number=$(rebaked_get /v1/images/shop/quick | jq '.builds[0].id')
change quick
lab_wait 20 "it to be for the newest" is_for_the_newest quick
expect_equal "$(rebaked_get /v1/images/shop/quick | jq '.builds[0].id')" "$number"

section "what runs is let finish, and built once more"
change slow
expect_exit 0 rebake wait --check --timeout 2m
expect_equal "$(builds quick)" "succeeded succeeded"
expect_equal "$(builds slow)" "succeeded succeeded succeeded"
rebake history shop/quick --limit 50 | grep -q 'build\.replaced'

section "or is given up, where policy says so"
pipeline "policy: { file: policy.yaml }" >"$LAB/shop.yaml"
kill -HUP "$(lab_pid rebaked)"
change slow
lab_wait 20 "the slow one to be building" state_is slow running
change slow
expect_exit 0 rebake wait --check --timeout 2m
expect_equal "$(builds slow)" "succeeded canceled succeeded succeeded succeeded"
expect_equal "$(rebaked_get /v1/images/shop/slow | jq -r '.builds[1] | .error, .givenUp' | paste -sd' ')" \
  "its inputs have changed true"
is_for_the_newest slow
