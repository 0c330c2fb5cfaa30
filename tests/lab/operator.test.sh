#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What an operator does at three in the morning: looks, asks why, pauses, triggers, cancels, and finds
# drift told and healed.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/shop.sh
. "$(dirname "$0")/shop.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq

section "without a daemon"
export REBAKE_SOCKET=$LAB/nobody.sock
expect_exit 3 rebake status
expect_text "$LAB/err" "no rebaked answers on $LAB/nobody.sock"

section "status and why, once all is well"
shop_begin
mapfile -t deployment < <(shop_deployment)
shop_pipeline "${deployment[@]}"
rebaked_start "$LAB/shop.yaml"
expect_equal "$(stat -c %a "$REBAKE_SOCKET")" 600
expect_exit 0 rebake wait --timeout 3m
expect_exit 0 rebake status
for text in shop/code shop/debian shop/runtime shop/app shop/production healthy fresh; do
  expect_text "$LAB/out" "$text"
done
expect_exit 0 rebake status --json
expect_json "$LAB/out" '[.images[].state] == ["fresh", "fresh"] and (.sources | length) == 2'
expect_json "$LAB/out" '.deployments[0].digest == .deployments[0].wantedDigest'
expect_exit 0 rebake why app
expect_text "$LAB/out" "shop/app is fresh"
expect_text "$LAB/out" "build 2 of shop/app succeeded"
expect_text "$LAB/out" "build 1 of shop/runtime succeeded"
expect_exit 0 rebake why 1 --json
expect_json "$LAB/out" '.chain[0].build.id == 1'
expect_exit 1 rebake why nothing
expect_exit 0 rebake history
expect_text "$LAB/out" build.finished

section "what was built and deployed on one machine is looked at and found to be the same"
observed() { rebaked_get /v1/status | jq -r '.deployments[0].observedAt'; }
first=$(observed)
observed_again() { [ "$(observed)" != null ] && [ "$(observed)" != "$first" ]; }
lab_wait 30 "a look at the deployment" observed_again
first=$(observed)
lab_wait 30 "another look at the deployment" observed_again
expect_exit 0 rebake history shop/production --json
expect_json "$LAB/out" '[.events[].name] | index("drift.found") == null'

section "pause holds a change back, and resume lets it go"
expect_exit 2 rebake pause app
expect_exit 0 rebake pause app --why "release freeze"
echo "second" >"$LAB/work/shop/app/motd"
git_publish shop "second"
expect_exit 1 rebake wait --check --timeout 1m
expect_text "$LAB/err" "shop/app is paused"
expect_exit 0 rebake status
expect_text "$LAB/out" "release freeze"
expect_equal "$(shop_builds app)" succeeded
expect_exit 0 rebake resume app
expect_exit 0 rebake wait --timeout 2m
expect_equal "$(shop_builds app)" "succeeded succeeded"
expect_equal "$(podman exec shop-production cat /etc/motd)" second

section "a pause with an end needs nobody to lift it, not even over a restart"
expect_exit 2 rebake pause app --why "lunch" --for tomorrow
expect_exit 0 rebake pause app --why "lunch" --for 10s
expect_exit 0 rebake status
expect_text "$LAB/out" ", over in"
lab_stop rebaked
rebaked_start "$LAB/shop.yaml"
not_paused() { [ "$(rebaked_get /v1/status | jq '.pauses | length')" = 0 ]; }
lab_wait 20 "the pause to be over" not_paused
expect_exit 0 rebake history shop/app --json
expect_json "$LAB/out" '[.events[] | select(.name == "pause.lifted").actor == "rebaked"] | sort == [false, true]'

section "trigger builds though nothing changed, and the content is found to be the same"
expect_exit 2 rebake trigger app
expect_exit 0 rebake trigger app --why "to be sure"
third_build() { [ "$(shop_builds app)" = "succeeded succeeded unchanged" ]; }
lab_wait 90 "the build asked for" third_build
expect_exit 0 rebake why app
expect_text "$LAB/out" "to be sure"

section "cancel stops a build at once"
shop_recipe app 'FROM runtime' 'RUN echo waiting-at-the-gate && sleep 600'
git_publish shop "endless"
expect_exit 0 rebake check code
running() { rebaked_get /v1/status | jq -e '.builds[0].state == "running"'; }
lab_wait 30 "the endless build" running
build=$(rebaked_get /v1/status | jq '.builds[0].id')
at_the_gate() { grep -q '^waiting-at-the-gate' "$LAB/state/jobs/build-$build/log"; }
lab_wait 60 "its endless step" at_the_gate
expect_exit 0 rebake cancel "$build" --why "it never ends"
canceled() { [ "$(shop_build_state "$build")" = canceled ]; }
lab_wait 30 "the end of the build" canceled
if pgrep -f 'sleep 600' >/dev/null; then fail "the endless step lives on"; fi
expect_exit 1 rebake cancel "$build" --why "again"

section "drift by hand: a file, a stop, a removal; each is told and healed"
podman exec shop-production sh -c 'echo meddled >/etc/motd'
healed() { [ "$(podman exec shop-production cat /etc/motd)" = second ]; }
lab_wait 60 "the file to be as in the image" healed
drift_is_told() { rebake history shop/production --limit 20 | grep -c 'drift\.\(found\|resolved\)' | grep -qx 2; }
lab_wait 30 "the drift to be told, and its end" drift_is_told
podman stop -t 0 shop-production >/dev/null
lab_wait 60 "the stopped container to run again" healed
podman rm -f shop-production >/dev/null
lab_wait 60 "the removed container to run again" healed
