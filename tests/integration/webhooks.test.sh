#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Webhooks from real senders: a registry's own notifications over TLS, and pushes signed as Gitea signs
# them. What is asked for is checked at once though its interval is a day, nothing else is, and what was
# accepted outlives kill -9.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_begin
lab_need docker-registry skopeo jq openssl curl git python3

SECRET=a-secret-of-the-lab
LOAD=$REBAKE_BUILD/tests/integration/hook_client

base_push() {
  rm -rf "$LAB/image"
  debian_root "$LAB/root" "bash=$1"
  tar -C "$LAB/root" -cf "$LAB/root.tar" .
  oci_make "$LAB/image" "$LAB/root.tar"
  oci_push "$LAB/image" "$REGISTRY/shop/base:1"
}

commit() {
  git -C "$LAB/code" -c user.name=lab -c user.email=lab@example.com commit -q --allow-empty -m "$1"
  git -C "$LAB/code" push -q origin HEAD:main
  git -C "$LAB/code" rev-parse HEAD
}

version_of() {
  rebaked_get /v1/status | jq -r --arg name "shop/$1" '.sources[] | select(.names == [$name]).version'
}
version_is() { [ "$(version_of "$1")" = "$2" ]; }

hook_count() { rebaked_get /v1/hooks | jq -r --arg name "$1" ".hooks[] | select(.name == \$name)$2"; }

# gitea_push SECRET BODY [CURL-OPTION...]: as Gitea sends a push; prints the status.
gitea_push() {
  local signature
  signature=$(printf %s "$2" | openssl dgst -sha256 -hmac "$1" -r | cut -d' ' -f1)
  curl -sS -o "$LAB/answer" -w '%{http_code}' --cacert "$TLS/ca.crt" "${@:3}" \
    -H "X-Gitea-Event: push" -H "X-Gitea-Delivery: $RANDOM" -H "X-Gitea-Signature: $signature" \
    --data-binary "$2" "https://127.0.0.1:$PORT/hooks/gitea/forge"
}

push_body() {
  printf '{"ref":"refs/heads/main","after":"%s","repository":{"clone_url":"https://forge.example.com/lab/git.git"}}' "$1"
}

# Over TLS for the senders; a second daemon takes the load without it.
settings() {
  cat <<C
apiVersion: rebake/v1
settings: rebaked
listen: { address: "127.0.0.1:$PORT", $1 }
hooks:
  registry: { provider: distribution, secret: { secret: lab-hook }, sources: [shop/base] }
  forge: { provider: gitea, secret: { secret: lab-hook } }
  load: { provider: github, secret: { secret: lab-hook }, rate: 1000000/s }
C
}

PORT=$(lab_free_port)
TLS=$LAB/tls
mkdir "$TLS"
registry_certificates "$TLS"
export REBAKE_SECRET_LAB_HOOK=$SECRET
# shellcheck disable=SC2034 # read by registry_configure
REGISTRY_NOTIFIES="notifications: { endpoints: [ { name: rebake, timeout: 5s, threshold: 5, backoff: 1s,
  url: 'https://127.0.0.1:$PORT/hooks/distribution/registry', headers: { Authorization: ['Bearer $SECRET'] } } ] }"
SSL_CERT_FILE=$TLS/ca.crt registry_start registry
git init -q --bare "$LAB/lab/git.git"
git clone -q "$LAB/lab/git.git" "$LAB/code" 2>/dev/null
first=$(commit first)
base_push 5.2

cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
sources:
  base: { image: $REGISTRY/shop/base, tag: "1", every: 1d }
  code: { git: "file://$LAB/lab/git.git", branch: main, every: 1d }
images:
  app: { from: base, context: { source: code }, push: $REGISTRY/shop/app }
P
settings "tls: { certificate: $TLS/server.crt, key: $TLS/server.key }" >"$LAB/rebaked.yaml"
rebaked_start --config "$LAB/rebaked.yaml" "$LAB/shop.yaml"
lab_wait 30 "the first commit" version_is code "$first"
lab_wait 30 "the first image" version_is base "$(registry_digest shop/base 1)"

section "the registry tells of a push, and its tag is asked for"
base_push 5.3
lab_wait 30 "the new image" version_is base "$(registry_digest shop/base 1)"
named() { [ "$(hook_count registry .last.named[0])" = shop/base ]; }
lab_wait 10 "the delivery to be told" named

section "a forge tells of a push"
second=$(commit second)
expect_equal "$(gitea_push "$SECRET" "$(push_body "$second")")" 202
expect_equal "$(jq -r .matched "$LAB/answer")" 1
lab_wait 30 "the new commit" version_is code "$second"

section "what is sent again or by another is not taken"
expect_equal "$(gitea_push "$SECRET" "$(push_body "$second")")" 200
expect_equal "$(gitea_push guessed "$(push_body "$second")")" 401
expect_equal "$(hook_count forge .refused.replayed)" 1
expect_equal "$(hook_count forge .refused.forged)" 1
expect_exit 0 rebake hooks
expect_text "$LAB/out" "replayed 1, forged 1"

section "the certificate is exchanged while the daemon runs"
registry_certificates "$TLS"
kill -HUP "$(lab_pid rebaked)"
reaches() { [ "$(gitea_push guessed "{}")" = 401 ]; }
lab_wait 20 "the new certificate" reaches

section "killed after it accepted a webhook, it checks at its next start"
third=$(commit third)
expect_equal "$(gitea_push "$SECRET" "$(push_body "$third")")" 202
kill -KILL "$(lab_pid rebaked)"
lab_wait 10 "the daemon's end" lab_group_gone "$(lab_pid rebaked)"
settings "proxies: [127.0.0.1]" >"$LAB/rebaked.yaml"
rebaked_start --config "$LAB/rebaked.yaml" "$LAB/shop.yaml"
lab_wait 30 "the third commit" version_is code "$third"

section "killed under load, every webhook that was answered 202 is in the store"
"$LOAD" "$PORT" "$SECRET" 60 >"$LAB/accepted" &
client=$!
busy() { [ "$(hook_count load .accepted)" -gt 500 ]; }
lab_wait 60 "the load" busy
kill -KILL "$(lab_pid rebaked)"
wait "$client"
[ "$(wc -l <"$LAB/accepted")" -gt 500 ] || fail "too few were accepted"
python3 - "$LAB/state/rebake.db" "$LAB/accepted" <<'P' || fail "some are missing"
import sqlite3
import sys

stored = {row[0] for row in sqlite3.connect(sys.argv[1]).execute("SELECT sender_id FROM deliveries")}
answered = {line.strip() for line in open(sys.argv[2], encoding="ascii")}
print(f"{len(answered)} answered, {len(answered - stored)} of them missing; {len(stored)} stored")
sys.exit(1 if answered - stored else 0)
P
rebaked_start --config "$LAB/rebaked.yaml" "$LAB/shop.yaml"
expect_exit 0 rebake hooks
