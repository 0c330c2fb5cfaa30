#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh: the quickstart's shop under the policy "regulated": each build waits for an approval and each
# rollout for two, and each says what it waits for. Then a policy of the shop's own, on top of that one.
# As root, on Debian 12. It takes itself down in the end. With REBAKE_BUILD set, the programs in that
# folder are shown, and nothing is installed or built.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)

say() { printf '\n[%3d s] %s\n' "$SECONDS" "$*"; }
show() {
  printf '    $ %s\n' "$*"
  "$@" 2>&1 | sed 's/^/    /'
}

if [ -z "${REBAKE_BUILD:-}" ]; then
  say "installing what is missing, from Debian"
  "$top/tests/install-packages" build run
  say "building Rebake"
  (cd "$top" && cmake --preset release -DREBAKE_TESTS=OFF >/dev/null && cmake --build --preset release)
  export REBAKE_BUILD=$top/build/release
fi
# shellcheck source=tests/lab/lab.sh
. "$top/tests/lab/lab.sh"

# pipeline POLICY
pipeline() {
  cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
policy: { $1 }

sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 30s }
  debian: { image: $REGISTRY/debian, tag: bookworm, every: 30s }

images:
  runtime:
    from: debian
    context: { source: code, path: runtime }
    push: $REGISTRY/shop/runtime
  app:
    from: runtime
    context: { source: code, path: app }
    push: $REGISTRY/shop/app

deploy:
  production:
    images: [app]
    target:
      podman: { network: host, environment: { PORT: "$port" } }
    health: { command: [/srv/health.pl], within: 30s }
P
}

# held NAME TEXT: waits until why says of NAME that policy holds it, and that text.
held() { rebake why "$1" | grep -q "is on-hold: policy rule .*$2"; }

lab_begin
say "starting a registry and a git server on loopback, with a base image of Debian 12"
registry_start
git_server_start
containers_begin "$REGISTRY"
port=$(lab_free_port)
git_repository shop "$top/examples/quickstart/code"
debian_base_push "$REGISTRY/debian:bookworm"

say "starting rebaked with the policy \"regulated\": nothing is built without a second pair of eyes"
pipeline "builtin: regulated"
show rebake lint "$LAB/shop.yaml"
rebaked_start "$LAB/shop.yaml"
lab_wait 60 "runtime to be held" held runtime "0 of 1 approvals given"
show rebake status
show rebake why runtime

say "somebody approves it: it is built, and app, which stands on it, waits in turn"
show rebake approve runtime --why "read the recipe"
lab_wait 300 "app to be held" held app "0 of 1 approvals given"
show rebake why runtime
show rebake approve app --why "read the change"

say "app is built; but what runs wants two approvals, of two persons"
lab_wait 300 "the rollout to be held" held production "0 of 2 approvals given"
show rebake why production
show rebake approve production --why "tested in staging"
lab_wait 60 "one approval to count" held production "1 of 2 approvals given"
show rebake why production
show rebake policy explain production

say "the shop's own policy on top of it: a rehearsal goes out with one approval"
cat >"$LAB/policy.yaml" <<'P'
apiVersion: rebake/v1
policy: shop
extends: regulated
rules:
  rehearsal:
    subject: [deploy]
    decide: hold
    until: { approvals: 1 }
    reason: a rehearsal wants one approval
  rehearsed:
    subject: [deploy]
    decide: allow
    reason: somebody has approved the rehearsal
P
pipeline "file: policy.yaml"
show rebake lint "$LAB/shop.yaml"
kill -HUP "$(lab_pid rebaked)"
lab_wait 120 "the application to answer" curl -fsS "http://127.0.0.1:$port/"
echo "    the application says: $(curl -fsS "http://127.0.0.1:$port/")"
rebake wait --timeout 1m
show rebake status
show rebake why production
show rebake history shop/production --limit 10
say "done"
