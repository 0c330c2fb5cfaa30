#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An exposure has a deadline by policy: it is told when that passes, in events, status and metrics, and when
# the fix is in.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/repositories.sh
. "$(dirname "$0")/repositories.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq skopeo

mkdir "$LAB/public"
nginx_start feeds <<N
  server { listen 127.0.0.1:@PORT@; root $LAB/public; }
N
feeds=http://127.0.0.1:$LAB_PORT
registry_start
git_server_start
containers_begin "$REGISTRY"
mkdir "$LAB/empty"
tar -C "$LAB/empty" -cf "$LAB/empty.tar" .
oci_make "$LAB/base" "$LAB/empty.tar"
oci_push "$LAB/base" "$REGISTRY/empty:1"
printf '{"distroversion": "v3.20", "reponame": "main", "packages": [{"pkg": {"name": "demo-src",
  "secfixes": {"1.1-r0": ["CVE-2026-1"]}}}]}' >"$LAB/public/secdb.json"
printf '{"catalogVersion": "1", "dateReleased": "2026-01-01T00:00:00.000Z", "count": 1,
  "vulnerabilities": [{"cveID": "CVE-2026-1", "vendorProject": "lab", "product": "demo",
  "vulnerabilityName": "demo", "dateAdded": "2026-01-01", "shortDescription": "demo",
  "requiredAction": "update", "dueDate": "2026-01-22", "knownRansomwareCampaignUse": "Unknown", "notes": ""}]}' \
  >"$LAB/public/kev.json"
git_repository shop
# code VERSION: of the image's one package.
code() {
  mkdir -p "$LAB/work/shop/alpine/root/etc" "$LAB/work/shop/alpine/root/lib/apk/db"
  printf 'ID=alpine\nVERSION_ID=3.20.1\n' >"$LAB/work/shop/alpine/root/etc/os-release"
  printf 'P:demo\nV:%s\nA:x86_64\no:demo-src\n\n' "$1" >"$LAB/work/shop/alpine/root/lib/apk/db/installed"
  printf 'FROM empty\nCOPY root/ /\n' >"$LAB/work/shop/alpine/Containerfile"
  git_publish shop "$1"
}
code 1.0-r0
# policy SPAN: in which what is exploited is to be gone.
policy() {
  printf 'apiVersion: rebake/v1\npolicy: lab\nsla: { exploited: %s }\nrules: { all: { decide: allow } }\n' "$1" \
    >"$LAB/policy.yaml"
}
policy 4s
cat >"$LAB/shop.yaml" <<P
apiVersion: rebake/v1
pipeline: shop
policy: { file: policy.yaml }
sources:
  code: { git: $GIT_URL/shop.git, branch: main, every: 1h }
  empty: { image: $REGISTRY/empty, tag: "1", every: 1h }
  secdb: { secdb: $feeds/secdb.json, every: 1h }
  kev: { kev: $feeds/kev.json, every: 1h }
images:
  alpine: { from: empty, context: { source: code, path: alpine }, push: $REGISTRY/shop/alpine }
P
rebaked_start "$LAB/shop.yaml"
expect_exit 0 rebake wait --check --timeout 2m

sla() { rebaked_get /v1/status | jq -r "$1"; }
sla_is() { [ "$(sla '.sla | "\(.open) \(.breached) \(.breaches)"')" = "$1" ]; }
has_deadline() { [ "$(sla .sla.open)" = 1 ]; }
told() { rebake history shop/alpine --limit 50 | grep -q "$1"; }
metric() { rebaked_get /metrics | sed -n "s/^$1 //p"; }

section "an exposure has its deadline, and misses it"
lab_wait 30 "the exposure to be known" has_deadline
expect_equal "$(sla '.sla.earliest[0] | "\(.image) \(.advisory) \(.kev)"')" "shop/alpine CVE-2026-1 true"
lab_wait 20 "the deadline to pass" sla_is "1 1 1"
expect_equal "$(metric rebake_sla_breached) $(metric rebake_sla_breaches_total)" "1 1"
told 'sla\.due' || fail "nobody was told that it was due"
told 'sla\.breached' || fail "nobody was told that it was breached"
rebake status >"$LAB/out"
expect_text "$LAB/out" "1 open, 1 breached"

rebake why shop/alpine >"$LAB/out"
expect_text "$LAB/out" "exposed to CVE-2026-1"
rebake exposure CVE-2026-1 >"$LAB/out" || true
expect_text "$LAB/out" "breached"

section "a longer time takes it back"
policy 1h
kill -HUP "$(lab_pid rebaked)"
lab_wait 30 "the new deadline" sla_is "1 0 0"

section "the fix is in"
code 1.1-r0
expect_exit 0 rebake wait --check --timeout 1m
lab_wait 30 "the exposure to be closed" sla_is "0 0 0"
told 'sla\.met' || fail "nobody was told that it was met"
