#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake scan` of an image in a real registry behind TLS and a password: who is let in, who is not, and
# that nobody who cannot be trusted is talked to without TLS instead, though it is on loopback.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need docker-registry nginx skopeo jq htpasswd openssl
unset SSL_CERT_FILE SSL_CERT_DIR

debian_root "$LAB/root" bash=5.2.15-2+b7
tar -C "$LAB/root" -cf "$LAB/root.tar" .
oci_make "$LAB/image" "$LAB/root.tar"
registry_start_secured
image=$REGISTRY/shop/base:1
# Not before: docker-registry takes variables that begin so for its own configuration.
export REGISTRY_AUTH_FILE=$LAB/auth.json
mkdir "$LAB/authorities"
cp "$REGISTRY_CA" "$LAB/authorities/"
skopeo copy --quiet --insecure-policy --dest-creds lab:lab-password --dest-cert-dir "$LAB/authorities" \
  "oci:$LAB/image:latest" "docker://$image"

# log_in PASSWORD: into the file of credentials, as podman login writes it.
log_in() {
  jq -n --arg registry "$REGISTRY" --arg auth "$(printf 'lab:%s' "$1" | base64)" \
    '{auths: {($registry): {auth: $auth}}}' >"$REGISTRY_AUTH_FILE"
}
# scanned: the image was read.
scanned() {
  expect_exit 0 rebake scan --json "$image"
  expect_json "$LAB/out" '[.packages[] | "\(.name) \(.version)"] == ["bash 5.2.15-2+b7"]'
  expect_empty "$LAB/err"
}
# refused STATUS TEXT: with one line that ends so.
refused() {
  expect_exit "$1" rebake scan "$image"
  expect_empty "$LAB/out"
  expect_equal "$(wc -l <"$LAB/err")" 1
  expect_text "$LAB/err" "rebake scan: $image: manifest of $image: $2"
}

section "the authority is trusted: by the password"
export SSL_CERT_FILE=$REGISTRY_CA
refused 1 "it wants a user and a password (no credentials were found for $REGISTRY: try podman login $REGISTRY)"
log_in wrong-password
refused 1 "authentication: the server answered 401: UNAUTHORIZED: authentication required (it does not take the credentials for $REGISTRY: try podman login $REGISTRY)"
log_in lab-password
scanned
unset SSL_CERT_FILE
cp "$REGISTRY_CA" "$LAB/authorities/$(openssl x509 -noout -hash -in "$REGISTRY_CA").0"
SSL_CERT_DIR=$LAB/authorities scanned

section "the authority is not trusted"
refused 1 "GET https://$REGISTRY/v2/shop/base/manifests/1: SSL certificate problem: unable to get local issuer certificate"

section "nor is such a server talked to without TLS"
folder=$(dirname "$REGISTRY_CA")
nginx_start tls <<N
  server {
    listen 127.0.0.1:@PORT@ ssl;
    ssl_certificate $folder/server.crt;
    ssl_certificate_key $folder/server.key;
    location / { return 404; }
  }
N
image=127.0.0.1:$LAB_PORT/shop/base:1
seen() { [ "$(nginx_requests tls)" -eq "$1" ]; }
refused 1 "GET https://127.0.0.1:$LAB_PORT/v2/shop/base/manifests/1: SSL certificate problem: "
SSL_CERT_FILE=$LAB/missing.crt refused 1 "GET https://127.0.0.1:$LAB_PORT/v2/shop/base/manifests/1: error setting certificate file: $LAB/missing.crt"
seen 0 || fail "it was asked: $(cat "$LAB/log/tls.access")"
curl -s -o /dev/null "http://127.0.0.1:$LAB_PORT/"
lab_wait 5 "a request without TLS to be seen" seen 1
