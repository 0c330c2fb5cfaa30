#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake run --once`: check, plan, build and deploy in one process; run again, it does what is new and
# nothing else.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/shop.sh
. "$(dirname "$0")/shop.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq

once() { rebake run --once --state "$LAB/state" "$LAB/shop.yaml"; }
# Build folders are numbered: how many builds there were.
builds() { find "$LAB/state/jobs" -maxdepth 1 -name 'build-*' | wc -l; }
motd() { podman exec shop-production cat /etc/motd; }

section "from nothing to a running container"
shop_begin
mapfile -t deployment < <(shop_deployment)
shop_pipeline "${deployment[@]}"
expect_exit 0 once
expect_text "$LAB/out" "shop/app fresh"
expect_text "$LAB/out" "shop/production healthy"
expect_equal "$(builds)" 2
expect_equal "$(motd)" first

section "again, with nothing new"
expect_exit 0 once
expect_equal "$(builds)" 2

section "a commit in one folder rebuilds one image"
echo "second" >"$LAB/work/shop/app/motd"
git_publish shop "second"
expect_exit 0 once
expect_equal "$(builds)" 3
expect_equal "$(motd)" second

section "a commit that touches neither folder rebuilds nothing"
echo "words" >"$LAB/work/shop/README"
git_publish shop "words"
expect_exit 0 once
expect_equal "$(builds)" 3

section "a commit that changes no content makes no new artifact, and the child stays as it is"
shop_recipe runtime 'FROM debian' '# a comment' 'RUN echo runtime >/etc/runtime'
git_publish shop "a comment"
expect_exit 0 once
expect_text "$LAB/err" unchanged
expect_equal "$(builds)" 4

section "a recipe that fails: the image says so, what runs stays"
shop_recipe app 'FROM runtime' 'RUN echo no-such-luck >&2; exit 7'
git_publish shop "broken"
expect_exit 1 once
expect_text "$LAB/out" "shop/app failed"
expect_equal "$(motd)" second
expect_exit 1 once
expect_equal "$(builds)" 5

section "mended"
shop_recipe app 'FROM runtime' 'COPY motd /etc/motd' 'CMD ["/bin/sleep", "infinity"]'
echo "third" >"$LAB/work/shop/app/motd"
git_publish shop "mended"
expect_exit 0 once
expect_equal "$(motd)" third

section "a pipeline with errors starts nothing"
sed -i 's/from: runtime/form: runtime/' "$LAB/shop.yaml"
expect_exit 1 once
expect_text "$LAB/err" 'did you mean "from"?'

section "one state folder, one engine"
sed -i 's/form: runtime/from: runtime/' "$LAB/shop.yaml"
rebaked_start "$LAB/shop.yaml"
expect_exit 1 once
expect_text "$LAB/err" "is in use by another"
