#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two inputs of an image change, and one breaks its build: policy lets it be found out which.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq skopeo

image() { rebaked_get /v1/images/shop/app | jq -r "$1"; }
# base_moves TEXT: the base's tag names another image.
base_moves() {
  rm -rf "$LAB/moved"
  mkdir "$LAB/moved"
  echo "$1" >"$LAB/moved/base-release"
  tar -C "$LAB/moved" --owner=0 --group=0 --transform 's,^\.,etc,' -cf "$LAB/moved.tar" ./base-release
  oci_make "$LAB/base-$1" "$(debian_base_tar)" "$LAB/moved.tar"
  oci_push "$LAB/base-$1" "$REGISTRY/debian:1"
}
# recipe CONDITION: the build fails unless it holds.
recipe() {
  mkdir -p "$LAB/work/shop/app"
  printf 'FROM debian\nRUN %s\n' "$1" >"$LAB/work/shop/app/Containerfile"
  git_publish shop "$1"
}

registry_start
git_server_start
containers_begin "$REGISTRY"
debian_base_push "$REGISTRY/debian:1"
git_repository shop
recipe true
printf 'apiVersion: rebake/v1\npolicy: lab\nrules: { all: { decide: allow, set: { bisect: true } } }\n' >"$LAB/policy.yaml"
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
policy: { file: policy.yaml }
sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 1h }
  debian: { image: $REGISTRY/debian, tag: "1", every: 1h }
images:
  app: { from: debian, context: { source: code, path: app }, push: $REGISTRY/shop/app }
P
rebaked_start "$LAB/shop.yaml"
expect_exit 0 rebake wait --check --timeout 2m
good=$(image .artifact.digest)

section "the code breaks it"
expect_exit 0 rebake pause app --why "both at once"
base_moves second
recipe 'false # broken'
expect_exit 1 rebake wait --check --timeout 1m
expect_exit 0 rebake resume app
expect_exit 1 rebake wait --timeout 2m
expect_equal "$(image '[.builds[] | "\(.trial) \(.state)"] | join(", ")')" \
  "code succeeded, base failed, null failed, null succeeded"
image .cause | grep -q 'code code breaks it: put back, it builds' || fail "it is not named: $(image .cause)"
expect_equal "$(image .artifact.digest)" "$good"

section "it is mended, and what was tried is forgotten"
recipe true
expect_exit 0 rebake wait --check --timeout 2m

section "the base breaks it"
recipe '! grep -q third /etc/base-release'
expect_exit 0 rebake wait --check --timeout 2m
expect_exit 0 rebake pause app --why "both at once"
base_moves third
recipe '! grep -q third /etc/base-release && echo more'
expect_exit 1 rebake wait --check --timeout 1m
expect_exit 0 rebake resume app
expect_exit 1 rebake wait --timeout 2m
image .cause | grep -q 'base debian breaks it: put back, it builds' || fail "it is not named: $(image .cause)"
