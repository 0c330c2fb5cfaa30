#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake wait --check` sees what was pushed before it was asked: a check that is under way by then may
# have looked too early, and another is made and waited for.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap skopeo jq

base_push() {
  rm -rf "$LAB/image"
  debian_root "$LAB/root" "bash=$1"
  tar -C "$LAB/root" -cf "$LAB/root.tar" .
  oci_make "$LAB/image" "$LAB/root.tar"
  oci_push "$LAB/image" "$REGISTRY/shop/base:1"
}

source_member() {
  rebaked_get /v1/status |
    jq -r --arg name "shop/$1" --arg member "$2" '.sources[] | select(.names == [$name])[$member]'
}

registry_start
front_start
git_server_start
base_push 5.2
git_repository code
echo "no recipe here" >"$LAB/work/code/README"
git_publish code "nothing to build"

# Without a recipe the image fails before any container tool is needed, and then stands still.
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  base: { image: $FRONT/shop/base, tag: "1", every: 1d }
  code: { git: $GIT_URL/code.git, branch: main, every: 1d }
images:
  app: { from: base, context: { source: code }, push: $REGISTRY/shop/app }
P
rebaked_start "$LAB/shop.yaml"

section "a check that is asked for is waited for"
expect_exit 1 rebake wait --timeout 1m
expect_text "$LAB/err" "shop/app is failed"
expect_equal "$(source_member base version)" "$(registry_digest shop/base 1)"
base_push 5.3
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(source_member base version)" "$(registry_digest shop/base 1)"

section "a check that is under way when another is asked for does not count as that one"
front_fault silent manifests
expect_exit 0 rebake check base
lab_wait 10 "the check to be under way" grep -q holds "$LAB/log/front-silent"
first=$(lab_pid front-silent)
rm "$LAB/front/silent.sock"
front_silent_start front-silent-next
before=$(source_member code checks)
rebake wait --check --timeout 5s 2>"$LAB/waiter.err" &
waiter=$! status=0
asked() { [ "$(source_member code checks)" != "$before" ]; }
lab_wait 4 "the check of all sources" asked
lab_stop_pid "$first"
wait "$waiter" || status=$?
expect_equal "$status" 3
expect_text "$LAB/waiter.err" "shop/base:1 is being checked"
grep -q holds "$LAB/log/front-silent-next" || fail "the check that was asked for did not begin"

section "and is seen through once the server answers again"
base_push 5.4
front_mend
lab_stop front-silent-next
expect_exit 1 rebake wait --check --timeout 1m
expect_equal "$(source_member base version)" "$(registry_digest shop/base 1)"
