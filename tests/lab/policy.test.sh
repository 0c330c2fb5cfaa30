#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What policy holds is not built or deployed before it is approved, what it refuses never is; and no
# answer, in whatever way, is a hold that ends when there is one.
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/lab/shop.sh
. "$(dirname "$0")/shop.sh"
lab_begin
lab_need docker-registry nginx fcgiwrap jq python3

image() { rebaked_get "/v1/images/shop/$1"; }
is_in_state() { [ "$(image "$1" | jq -r .state)" = "$2" ]; }
state() { lab_wait "${3:-60}" "$1 to be $2" is_in_state "$1" "$2"; }
deployment() { rebaked_get /v1/status | jq '.deployments[0]'; }
is_held() { [ "$(deployment | jq -r .held)" = "$1" ]; }

policy() {
  { printf 'apiVersion: rebake/v1\npolicy: shop\nrules:\n'; cat; } >"$LAB/policy.yaml"
}

section "a broken policy is an error at load, as a pipeline's"
shop_begin
mapfile -t deployment < <(shop_deployment)
policy <<<'  odd: { decide: perhaps }'
shop_pipeline "policy: { file: policy.yaml }" "${deployment[@]}"
expect_exit 1 "$REBAKE_BUILD/rebaked" --state "$LAB/state" --socket "$LAB/broken.sock" "$LAB/shop.yaml"
expect_text "$LAB/err" "policy.yaml:4:"

section "once: what is allowed is built, what is held is told"
policy <<'P'
  nothing-runs: { subject: [deploy], decide: hold, reason: nobody said that it may run }
  rest: { decide: allow }
P
expect_exit 1 rebake run --once --state "$LAB/once" "$LAB/shop.yaml"
expect_text "$LAB/out" "shop/app"
expect_text "$LAB/out" "on-hold"
expect_text "$LAB/out" "policy rule nothing-runs: nobody said that it may run"
if podman container exists shop-production; then fail "it runs though policy holds that"; fi
if pgrep -f "policy serve.*$LAB/once"; then fail "the policy server lives on"; fi

section "held, approved, built; and so is the rollout"
policy <<'P'
  app-is-approved:
    subject: [rebuild]
    when: .name == "shop/app"
    decide: hold
    until: { approvals: 1 }
    reason: a person approves the app
  rollout-is-approved:
    subject: [deploy]
    decide: hold
    until: { approvals: 1 }
    reason: a person approves what runs
  rest: { decide: allow, set: { priority: 70, arguments: { CHANNEL: stable } } }
P
rebaked_start "$LAB/shop.yaml"
state app on-hold 180
expect_equal "$(shop_builds runtime)" succeeded
expect_equal "$(shop_builds app)" ""
expect_exit 0 rebake why app
expect_text "$LAB/out" "policy rule app-is-approved: a person approves the app; 0 of 1 approvals given"
expect_exit 0 rebake approve app --why "looks good"
lab_wait 120 "the rollout to be held" is_held on-hold
expect_equal "$(shop_builds app)" succeeded
expect_exit 0 rebake why production
expect_text "$LAB/out" "policy rule rollout-is-approved: a person approves what runs"
if podman container exists shop-production; then fail "it runs though nobody approved that"; fi
expect_exit 0 rebake approve production --why "ship it"
expect_exit 0 rebake wait --timeout 1m
expect_equal "$(podman exec shop-production cat /etc/motd)" first
expect_equal "$(is_held null && echo no)" no
expect_exit 0 rebake policy explain app
for text in "rule        rest" "app-is-approved" "approved    by user:root: looks good" '"CHANNEL": "stable"' '"pipelineToday"'; do
  expect_text "$LAB/out" "$text"
done
expect_exit 0 rebake why app
expect_text "$LAB/out" "allow by rule rest"
expect_equal "$(jq -r .arguments.CHANNEL "$LAB/state/jobs/build-2/spec.json")" stable
expect_equal "$(rebaked_get /v1/builds/2 | jq -r '.lock.policy.arguments.CHANNEL, .priority' | paste -sd' ')" "stable 70"

for subject in runtime app production; do
  rebake policy explain "$subject" --json | jq .input >"$LAB/input-$subject.json"
  expect_exit 0 python3 "$LAB_TOOLS/holds-schema" "$REBAKE_TOP/docs/reference/policy-input.schema.json" "$LAB/input-$subject.json"
done
expect_json "$LAB/input-app.json" '.threat == { kev: false, epss: 0, exposed: true, runsOn: ["shop/production"] }'
expect_json "$LAB/input-app.json" '.reasons[0].kind == "recipe" and .key != "" and (.approvals | length) == 1'
expect_json "$LAB/input-production.json" '.subject == "deploy" and .deployment.target == "podman" and .history.builds == 1'
expect_json "$LAB/input-production.json" '.cost.pipelineToday.builds == 2 and .cost.pipelineToday.minutes > 0'

