#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The question of three in the morning, asked of a daemon that has built and deployed two images of the
# real Debian, with a tracker's file served beside: who is exposed, and no longer once it is fixed.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/shop.sh
. "$(dirname "$0")/shop.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq python3
tools=$(cd "$(dirname "$0")/../integration" && pwd)

mkdir "$LAB/public"
nginx_start feeds <<N
  server { listen 127.0.0.1:@PORT@; root $LAB/public; }
N
feeds=http://127.0.0.1:$LAB_PORT

# tracker FIXED: bash is fixed by that version, and tzdata never was; what comes replaces what was.
tracker() {
  cat >"$LAB/public/tracker.json" <<T
{"bash": {"CVE-2026-1": {"description": "It runs.", "releases": {"bookworm":
    {"status": "resolved", "fixed_version": "$1", "urgency": "high"}}}},
 "tzdata": {"CVE-2026-2": {"releases": {"bookworm": {"status": "open", "urgency": "low", "nodsa": "Minor issue"}}}},
 "absent": {"CVE-2026-3": {"releases": {"bookworm": {"status": "open", "urgency": "high"}}}}}
T
  nginx_time "$LAB/public/tracker.json"
}

shop_begin
tracker 99:1.0
printf '{"title":"KEV","catalogVersion":"1","dateReleased":"2026-01-01T00:00:00.0000Z","count":1,
"vulnerabilities":[{"cveID":"CVE-2026-1","vulnerabilityName":"Shell","dateAdded":"2026-01-02"}]}' \
  >"$LAB/public/kev.json"
mapfile -t deployment < <(shop_deployment)
shop_pipeline "${deployment[@]}"
sed -i "s|^sources:|&\n  tracker: { debian-tracker: $feeds/tracker.json, every: 1h }\n  kev: { kev: $feeds/kev.json, every: 1h }|" \
  "$LAB/shop.yaml"

section "before anything is known"
rebaked_start "$LAB/shop.yaml"
expect_exit 0 rebake wait --timeout 4m

section "who is exposed"
expect_exit 10 rebake exposure CVE-2026-1
expect_text "$LAB/out" "exploited"
expect_text "$LAB/out" "shop/app"
expect_text "$LAB/out" "shop/production"
expect_text "$LAB/out" "99:1.0, in no watched repository"
expect_exit 10 rebake exposure CVE-2026-1 --json
expect_json "$LAB/out" '[.artifacts[].image] == ["shop/runtime", "shop/app"]'
expect_json "$LAB/out" '[.findings[] | [.id, .verdict, .package.name]] == [["CVE-2026-1", "affected", "bash"]]'
expect_json "$LAB/out" '.findings[0].package.purl | startswith("pkg:deb/debian/bash@")'
expect_json "$LAB/out" '[.artifacts[] | select(.image == "shop/app").deployments[].name] == ["shop/production"]'
expect_json "$LAB/out" '[.findings[0].open[] | [.since == null, .soFarMs]] == [[false, null], [false, null]]'
took=$(jq -rn --argjson a "$(date +%s%N)" '$a')
rebaked_get '/v1/exposure?id=CVE-2026-1' >/dev/null
echo "an answer took $((($(date +%s%N) - took) / 1000000)) ms, with the client's start"

section "who is not"
expect_exit 0 rebake exposure CVE-2026-3
expect_text "$LAB/out" "not exposed"
expect_exit 1 rebake exposure CVE-1999-1
expect_text "$LAB/err" "no advisory that is watched speaks of CVE-1999-1"
expect_exit 2 rebake exposure

section "all of an image"
expect_exit 10 rebake exposure --image app --json
expect_json "$LAB/out" '[.findings[].id] == ["CVE-2026-1", "CVE-2026-2"]'
expect_json "$LAB/out" '.findings[1].matches[0] | .postponed == "nodsa" or .reason == "Minor issue"'

section "all that is open"
expect_exit 0 rebake advisories
expect_text "$LAB/out" "CVE-2026-1"
expect_text "$LAB/out" "2 open"
expect_exit 0 rebake advisories --kev --json
expect_json "$LAB/out" '.count == 1 and .advisories[0].deployments == ["shop/production"]'
expect_exit 0 rebake advisories --unfixed --json
expect_json "$LAB/out" '[.advisories[].id] == ["CVE-2026-2"] and .advisories[0].fix == "none"'
expect_exit 0 rebake patches
expect_text "$LAB/out" "0 patched"
expect_exit 2 rebake advisories --since yesterday

