#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh: the main job of Rebake, seen from end to end on this machine, with real parts: Debian's own
# archive and its security repository, a registry, a git server, buildah and podman. As root, on Debian
# 12. It ends with everything running, and says how to take it down.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/examples/quickstart

say() { printf '\n[%3d s] %s\n' "$SECONDS" "$*"; }
show() {
  printf '    $ %s\n' "$*"
  "$@" 2>&1 | sed 's/^/    /'
}

say "installing what is missing, from Debian"
"$top/tests/install-packages" build run

say "building Rebake"
(cd "$top" && cmake --preset release -DREBAKE_TESTS=OFF >/dev/null && cmake --build --preset release)

export REBAKE_BUILD=$top/build/release
# shellcheck source=tests/lab/lab.sh
. "$top/tests/lab/lab.sh"

# pipeline REPOSITORY...: the pipeline, with the package repositories that runtime watches.
pipeline() {
  local watched
  watched=$(printf '%s, ' "$@")
  cat <<P
apiVersion: rebake/v1
pipeline: shop

sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 30s }
  debian: { image: $REGISTRY/debian, tag: bookworm, every: 30s }
  security:
    apt: $(debian_mirror bookworm-security)
    suite: bookworm-security
    components: [main]
    signed-by: $DEBIAN_KEYRING
    every: 10m

images:
  runtime:
    from: debian
    context: { source: code, path: runtime }
    packages: [${watched%, }]
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
    observe: { every: 5s, heal: true }
P
}

builds_of() { rebaked_get "/v1/images/shop/$1" | jq '[.builds[] | select(.state == "succeeded")] | length'; }

# settled RUNTIME APP: waits until all sources were checked and nothing moves, then holds that so many
# builds of each were made: neither one too few nor one too many.
settled() {
  rebake wait --check --timeout 3m
  show rebake status
  if [ "$(builds_of runtime) $(builds_of app)" != "$1 $2" ]; then
    echo "expected $1 builds of runtime and $2 of app, found $(builds_of runtime) and $(builds_of app)" >&2
    return 1
  fi
  echo "    the application says: $(curl -fsS "http://127.0.0.1:$port/")"
}

drift_was_seen() { rebake history shop/production --limit 100 | grep -q 'drift\.found'; }

drift_was_healed() {
  rebake history shop/production --limit 100 | grep -q 'drift\.resolved' &&
    ! podman exec shop-production grep -q meddled /srv/server.pl
}

lab_begin
say "starting a registry and a git server on loopback; all of it stands in $LAB"
registry_start
git_server_start
containers_begin "$REGISTRY"
port=$(lab_free_port)
git_repository shop "$here/code"

say "making a base image of Debian 12 as it was released, without its security updates"
debian_base_push "$REGISTRY/debian:bookworm"

say "a first look, which needs no daemon and no pipeline: what does this image lack?"
security=$(debian_source bookworm-security)
show rebake outdated "$REGISTRY/debian:bookworm" --with "$security" || true

say "starting rebaked: images runtime and app, deployed with podman"
pipeline >"$LAB/shop.yaml"
show rebake lint "$LAB/shop.yaml"
show rebake graph "$LAB/shop.yaml"
rebaked_start "$LAB/shop.yaml"
settled 1 1

say "the base's tag moves: runtime, then app, are rebuilt"
mkdir "$LAB/moved"
echo "moved on" >"$LAB/moved/base-release"
tar -C "$LAB/moved" --owner=0 --group=0 --transform 's,^\.,etc,' -cf "$LAB/moved.tar" ./base-release
oci_make "$LAB/base-moved" "$(debian_base_tar)" "$LAB/moved.tar"
oci_push "$LAB/base-moved" "$REGISTRY/debian:bookworm"
settled 2 2

say "a commit lands in the application's folder: app alone is rebuilt"
sed -i 's/version 1/version 2/' "$LAB/work/shop/app/server.pl"
git_publish shop "version 2"
settled 2 3

say "Debian's security repository is watched from now on: what it has newer is rebuilt into both"
pipeline security >"$LAB/shop.yaml"
kill -HUP "$(lab_pid rebaked)"
settled 3 4
app=$(rebaked_get /v1/images/shop/app | jq -r '.artifact | .reference + "@" + .digest')
show rebake outdated "$app" --with "$security"

say "somebody changes a file in the running container by hand"
podman exec shop-production sh -c 'echo "# meddled with" >>/srv/server.pl'
lab_wait 60 "the drift to be seen" drift_was_seen
lab_wait 60 "the container to be made anew from its digest" drift_was_healed
rebake wait --timeout 1m
show rebake history shop/production --limit 6

say "done: this is how it stands"
show rebake status
show rebake why app
show rebake patches --limit 10

lab_leave_running
cat <<END

It goes on running, all of it in $LAB. Ask it:
    export REBAKE_SOCKET=$REBAKE_SOCKET
    $REBAKE_BUILD/rebake status
Take it down:
    $top/tests/lab/down $LAB
END
