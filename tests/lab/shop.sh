# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A small shop for tests of the whole: the pipeline "shop" with the images runtime and app, built from
# folders of one repository on a base image, in servers of its own.

# shop_begin: registry, git server and containers; the base is on the registry, and $LAB/work/shop holds
# what git_publish shop sends.
shop_begin() {
  registry_start
  git_server_start
  containers_begin "$REGISTRY"
  debian_base_push "$REGISTRY/debian:bookworm"
  git_repository shop
  shop_recipe runtime 'FROM debian' 'RUN echo runtime >/etc/runtime'
  shop_recipe app 'FROM runtime' 'COPY motd /etc/motd' 'CMD ["/bin/sleep", "infinity"]'
  echo "first" >"$LAB/work/shop/app/motd"
  git_publish shop "first version"
}

# shop_recipe IMAGE LINE...: writes the Containerfile of an image.
shop_recipe() {
  local folder=$LAB/work/shop/$1
  shift
  mkdir -p "$folder"
  printf '%s\n' "$@" >"$folder/Containerfile"
}

# shop_pipeline [LINE...]: writes $LAB/shop.yaml; the lines stand behind it, for a deployment.
shop_pipeline() {
  cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 1h }
  debian: { image: $REGISTRY/debian, tag: bookworm, every: 1h }
images:
  runtime:
    from: debian
    context: { source: code, path: runtime }
    push: $REGISTRY/shop/runtime
  app:
    from: runtime
    context: { source: code, path: app }
    push: $REGISTRY/shop/app
P
  [ $# -eq 0 ] || printf '%s\n' "$@" >>"$LAB/shop.yaml"
}

# shop_deployment: the lines that deploy app with podman on the host's network.
shop_deployment() {
  cat <<P
deploy:
  production:
    images: [app]
    target: { podman: { network: host } }
    health: { command: [/bin/true], within: 30s }
    observe: { every: 2s, heal: ${1:-true} }
P
}

# shop_builds IMAGE: prints the states of its builds, oldest first.
shop_builds() { rebaked_get "/v1/images/shop/$1" | jq -r '[.builds | reverse[] | .state] | join(" ")'; }

# shop_build_state ID
shop_build_state() { rebaked_get "/v1/builds/$1" | jq -r .state; }
