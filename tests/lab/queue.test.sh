#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where one build runs at a time: pipelines take turns, a person's request goes before what is routine, and
# each queued image says what it waits for.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/shop.sh
. "$(dirname "$0")/shop.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq skopeo buildah

SECONDS_OF_A_BUILD=5

# pipeline NAME IMAGE...: a pipeline file of images that take a while.
pipeline() {
  local file=$LAB/$1.yaml
  cat >"$file" <<P
apiVersion: rebake/v1
pipeline: $1
sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 1h }
  debian: { image: $REGISTRY/debian, tag: bookworm, every: 1h }
images:
P
  for image in "${@:2}"; do
    cat >>"$file" <<P
  $image:
    from: debian
    context: { source: code, path: $image }
    push: $REGISTRY/$1/$image
P
  done
}

# starts: the images in the order in which their builds started, oldest first.
starts() {
  for image in shop/a shop/b shop/c blog/x; do
    rebaked_get "/v1/images/$image"
  done | jq -rs '[.[].builds[] | select(.startedAt)] | sort_by(.id as $id | .startedAt, $id)
    | map(.image) | join(" ")'
}
cause() { rebaked_get /v1/status | jq -r --arg name "$1" '.images[] | select(.name == $name) | .cause'; }
state() { rebaked_get "/v1/images/$1" | jq -r '.builds[0].state'; }
priority() { rebaked_get "/v1/images/$1" | jq -r '.builds[0].priority'; }
is_waiting() { [ "$(cause "$1")" = "waits for a place: 1 of 1 are taken" ]; }
has_started() { [ "$(starts | wc -w)" -ge "$1" ]; }

registry_start
git_server_start
containers_begin "$REGISTRY"
debian_base_push "$REGISTRY/debian:bookworm"
git_repository shop
for image in a b c x; do
  shop_recipe "$image" 'FROM debian' 'COPY motd /etc/motd' "RUN sleep $SECONDS_OF_A_BUILD"
  echo "$image" >"$LAB/work/shop/$image/motd"
done
git_publish shop "first version"
pipeline shop a b c
pipeline blog x
rebaked_start --jobs 1 "$LAB/shop.yaml" "$LAB/blog.yaml"

section "pipelines take turns, however many one of them has queued"
lab_wait 60 "the last one to say what it waits for" is_waiting shop/c
expect_equal "$(rebaked_get /v1/images/shop/c | jq -r '.builds[0].waits.cause')" places
expect_exit 0 rebake why shop/c
expect_text "$LAB/out" "waits for a place: 1 of 1 are taken"
expect_exit 0 rebake wait --check --timeout 3m
expect_equal "$(starts | cut -d' ' -f1-2 | tr ' ' '\n' | cut -d/ -f1 | sort | tr '\n' ' ')" "blog shop "
expect_equal "$(starts | wc -w)" 4

section "what a person asked for goes before what is routine"
expect_exit 0 rebake trigger --why test shop/b
lab_wait 60 "the first to run" has_started 5
echo "another" >"$LAB/work/shop/a/motd"
git_publish shop "second version"
expect_exit 0 rebake check code
lab_wait 60 "the routine one to be queued" is_waiting shop/a
expect_equal "$(priority shop/a)" 30
expect_exit 0 rebake trigger --why test shop/c
lab_wait 60 "the other to be queued" is_waiting shop/c
expect_equal "$(priority shop/c)" 70
expect_exit 0 rebake wait --check --timeout 3m
expect_equal "$(starts | cut -d' ' -f5-)" "shop/b shop/c shop/a"

section "who asks for what is queued already moves it, and makes no second build"
expect_exit 0 rebake trigger --why test shop/b
lab_wait 60 "the first to run" has_started 8
for image in a c; do
  echo "a third" >"$LAB/work/shop/$image/motd"
done
git_publish shop "third version"
expect_exit 0 rebake check code
lab_wait 60 "the last to be queued" is_waiting shop/c
expect_equal "$(priority shop/c)" 30
expect_exit 0 rebake trigger --why hurry shop/c
is_requested() { [ "$(priority shop/c)" = 70 ]; }
lab_wait 10 "the request to count" is_requested
expect_exit 0 rebake wait --check --timeout 3m
expect_equal "$(starts | cut -d' ' -f8-)" "shop/b shop/c shop/a"
expect_equal "$(rebaked_get /v1/images/shop/c | jq -r '[.builds[0].reasons[].kind] | join(" ")')" "code manual"
