#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `rebake policy serve` asked by OPA's own SDK for TypeScript, which npm installs: it gets what curl gets by the
# documented requests, and understands what it is refused.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
lab_begin
lab_need curl jq node
command -v npm >/dev/null || lab_skip "npm is not installed: it would fetch the SDK"

mkdir "$LAB/sdk"
cp "$(dirname "$0")/policy_sdk.mjs" "$LAB/sdk/"
npm install --prefix "$LAB/sdk" --cache "$LAB/npm" --no-audit --no-fund --ignore-scripts --loglevel error \
  @open-policy-agent/opa@2.0.0 zod@4.1.12

# 60 inputs: three subjects, advisories of all severities, approvals and none.
jq -n '["critical", "high", "medium", "low"] as $severities
  | [range(60) | {subject: ["rebuild", "deploy", "drift"][. % 3], now: "2026-11-\(10 + . % 9)T\(10 + . % 13):00:00Z",
      pipeline: (if . % 5 == 0 then "bank" else "shop" end), name: "shop/app-\(.)",
      vulnerability: {closes: [range(. % 3) | {id: "CVE-2026-\(.)", severity: $severities[. % 4], kev: (. % 7 == 3)}], opens: []},
      tests: {last: "passed"},
      approvals: [range(. % 4) | {who: "person-\(.)", why: "reviewed", at: "2026-11-01T00:00:00Z", until: "2026-12-24T00:00:00Z"}]}]' \
  >"$LAB/inputs.json"

PORT=$(lab_free_port)
lab_start serve "$REBAKE_BUILD/rebake" policy serve --listen "127.0.0.1:$PORT" shop=builtin:regulated builtin:edge
lab_wait 20 "the policy server" lab_port_open "$PORT"

section "each decision is what curl gets"
node "$LAB/sdk/policy_sdk.mjs" "http://127.0.0.1:$PORT" "$LAB/inputs.json" "$LAB/sdk.json"
jq -c '.[] | {input: .}' "$LAB/inputs.json" | while read -r body; do
  curl -fsS "http://127.0.0.1:$PORT/v1/data/rebake/decision" -H 'Content-Type: application/json' -d "$body"
done | jq -s 'map(.result)' >"$LAB/curl.json"
jq '.decisions' "$LAB/sdk.json" | cmp - <(jq . "$LAB/curl.json") || fail "the SDK was told something else than curl"
expect_json "$LAB/curl.json" 'length == 60 and (map(.decision) | unique | length) >= 2 and (map(.rule) | unique | length) >= 5'

section "parts, wholes and batches"
expect_json "$LAB/sdk.json" '.part == .decisions[0].decision and .above.decision == .decisions[0]'
expect_json "$LAB/sdk.json" '.batch == {a: .decisions[0], b: .decisions[1]}'

section "what is undefined or refused is understood"
expect_json "$LAB/sdk.json" '.undefined == null and .withoutInput == null'
expect_json "$LAB/sdk.json" '.noInput.code == "internal_error" and (.noInput.errors[0].message | test("now"))'
