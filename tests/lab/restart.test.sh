#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon is killed in the midst of a build: the job lives on, the next daemon takes it up, and nothing
# is lost or done twice. Then the job is killed too.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/shop.sh
. "$(dirname "$0")/shop.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq

section "a build is under way"
shop_begin
shop_recipe runtime 'FROM debian' 'RUN echo waiting-at-the-gate && sleep 6 && echo through >/etc/runtime'
git_publish shop "a slow recipe"
shop_pipeline
rebaked_start "$LAB/shop.yaml"
log=$LAB/state/jobs/build-1/log
at_the_gate() { grep -q '^waiting-at-the-gate' "$log"; }
lab_wait 60 "the build to reach its slow step" at_the_gate
runner=$(jq -r .pid "$LAB/state/jobs/build-1/runner.json")

section "the daemon is killed; its job lives on"
kill -KILL "$(lab_pid rebaked)"
lab_wait 10 "the daemon's end" lab_group_gone "$(lab_pid rebaked)"
kill -0 "$runner" || fail "the runner died with the daemon"

section "the next daemon takes the job up and goes on"
rebaked_start "$LAB/shop.yaml"
expect_equal "$(shop_build_state 1)" running
expect_exit 0 rebake wait --timeout 3m
expect_equal "$(shop_builds runtime)" succeeded
expect_equal "$(shop_builds app)" succeeded
expect_exit 0 rebake logs build:1
expect_text "$LAB/out" "waiting-at-the-gate"
expect_text "$LAB/out" "==> "

section "daemon and job are killed; the build is made again, once"
shop_recipe runtime 'FROM debian' 'RUN echo waiting-at-the-gate && sleep 6 && echo second >/etc/runtime'
git_publish shop "another slow build"
expect_exit 0 rebake check code
log=$LAB/state/jobs/build-3/log
lab_wait 60 "the third build to reach its slow step" at_the_gate
runner=$(jq -r .pid "$LAB/state/jobs/build-3/runner.json")
kill -KILL "$(lab_pid rebaked)"
kill -KILL -- "-$runner"
lab_wait 10 "the daemon's end" lab_group_gone "$(lab_pid rebaked)"
rebaked_start "$LAB/shop.yaml"
third_failed() { [ "$(shop_build_state 3)" = failed ]; }
lab_wait 20 "the loss to be noticed" third_failed
expect_exit 0 rebake status
expect_text "$LAB/out" backoff
expect_exit 0 rebake wait --timeout 3m
expect_equal "$(shop_builds runtime)" "succeeded failed succeeded"
rebaked_get /v1/builds/3 >"$LAB/build"
expect_json "$LAB/build" '.errorClass == "infrastructure"'

section "a stop asked for lets a running job go on, too"
shop_recipe runtime 'FROM debian' 'RUN echo waiting-at-the-gate && sleep 3 && echo again >/etc/runtime'
git_publish shop "a third slow build"
expect_exit 0 rebake check code
sixth_runs() { [ "$(shop_build_state 6)" = running ]; }
lab_wait 30 "the sixth build" sixth_runs
lab_stop rebaked
rebaked_start "$LAB/shop.yaml"
expect_exit 0 rebake wait --timeout 3m
expect_equal "$(shop_builds runtime)" "succeeded failed succeeded succeeded"