section "as documents for others"
valid() { python3 "$tools/sbom_schemas.py" "$1" "$LAB/out" 2>"$LAB/why" || fail "$1: $(cat "$LAB/why")"; }
expect_exit 10 rebake exposure --image app --format openvex
valid openvex
expect_json "$LAB/out" '[.statements[].status] == ["affected", "affected"]'
expect_json "$LAB/out" '.statements[1].action_statement == "no fix is known yet"'
expect_exit 10 rebake exposure --image app --format cyclonedx
valid cyclonedx
expect_json "$LAB/out" '[.vulnerabilities[].analysis.state] == ["exploitable", "exploitable"]'
expect_exit 2 rebake exposure CVE-2026-1 --format cyclonedx
expect_exit 2 rebake exposure CVE-2026-1 --format csaf

section "what somebody says counts, as said by them"
mkdir "$LAB/vex"
vex() {
  cat >"$LAB/vex/shop.json" <<V
{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex-1", "author": "Shop", "version": 1,
 "timestamp": "2026-01-02T03:04:05Z", "statements": [{"vulnerability": {"name": "CVE-2026-1"}, "status": "$1",
 "justification": "vulnerable_code_not_in_execute_path",
 "products": [{"@id": "shop/app", "subcomponents": [{"@id": "pkg:deb/debian/bash"}]}]}]}
V
}
vex not_affected
printf 'apiVersion: rebake/v1\nsettings: lab\nvex: [%s]\n' "$LAB/vex" >"$LAB/rebaked.conf"
lab_stop rebaked
rebaked_start --config "$LAB/rebaked.conf" "$LAB/shop.yaml"
expect_exit 10 rebake exposure CVE-2026-1
expect_text "$LAB/out" "not-affected (VEX: vulnerable_code_not_in_execute_path)"
expect_exit 10 rebake exposure CVE-2026-1 --json
expect_json "$LAB/out" '[.findings[] | [.verdict, .vex.author, (.artifacts | length)]] ==
  [["affected", null, 1], ["not-affected", "Shop", 1]]'
expect_exit 10 rebake exposure --image app --format openvex
valid openvex
cp "$LAB/out" "$LAB/vex/ours.json" # what was written is read as the same
expect_json "$LAB/out" '[.statements[].status] == ["affected", "not_affected"]'
expect_exit 10 rebake exposure --image app --json
expect_json "$LAB/out" '[.findings[].verdict] == ["affected", "not-affected"] and .vexFaults == []'
expect_exit 0 rebake advisories --kev --json
expect_json "$LAB/out" '.advisories[0].images == ["shop/runtime"] and .advisories[0].deployments == []'
rm "$LAB/vex/ours.json"
vex under_investigation
expect_exit 10 rebake exposure CVE-2026-1 --json
expect_json "$LAB/out" '[.findings[].verdict] == ["affected", "undetermined"]'
vex maybe
expect_exit 10 rebake exposure CVE-2026-1
expect_text "$LAB/err" "not counted: $LAB/vex/shop.json: statement 1 has none of the statuses"
rm "$LAB/vex/shop.json"

section "what a patch closes"
debian_root "$LAB/old" bash=5.1-1 tzdata=2024a-1 tar=1.34
debian_root "$LAB/new" bash=99:2.0-1 zip=3.0 tar=1.34
expect_exit 10 rebake diff "rootfs:$LAB/old" "rootfs:$LAB/new"
expect_text "$LAB/out" "1 added, 1 removed, 1 changed; vulnerabilities: 2 closed, 0 opened"
expect_exit 10 rebake diff "rootfs:$LAB/new" "rootfs:$LAB/old" --json
expect_json "$LAB/out" '.judged and .opened == ["CVE-2026-1", "CVE-2026-2"] and .closed == []'
expect_json "$LAB/out" '[.changes[] | .change + " " + .name] == ["changed bash", "added tzdata", "removed zip"]'
expect_json "$LAB/out" '.changes[0].before.version == "99:2.0-1" and .changes[0].opened == ["CVE-2026-1"]'
expect_exit 0 rebake diff "rootfs:$LAB/new" "rootfs:$LAB/new"
expect_text "$LAB/out" "0 added, 0 removed, 0 changed"

section "the feed moves: fixed by what is installed"
tracker 0.1
expect_exit 0 rebake check tracker
not_exposed() { rebake exposure CVE-2026-1 >/dev/null; }
lab_wait 30 "the new feed to count" not_exposed
expect_exit 0 rebake exposure CVE-2026-1 --json
expect_json "$LAB/out" '.findings == [] and .cleared >= 1'