section "drift: policy says whether it is undone"
policy <<'P'
  drift-is-looked-at: { subject: [drift], decide: hold, reason: somebody looks at it first }
  rest: { decide: allow }
P
kill -HUP "$(lab_pid rebaked)"
podman exec shop-production sh -c 'echo meddled >/etc/motd'
lab_wait 60 "the healing to be held" is_held on-hold
expect_exit 0 rebake why production
expect_text "$LAB/out" "policy rule drift-is-looked-at: somebody looks at it first"
expect_equal "$(deployment | jq -r .state)" drifted
policy <<'P'
  app-is-approved:
    subject: [rebuild]
    when: .name == "shop/app"
    decide: hold
    until: { approvals: 1 }
    reason: a person approves the app
  rest: { decide: allow }
P
kill -HUP "$(lab_pid rebaked)"
healed() { [ "$(podman exec shop-production cat /etc/motd)" = first ]; }
lab_wait 60 "the drift to be undone" healed

section "an approval is for what was approved; a policy that is read again decides anew"
echo "second" >"$LAB/work/shop/app/motd"
git_publish shop "second"
expect_exit 1 rebake wait --check --timeout 1m
expect_text "$LAB/err" "shop/app is on-hold"
policy <<'Q'
  never: { subject: [rebuild], decide: refuse, reason: nothing is built any more }
  rest: { decide: allow }
Q
kill -HUP "$(lab_pid rebaked)"
state app refused
expect_exit 0 rebake why app
expect_text "$LAB/out" "policy rule never: nothing is built any more"
printf 'rules: [' >"$LAB/policy.yaml"
kill -HUP "$(lab_pid rebaked)"
not_loaded() { grep -q 'pipelines not loaded' "$LAB/log/rebaked"; }
lab_wait 20 "the broken policy to be told" not_loaded
is_in_state app refused || fail "a broken policy changed what is decided"

section "a refusal outlives the daemon, and its policy server is started again when it is killed"
lab_stop rebaked
policy <<'Q'
  never: { subject: [rebuild], decide: refuse, reason: nothing is built any more }
  rest: { decide: allow }
Q
rebaked_start "$LAB/shop.yaml"
expect_exit 1 rebake wait --timeout 1m app
expect_text "$LAB/err" "shop/app is refused"
server() { pgrep -P "$(lab_pid rebaked)" -f 'policy serve'; }
lab_wait 20 "the policy server" server
first=$(server)
kill -KILL "$first"
another_server() { [ "$(server)" != "$first" ] && server; }
lab_wait 30 "another policy server" another_server
policy <<<'  rest: { decide: allow }'
kill -HUP "$(lab_pid rebaked)"
lab_wait 120 "the app to be fresh" is_in_state app fresh
second_runs() { [ "$(podman exec shop-production cat /etc/motd)" = second ]; }
lab_wait 60 "the second version to run" second_runs

section "a server elsewhere: it hangs, talks garbage, goes away; each is a hold that ends"
port=$(lab_free_port)
echo hang >"$LAB/mood"
lab_start answers "$LAB_TOOLS/policy-answers" "$port" "$LAB/mood"
shop_pipeline "policy: { url: \"http://127.0.0.1:$port/v1/data/rebake/decision\", timeout: 500ms }" "${deployment[@]}"
echo "third" >"$LAB/work/shop/app/motd"
git_publish shop "third"
kill -HUP "$(lab_pid rebaked)"
no_embedded() { ! server; }
lab_wait 20 "the embedded server to end, since nobody needs it" no_embedded
expect_exit 0 rebake check code
held_for() { image app | jq -e --arg text "$1" '.state == "on-hold" and (.cause | test($text))'; }
lab_wait 30 "a hold for the hanging server" held_for "gave no answer: "
expect_exit 0 rebake why app
expect_text "$LAB/out" "for there is no answer"
expect_equal "$(rebaked_get /v1/status | jq -c '.policyServers[0] | [.pipelines, .embedded, (.endpoints | length)]')" '[["shop"],false,1]'
echo garbage >"$LAB/mood"
lab_wait 60 "a hold for the garbage" held_for "gave no answer: .*the policy server.s answer"
lab_stop answers
lab_wait 60 "a hold for the server that is gone" held_for "gave no answer: .*[Cc]onnect"
expect_exit 0 rebake status
expect_text "$LAB/out" "http://127.0.0.1:$port/v1/data/rebake/decision"
expect_text "$LAB/out" "it is resting: "
echo '{ "decision": "allow", "rule": "elsewhere" }' >"$LAB/mood"
lab_start answers "$LAB_TOOLS/policy-answers" "$port" "$LAB/mood"
third_runs() { [ "$(podman exec shop-production cat /etc/motd)" = third ]; }
lab_wait 180 "the third version to run" third_runs
expect_exit 0 rebake why app
expect_text "$LAB/out" "allow by rule elsewhere"
