#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The build job on real buildah: from a lock to an image in a registry, the same image each time, and
# nothing left on the machine whatever happens.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need_root
lab_need buildah docker-registry nginx fcgiwrap git jq mmdebstrap apt-ftparchive gpg

registry_start
containers_begin
git_server_start
apt_repository_start

apt_package demo 1.0-1
apt_publish
debian_base_push "$REGISTRY/lab/base:slim"
BASE=$(registry_digest lab/base slim)

git_repository shop
mkdir -p "$LAB/work/shop/app"

# recipe TEXT: the Containerfile of the next build.
recipe() {
  cat >"$LAB/work/shop/app/Containerfile"
  git_publish shop "another recipe"
}

# spec JOB [FILTER]: writes the spec of a build of what is at the branch's head.
spec() {
  local shop=$LAB/work/shop
  mkdir -p "$LAB/job/$1"
  ln -sf "$LAB/job/$1/log" "$LAB/log/job-$1" # shown when the test fails
  jq -n --arg commit "$(git_tip shop)" --arg tree "$(git -C "$shop" rev-parse HEAD:app)" \
    --arg base "$BASE" --arg registry "$REGISTRY" --arg git "$GIT_URL/shop.git" \
    --arg apt "$APT_URL" --arg keyring "$APT_KEYRING" "$(
      cat <<'J'
{ version: 1, kind: "build", timeoutSeconds: 300, graceSeconds: 1, image: "shop/app", builder: "buildah",
  lock: { base: { reference: "\($registry)/lab/base", digest: $base },
          code: { url: $git, branch: "main", commit: $commit, tree: $tree, path: "app" } },
  from: "runtime", fromTag: "slim", recipeFile: "Containerfile", arguments: { WHO: "the lab" },
  push: "\($registry)/shop/app", layerCache: true,
  repositories: [ { name: "lab", url: $apt, suite: "lab", components: ["main"], signedBy: $keyring } ] }
J
    )" | jq "${2:-.}" >"$LAB/job/$1/spec.json"
}

# build EXIT JOB [FILTER]: runs the job to its end.
build() {
  spec "$2" "${3:-.}"
  expect_exit "$1" "$REBAKE_BUILD/rebake" job run "$LAB/job/$2/spec.json"
  RESULT=$LAB/job/$2/result.json
  LOG=$LAB/job/$2/log
}

# start JOB: starts it, and waits until its recipe says "waiting".
start() {
  spec "$1"
  lab_start "$1" "$REBAKE_BUILD/rebake" job run "$LAB/job/$1/spec.json"
  lab_wait 60 "the recipe to run" grep -q '^waiting$' "$LAB/job/$1/log"
}

stored() { (buildah images --all --quiet; buildah containers --quiet) | sort; }
working_containers() { buildah containers --quiet | wc -l; }
expect_nothing_left() {
  expect_equal "$(stored)" "$STORED"
  [ ! -e "$LAB/job/$1/scratch" ] || fail "the scratch folder is left"
}

good_recipe() {
  recipe <<'C'
# The part that is only needed to make the rest.
FROM runtime AS maker
RUN echo made > /made
FROM runtime
ARG WHO=nobody
COPY file.txt /srv/file.txt
COPY --from=maker /made /srv/made
RUN apt-get update -q \
 # from the repository that is watched
 && apt-get install -q -y demo \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/aux-cache /var/log/apt /var/log/dpkg.log
RUN echo "hello $WHO" > /srv/who
C
}

section "from a lock to an image"
echo content >"$LAB/work/shop/app/file.txt"
good_recipe
build 0 first
expect_json "$RESULT" '.state == "succeeded" and ([.steps[].name] == ["checkout","recipe","base","build","push","scan"])'
expect_json "$RESULT" '.inventory.packages | any(.name == "demo" and .version == "1.0-1")'
expect_json "$RESULT" '.sizeBytes > 1000000'
DIGEST=$(jq -r .digest "$RESULT")
expect_exit 0 skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/shop/app@$DIGEST"
expect_equal "sha256:$(sha256sum <"$LAB/out" | cut -d' ' -f1)" "$DIGEST"
expect_equal "$(jq '.config.size + ([.layers[].size] | add)' "$LAB/out")" "$(jq .sizeBytes "$RESULT")"
expect_equal "$(working_containers)" 0

section "what is in it, and what is not"
skopeo copy --quiet --src-tls-verify=false "docker://$REGISTRY/shop/app@$DIGEST" "dir:$LAB/image"
for layer in $(jq -r '.layers[].digest' "$LAB/image/manifest.json"); do
  tar -tzf "$LAB/image/${layer#sha256:}"
