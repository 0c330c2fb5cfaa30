#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Image sources at a real registry (docker-registry) with TLS by an authority of its own and a password
# that a credential helper tells, and at a mirror: tag policies, digests, mirrors up and down, signatures
# good, absent and tampered with. This registry gives all tags in one page; pages are tested in
# tests/unit/watch.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need docker-registry skopeo htpasswd openssl jq

registry_start mirror
mirror=$REGISTRY
registry_start_secured upstream
upstream=$REGISTRY
cp "$REGISTRY_CA" "$LAB/ca.crt"

for name in one two three; do
  debian_root "$LAB/$name" "bash=$name"
  tar -C "$LAB/$name" -cf "$LAB/$name.tar" .
  oci_make "$LAB/image-$name" "$LAB/$name.tar"
done
digest() { jq -r '.manifests[0].digest' "$LAB/image-$1/index.json"; }

# push IMAGE REFERENCE: to the registry with TLS and a password, or to the mirror.
push() {
  skopeo copy --quiet --insecure-policy --dest-tls-verify=false --dest-creds lab:lab-password \
    "oci:$LAB/image-$1:latest" "docker://$2"
}
ask() { curl -fsS --cacert "$LAB/ca.crt" -u lab:lab-password "$@"; }

# put_blob FILE: into the repository shop/signed upstream; prints "DIGEST SIZE".
put_blob() {
  local digest place
  digest=sha256:$(sha256sum "$1" | cut -d' ' -f1)
  place=$(ask -X POST -o /dev/null -D - "https://$upstream/v2/shop/signed/blobs/uploads/" |
    tr -d '\r' | sed -n 's/^location: //ip')
  ask -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" -o /dev/null \
    "$place&digest=$digest"
  echo "$digest $(stat -c %s "$1")"
}

# sign DIGEST KEY [SIGNED]: a signature of SIGNED (else of DIGEST) in cosign's layout, where that of DIGEST
# is looked for.
sign() {
  local payload size config config_size
  jq -njc --arg d "${3:-$1}" '{critical: {identity: {"docker-reference": "shop/signed"},
    image: {"docker-manifest-digest": $d}, type: "cosign container image signature"}, optional: null}' \
    >"$LAB/payload"
  openssl dgst -sha256 -sign "$2" "$LAB/payload" | base64 -w0 >"$LAB/signature"
  read -r payload size < <(put_blob "$LAB/payload")
  echo -n '{}' >"$LAB/config"
  read -r config config_size < <(put_blob "$LAB/config")
  jq -nc --arg p "$payload" --argjson s "$size" --arg c "$config" --argjson t "$config_size" \
    --arg signature "$(cat "$LAB/signature")" '{schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $c, size: $t},
      layers: [{mediaType: "application/vnd.dev.cosign.simplesigning.v1+json", digest: $p, size: $s,
                annotations: {"dev.cosignproject.cosign/signature": $signature}}]}' >"$LAB/manifest"
  ask -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
    --data-binary "@$LAB/manifest" -o /dev/null \
    "https://$upstream/v2/shop/signed/manifests/${1/:/-}.sig"
}

for key in ours theirs; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$LAB/$key.key" 2>/dev/null
  openssl pkey -in "$LAB/$key.key" -pubout -out "$LAB/$key.pub"
done

push one "$upstream/shop/base:1.9.0"
push two "$upstream/shop/base:1.10.0"
push three "$upstream/shop/base:2.0.0"
push one "$upstream/shop/base:nightly-9"
push two "$upstream/shop/base:nightly-10"
push one "$upstream/shop/base:stable"
push one "$mirror/shop/base:stable"
push one "$upstream/shop/signed:stable"

# Who we are, only a helper knows; it writes down what it was asked.
mkdir "$LAB/helpers"
cat >"$LAB/helpers/docker-credential-lab" <<H
#!/bin/sh
[ "\$1" = get ] || exit 1
read -r server
echo "\$server" >>"$LAB/helped"
[ "\$server" = "$upstream" ] || { echo "credentials not found in native keychain"; exit 1; }
printf '{"ServerURL":"%s","Username":"lab","Secret":"lab-password"}' "\$server"
H
chmod +x "$LAB/helpers/docker-credential-lab"
jq -n --arg host "$upstream" '{credHelpers: {($host): "lab"}}' >"$LAB/auth.json"

