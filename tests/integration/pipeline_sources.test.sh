#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pipelines from a git repository, over HTTP: a good commit is in force without a restart, a broken one
# leaves the last good one in force and says what is wrong, and neither kill -9 nor a git server that
# does not answer changes that.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need nginx fcgiwrap git jq curl

# write_fleet FILE PIPELINE: a pipeline whose upstreams are not there, so that nothing is ever built.
write_fleet() {
  mkdir -p "$LAB/work/fleet/pipelines"
  cat >"$LAB/work/fleet/pipelines/$1" <<Y
apiVersion: rebake/v1
pipeline: $2
sources:
  code: { git: "file://$LAB/absent.git", branch: main, every: 1d }
  base: { image: "127.0.0.1:1/base", tag: "1", every: 1d }
images:
  app: { from: base, context: { source: code }, push: registry.example.com/$2/app }
Y
}

publish() {
  git_publish fleet "$1"
  expect_exit 0 rebake check control/fleet
}

images() { rebaked_get /v1/status | jq -r '[.images[].name] | sort | join(" ")'; }
images_are() { [ "$(images)" = "$1" ]; }
expect_images() { lab_wait 30 "the images: $1" images_are "$1" || fail "the images are: $(images)"; }

fleet_is() {
  rebaked_get /v1/status |
    jq -e ".sources[] | select(.names == [\"control/fleet\"]) | $1" >/dev/null
}
expect_fleet() { lab_wait 30 "control/fleet to be such that $1" fleet_is "$1"; }

loaded() {
  rebaked_get "/v1/history?limit=1000" | jq '[.events[] | select(.name == "pipeline.loaded")] | length'
}

killed() {
  kill -KILL "$(lab_pid rebaked)"
  lab_wait 10 "the daemon's end" lab_group_gone "$(lab_pid rebaked)"
}

section "before there is anything to follow"
git_server_start
git_repository fleet
echo nothing >"$LAB/work/fleet/README"
git_publish fleet "no folder"
cat >"$LAB/control.yaml" <<Y
apiVersion: rebake/v1
pipeline: control
sources:
  fleet: { pipeline: "$GIT_URL/fleet.git", branch: main, path: pipelines, every: 1s }
Y
expect_exit 0 rebake lint "$LAB/control.yaml"
expect_text "$LAB/out" "pipeline control is good: 1 source, 0 images, 0 deployments"
rebaked_start "$LAB/control.yaml"
expect_fleet '.trouble == "vanished" and (.error | contains("there is no folder \"pipelines\""))'
expect_images ""

section "a good commit is in force without a restart"
write_fleet shop.yaml shop
publish "the shop"
expect_images shop/app
expect_fleet ".state == \"good\" and .version == \"$(git_tip fleet)\""
expect_exit 0 rebake status
expect_text "$LAB/out" shop/app
expect_exit 0 rebake sources --kind pipeline
expect_text "$LAB/out" control/fleet
before=$(loaded)

section "a commit that touches no file loads nothing"
echo more >"$LAB/work/fleet/README"
publish "elsewhere"
expect_fleet ".version == \"$(git_tip fleet)\""
expect_equal "$(loaded)" "$before"
good=$(git_tip fleet)

section "a broken commit leaves the last good one in force, and says what is wrong"
write_fleet web.yaml web
sed -i 's/^\(  base: .*\) every:/\1 evry:/' "$LAB/work/fleet/pipelines/web.yaml"
sed -i 's/tag: "1"/tag: "2"/' "$LAB/work/fleet/pipelines/shop.yaml"
publish "broken"
expect_fleet '.trouble == "malformed"'
expect_fleet ".version == \"$good\""
expect_images shop/app
rebaked_get /v1/status >"$LAB/status"
expect_json "$LAB/status" 'all(.sources[]; .description | contains("base:2") | not)'
expect_exit 0 rebake sources --failing
expect_text "$LAB/out" malformed
expect_text "$LAB/out" "commit $(git_tip fleet | cut -c 1-12): pipelines/web.yaml:5:"
expect_text "$LAB/out" 'source "base": unknown key "evry" (did you mean "every"?)'

section "killed, and with a git server that is silent, it has the last good one still"
killed
kill -STOP "$(lab_pid git)"
rebaked_start "$LAB/control.yaml"
expect_equal "$(images)" shop/app
expect_fleet ".version == \"$good\""
kill -CONT "$(lab_pid git)"

section "a mended commit is adopted, whole"
write_fleet web.yaml web
publish "mended"
expect_images "shop/app web/app"
expect_fleet ".state == \"good\" and .version == \"$(git_tip fleet)\""

section "killed as soon as a version is recorded, it has that one"
write_fleet third.yaml third
publish "a third"
expect_fleet ".version == \"$(git_tip fleet)\""
killed
rebaked_start "$LAB/control.yaml"
expect_equal "$(images)" "shop/app third/app web/app"

section "files that were lost are had anew"
lab_stop rebaked
rm -r "$LAB/state/pipelines"
rebaked_start "$LAB/control.yaml"
expect_images "shop/app third/app web/app"
expect_fleet '.state == "good"'

section "a policy beside a pipeline is checked with it: a broken one is no version"
echo 'policy: { file: policy.yaml }' >>"$LAB/work/fleet/pipelines/third.yaml"
publish "a policy that is not there"
expect_fleet '.trouble == "malformed" and (.error | contains("pipelines/third.yaml: the policy \"policy.yaml\" does not stand beside it"))'
policy=$LAB/work/fleet/pipelines/policy.yaml
printf 'apiVersion: rebake/v1\npolicy: third\nrules: { all: { when: ".a |", decide: allow } }\n' >"$policy"
publish "a policy with broken jq"
expect_fleet '.trouble == "malformed" and (.error | contains("policy.yaml:3:"))'
expect_images "shop/app third/app web/app"
sed -i 's/\.a |/.a/' "$policy"
publish "a good policy"
expect_fleet ".state == \"good\" and .version == \"$(git_tip fleet)\""
expect_images "shop/app third/app web/app"
lab_wait 20 "the policy server" grep -q "policy server ready" "$LAB/log/rebaked"

section "a pipeline that has the name of another is left out alone, and said"
write_fleet third.yaml control
publish "a second control"
expect_images "shop/app web/app"
expect_fleet '.trouble == "malformed" and (.error | contains("control/fleet:third.yaml: pipeline \"control\" is already defined in"))'
kill -HUP "$(lab_pid rebaked)"
lab_wait 20 "the reload" grep -q "pipelines loaded again" "$LAB/log/rebaked"
expect_fleet '.trouble == "malformed"'
expect_images "shop/app web/app"

section "what leaves the repository is retired"
rm "$LAB/work/fleet/pipelines/third.yaml" "$LAB/work/fleet/pipelines/web.yaml"
publish "only the shop"
expect_images shop/app
expect_fleet '.state == "good"'

section "once, with a state of its own"
lab_stop rebaked
expect_exit 1 rebake run --once --state "$LAB/once" "$LAB/control.yaml"
expect_text "$LAB/out" shop/app