done >"$LAB/files"
expect_line "$LAB/files" srv/made
expect_line "$LAB/files" usr/share/doc/demo/copyright
if grep -E 'rebake|lab\.sources' "$LAB/files"; then fail "the repository's files are in a layer"; fi

section "equal inputs, equal image: from the layer cache, without it, on an empty machine"
build 0 cached
expect_text "$LOG" "Using cache"
expect_text "$LOG" "is there already"
expect_equal "$(jq -r .digest "$RESULT")" "$DIGEST"
build 0 uncached .layerCache=false
expect_equal "$(jq -r .digest "$RESULT")" "$DIGEST"
buildah rmi --all --force >/dev/null 2>&1
build 0 empty
expect_equal "$(jq -r .digest "$RESULT")" "$DIGEST"

section "a newer package: only without the layer cache"
apt_package demo 1.0-1+deb12u1
apt_publish
build 0 stale
expect_equal "$(jq -r .digest "$RESULT")" "$DIGEST"
build 0 patched .layerCache=false
expect_json "$RESULT" '.inventory.packages | any(.name == "demo" and .version == "1.0-1+deb12u1")'
[ "$(jq -r .digest "$RESULT")" != "$DIGEST" ] || fail "the digest did not change"

section "one build's images are kept, whatever was built"
images=$(buildah images --all --quiet | wc -l)
build 0 again .layerCache=false
expect_equal "$(buildah images --all --quiet | wc -l)" "$images"

section "a base without a history"
OCI_HISTORY=no oci_make "$LAB/bare" "$(debian_base_tar)"
oci_push "$LAB/bare" "$REGISTRY/lab/bare:slim"
bare=".lock.base = { reference: \"$REGISTRY/lab/bare\", digest: \"$(registry_digest lab/bare slim)\" }"
build 0 bare "$bare | .image = \"shop/bare\""
bare_digest=$(jq -r .digest "$RESULT")
build 0 bare-again "$bare | .image = \"shop/bare\" | .layerCache = false"
expect_equal "$(jq -r .digest "$RESULT")" "$bare_digest"
STORED=$(stored)

section "a command of the recipe that fails"
recipe <<'C'
FROM runtime
RUN echo fine > /fine
RUN { echo looking; echo "E: no such thing"; } >&2; exit 100
C
build 1 failing
expect_json "$RESULT" '.state == "failed" and .errorClass == "recipe" and .step == "build"'
expect_json "$RESULT" '.error | endswith(": exit status 100: looking | E: no such thing")'
expect_nothing_left failing

section "an image that is not pinned"
recipe <<'C'
FROM runtime
COPY --from=docker.io/library/busybox:latest /bin/busybox /bin/busybox
C
build 1 unpinned
expect_json "$RESULT" '.errorClass == "recipe" and (.error | startswith("Containerfile:2: image \"docker.io/library/busybox:latest\" is not pinned"))'
expect_nothing_left unpinned

section "a base, and a registry, that are not there"
good_recipe
build 1 no-base '.lock.base.digest = "sha256:" + ("0" * 64)'
expect_json "$RESULT" '.errorClass == "infrastructure" and .step == "base"'
build 1 no-registry '.push = "127.0.0.1:1/shop/app"'
expect_json "$RESULT" '.errorClass == "infrastructure" and .step == "push"'
STORED=$(stored) # the build itself was good: its layers are kept for the next try

recipe <<'C'
FROM runtime
RUN echo fine > /fine
RUN (setsid sleep 3600 &) ; echo waiting; sleep 3600
C

section "canceled in the middle of a command"
start canceled
kill -TERM "$(lab_pid canceled)"
lab_wait 60 "the result" test -e "$LAB/job/canceled/result.json"
expect_json "$LAB/job/canceled/result.json" '.state == "canceled" and .step == "build"'
expect_nothing_left canceled

section "out of time in the middle of a command"
build 1 late .timeoutSeconds=20
expect_json "$RESULT" '.errorClass == "timeout" and .step == "build"'
expect_nothing_left late

section "a runner that is killed leaves nothing to the job after it"
start killed
kill -KILL "$(lab_pid killed)"
lab_wait 10 "the builder to die with it" bash -c "! pgrep --session $(lab_pid killed) -x buildah"
[ "$(working_containers)" -gt 0 ] || fail "there is no container to be left"
good_recipe
build 0 next
expect_equal "$(working_containers)" 0