# The git source never answers, so that nothing is ever built here.
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  semver: { image: $upstream/shop/base, tags: { semver: "^1.2" }, every: 1d }
  nightly: { image: $upstream/shop/base, tags: { match: "nightly-([0-9]+)", order: numeric }, every: 1d }
  pinned: { image: $upstream/shop/base, digest: "$(digest three)", every: 1d }
  mirrored: { image: $upstream/shop/base, tag: stable, mirrors: ["$mirror/shop/none", "$mirror/shop/base"], every: 1d }
  signed: { image: $upstream/shop/signed, tag: stable, signed-by: $LAB/ours.pub, every: 1d }
  code: { git: "http://127.0.0.1:$(lab_free_port)/code.git", branch: main, every: 1d }
images:
  app: { from: semver, context: { source: code }, push: $mirror/shop/app }
P

member() {
  rebaked_get /v1/status |
    jq -r --arg name "shop/$1" --arg member "$2" '.sources[] | select(.names == [$name])[$member]'
}
is() { [ "$(member "$1" "$2")" = "$3" ]; }

# finds SOURCE IMAGE: checked now, it is this image.
finds() {
  rebake check "shop/$1" >/dev/null
  lab_wait 60 "the source $1 to be well" is "$1" state good || fail "it says: $(member "$1" error)"
  lab_wait 20 "the source $1 to be image $2" is "$1" version "$(digest "$2")" ||
    fail "it is $(member "$1" version)"
}

# says SOURCE TROUBLE TEXT: checked now, it fails with a text that holds this one, and the daemon's log
# tells the trouble.
says() {
  rebake check "shop/$1" >/dev/null
  lab_wait 60 "the source $1 to say: $3" complains "$1" "$3" || fail "it says: $(member "$1" error)"
  grep -qF "source=shop/$1 trouble=$2 " "$LAB/log/rebaked" ||
    fail "it is not in trouble \"$2\": $(grep -F "source=shop/$1 " "$LAB/log/rebaked" | tail -n 1)"
}
complains() { is "$1" state failing && [[ $(member "$1" error) == *"$2"* ]]; }

export REGISTRY_AUTH_FILE=$LAB/auth.json SSL_CERT_FILE=$LAB/ca.crt PATH=$LAB/helpers:$PATH
rebaked_start "$LAB/shop.yaml"

section "policies choose the newest tag, with credentials of a helper"
finds semver two
finds nightly two
expect_line "$LAB/helped" "$upstream"
push three "$upstream/shop/base:1.11.0"
finds semver three

section "a list that shrank is not followed"
ask -X DELETE -o /dev/null "https://$upstream/v2/shop/base/manifests/$(digest two)"
says nightly backwards "the newest is nightly-9, and it was nightly-10 before: not followed"
expect_equal "$(member nightly version)" "$(digest two)"
push three "$upstream/shop/base:nightly-11"
finds nightly three

section "a digest never moves, and is missed when it is gone"
finds pinned three

section "a mirror may be asked first; what it alone says moves nothing"
finds mirrored one
push three "$mirror/shop/base:stable"
finds mirrored one
push three "$upstream/shop/base:stable"
finds mirrored three
lab_stop mirror
finds mirrored three

section "signatures"
says signed untrusted "there is none"
sign "$(digest one)" "$LAB/theirs.key"
says signed untrusted "by none of the keys"
sign "$(digest one)" "$LAB/ours.key" "$(digest two)"
says signed untrusted "another image"
sign "$(digest one)" "$LAB/ours.key"
finds signed one
push two "$upstream/shop/signed:stable"
says signed untrusted "there is none"
expect_equal "$(member signed version)" "$(digest one)"
sign "$(digest two)" "$LAB/ours.key"
finds signed two

section "what is gone is told"
ask -X DELETE -o /dev/null "https://$upstream/v2/shop/base/manifests/$(digest three)"
says pinned vanished "MANIFEST_UNKNOWN"

section "a wrong password is told"
sed -i 's/lab-password/wrong/' "$LAB/helpers/docker-credential-lab"
lab_stop rebaked
rebaked_start "$LAB/shop.yaml"
says signed denied "it does not take the credentials for $upstream"
