#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What people say: a pinned source moves nothing until the pin is over, also by itself, and for whom it
# is pinned alone; a build is forced past a pause; what runs of an image is canceled.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq skopeo

builds() { rebaked_get "/v1/images/shop/$1" | jq '.builds | length'; }
built_from() { rebaked_get "/v1/images/shop/$1" | jq -r '.builds[0].reasons[0].to'; }
tree_of() { git -C "$LAB/work/shop" rev-parse "$2:$1"; }
change() {
  for image in one two; do echo "$1" >"$LAB/work/shop/$image/root/text"; done
  git_publish shop "$1"
}
settled() { expect_exit 0 rebake wait --check --timeout 1m; }

registry_start
git_server_start
containers_begin "$REGISTRY"
mkdir "$LAB/empty"
tar -C "$LAB/empty" -cf "$LAB/empty.tar" .
oci_make "$LAB/base" "$LAB/empty.tar"
oci_push "$LAB/base" "$REGISTRY/empty:1"
git_repository shop
for image in one two; do
  mkdir -p "$LAB/work/shop/$image/root"
  printf 'FROM empty\nCOPY root/ /\n' >"$LAB/work/shop/$image/Containerfile"
done
change first
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 1h }
  empty: { image: $REGISTRY/empty, tag: "1", every: 1h }
images:
  one:
    from: empty
    context: { source: code, path: one }
    push: $REGISTRY/shop/one
    rebuild: { settle: 0s }
  two:
    from: empty
    context: { source: code, path: two }
    push: $REGISTRY/shop/two
    rebuild: { settle: 0s }
P
rebaked_start "$LAB/shop.yaml"
settled
first=$(git -C "$LAB/work/shop" rev-parse HEAD)
expect_equal "$(builds one) $(builds two)" "1 1"

section "a pinned source moves nothing, and what comes is recorded"
expect_exit 2 rebake pin code present
expect_exit 1 rebake pin code 0123456789 --why "no such"
expect_text "$LAB/err" "no version 0123456789"
expect_exit 0 rebake pin code present --why "the audit looks at it"
change second
settled
expect_equal "$(rebaked_get /v1/status | jq -r '.pins[0].newest')" "$(git -C "$LAB/work/shop" rev-parse HEAD)"
expect_equal "$(builds one) $(builds two)" "1 1"
expect_exit 0 rebake why one
expect_text "$LAB/out" "is pinned to ${first:0:12} by user:root: the audit looks at it"
expect_exit 0 rebake words
expect_text "$LAB/out" "the audit looks at it"
expect_exit 0 rebake status
expect_text "$LAB/out" "1 pinned"

section "nor does it after a restart"
lab_stop rebaked
rebaked_start "$LAB/shop.yaml"
settled
expect_equal "$(builds one) $(builds two)" "1 1"

section "once it is unpinned, the newest version is built"
expect_exit 0 rebake unpin code
settled
expect_equal "$(builds one) $(builds two)" "2 2"
expect_equal "$(built_from one)" "$(tree_of one HEAD)"
expect_exit 1 rebake unpin code

section "an input of one image is pinned for that one, and back in time"
expect_exit 0 rebake pin one/code "${first:0:10}" --why "the second is broken"
settled
expect_equal "$(builds one) $(builds two)" "3 2"
expect_equal "$(built_from one)" "$(tree_of one "$first")"
change third
settled
expect_equal "$(builds one) $(builds two)" "3 3"
expect_exit 0 rebake unpin one/code
settled
expect_equal "$(builds one) $(builds two)" "4 3"

section "a paused source is one that is pinned to what it is, and ends by itself"
expect_exit 0 rebake pause shop/code --why "lunch" --for 8s
change fourth
expect_exit 0 rebake check code
built() { [ "$(builds one) $(builds two)" = "5 4" ]; }
lab_wait 60 "the pause of the source to be over" built
expect_exit 0 rebake history shop/code --json
expect_json "$LAB/out" '[.events[] | select(.name == "pin.lifted").actor] == ["rebaked"]'

section "a build is forced past a pause, for once"
expect_exit 0 rebake pause shop --why "freeze"
expect_exit 0 rebake trigger one --why "the customer waits" --force
settled
expect_equal "$(builds one) $(builds two)" "6 4"
expect_exit 0 rebake why one
expect_text "$LAB/out" "forced: the customer waits"
expect_exit 0 rebake trigger two --why "and this"
paused() { rebaked_get /v1/images/shop/two | jq -e '.state == "paused"'; }
lab_wait 30 "the pause to hold what is not forced" paused
expect_equal "$(builds two)" 4
expect_exit 0 rebake words
expect_text "$LAB/out" "and this"
expect_exit 0 rebake resume shop
settled
expect_equal "$(builds two)" 5

section "what runs of an image is canceled by its name"
expect_exit 1 rebake cancel one --why "nothing runs"
expect_text "$LAB/err" "no build of one is queued or runs"
kill -STOP "$(lab_pid "$REGISTRY_NAME")" # nothing can be built meanwhile
expect_exit 0 rebake trigger one --why "to be canceled"
running() { rebaked_get /v1/status | jq -e '.builds[0].state == "running"'; }
lab_wait 30 "the build to run" running
expect_exit 2 rebake cancel one
expect_exit 0 rebake cancel one --why "too slow"
canceled() { rebaked_get /v1/images/shop/one | jq -e '.builds[0].state == "canceled"'; }
lab_wait 30 "the end of the build" canceled
kill -CONT "$(lab_pid "$REGISTRY_NAME")"
expect_equal "$(rebaked_get /v1/images/shop/one | jq -r '.builds[0].error')" "canceled by user:root: too slow"
expect_exit 0 rebake history shop/one --json
expect_json "$LAB/out" '[.events[] | select(.name == "build.cancel").data.why] == ["too slow"]'
