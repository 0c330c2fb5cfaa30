#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts in place: the daemon starts from there, and the unit starts that daemon.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need cmake curl jq

section "install"
DESTDIR=$LAB/root cmake --install "$REBAKE_BUILD" >"$LAB/log/install"
unit=$(find "$LAB/root" -path '*/lib/systemd/system/rebaked.service')
[ -n "$unit" ] || fail "there is no unit"
for line in KillMode=process Delegate=yes StateDirectory=rebake RuntimeDirectory=rebake; do
  expect_line "$unit" "$line"
done
program=$LAB/root$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$unit")
[ -x "$program" ] || fail "the unit starts $program, which is not there"

section "the installed daemon finds the program for its jobs"
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  base: { image: "127.0.0.1:$(lab_free_port)/base", tag: "1", every: 1d }
  code: { git: "file://$LAB/nobody.git", branch: main, every: 1d }
images:
  app: { from: base, context: { source: code }, push: registry.example.com/shop/app }
P
REBAKE_BUILD=$(dirname "$program")
rebaked_start "$LAB/shop.yaml"
# git is checked by a child process, which is that program.
git_error() { rebaked_get /v1/status | jq -r '.sources[] | select(.kind == "git").error'; }
checked() { [ "$(git_error)" != null ]; }
lab_wait 30 "the check of the git source" checked
case $(git_error) in
  *"/nobody.git"*) ;;
  *) fail "it says: $(git_error)" ;;
esac
